"""Who calls: a bearer token, or the session of a signed-in browser (with CSRF)."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.models import Actor, User
from tenants.services.tokens import actor_of_secret

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. A wrong, expired or revoked token is 401, whatever the address."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """None when there is no such header, so that a session may be tried."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        actor = actor_of_secret(secret.strip(), ip=ip_of(request))
        if actor is None:
            raise AuthenticationFailed(_("The token is unknown, expired or revoked: issue a new one."))
        return actor.user, actor

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer 401 instead of 403, and says how to come back."""
        return f'{SCHEME} realm="elaastic"'


def actor_of(request: Request) -> Actor:
    """The actor behind an authenticated API request."""
    if isinstance(request.auth, Actor):
        return request.auth
    if not isinstance(request.user, User):
        raise TypeError("Nobody is signed in: the view's policy should have refused.")
    return Actor(user=request.user, ip=ip_of(request))


def actor_or_none(request: Request) -> Actor | None:
    """The actor, or None when nobody is signed in."""
    return actor_of(request) if isinstance(request.user, User) else None


def ip_of(request: Request | HttpRequest) -> str:
    """The address of the peer; a proxy in front has to put the client's there itself."""
    return str(request.META.get("REMOTE_ADDR", ""))
