"""Who is looking at the page, and how a refusal is shown to them."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from tenants.models import Actor, User
from tenants.models.errors import DomainError, Forbidden, NotFound
from tenants.permissions import may_read_region

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as services want them. Only behind `signed_in`."""
    assert isinstance(request.user, User)
    return Actor(user=request.user, ip=ip_of(request))


def ip_of(request: HttpRequest) -> str:
    """The address of the peer; a proxy in front has to put the client's there itself."""
    return str(request.META.get("REMOTE_ADDR", ""))


def signed_in(view: View[P]) -> View[P]:
    """The login page first; a fragment that refreshes itself reloads its whole page instead, which then asks."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return redirect_to_login(request.get_full_path())

    return inner


def regional(view: View[P]) -> View[P]:
    """For the region's people only; whoever else asks is told that their role does not include it."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may_read_region(actor_of(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return signed_in(inner)


def sentence_of(error: DomainError) -> str:
    """The refusal for the page where the person is. Absent and forbidden have pages of their own.

    Raises Http404 and PermissionDenied for those two.
    """
    if isinstance(error, NotFound):
        raise Http404 from error
    if type(error) is Forbidden:
        raise PermissionDenied from error
    by_field = [str(said) for said_of_one in error.errors.values() for said in said_of_one]
    return " ".join(by_field) if by_field else str(error.detail)
