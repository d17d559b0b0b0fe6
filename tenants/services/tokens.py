"""Issue, check and revoke tokens. The secret exists in memory once, between `issue_token` and its answer."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import SCOPES, Actor, ApiToken, LocalAuthority, User
from tenants.models.errors import Forbidden, Invalid, NotFound
from tenants.permissions import may_read_authority
from tenants.selectors import token_by_digest
from tenants.services import audit
from tenants.services.checking import check_fields
from tenants.services.service_accounts import may_manage_account

# Recognisable in a leaked file, so that scanners find it.
MARK: Final = "mcl_"
SECRET_BYTES: Final = 32
SHOWN: Final = len(MARK) + 6
# A year: longer-lived keys outlive the person who knows what they are for.
MAX_DAYS: Final = 366
DEFAULT_DAYS: Final = 90
# "Last used" to the minute is enough, and spares a write a call.
USED_RESOLUTION: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The row, and the secret that is shown once and kept nowhere."""

    token: ApiToken
    secret: str = field(repr=False)


@transaction.atomic
def issue_token(
    *,
    user: User,
    scopes: Collection[str],
    by: Actor,
    name: str = "",
    authority: LocalAuthority | None = None,
    days: int = DEFAULT_DAYS,
) -> IssuedToken:
    """A new token for `user`: by the person, or by who answers for a service account; never wider than the token
    that asks for it. Its days are counted by the database's clock.

    Raises Invalid (scopes, days, name, authority), Forbidden (somebody else's token).
    """
    if by.user.pk != user.pk and not may_manage_account(by, user):
        raise Forbidden(_("A token is issued by the person who will use it."))
    wanted = sorted(set(scopes))
    _check_scopes(wanted, by)
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(errors={"days": [_("A token lives between 1 and 366 days.")]})
    if authority is not None and not may_read_authority(Actor(user, authority_id=by.authority_id), authority):
        raise Invalid(errors={"authority": [_("There is no such authority.")]})
    narrowed = authority.pk if authority else by.authority_id
    secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken(
        user=user,
        name=name.strip(),
        prefix=secret[:SHOWN],
        secret_sha256=digest_of(secret),
        scopes=wanted,
        authority_id=narrowed,
        expires_at=Now() + timedelta(days=days),
    )
    check_fields(token, exclude={"secret_sha256", "expires_at"})
    token.save(force_insert=True)
    token.refresh_from_db()
    audit.record(
        by=by,
        action="token.issued",
        authority=token.authority,
        subject_type="token",
        subject_id=token.public_id,
        after={
            "prefix": token.prefix,
            "scopes": wanted,
            "expires_at": token.expires_at,
            "holder": user.public_id,
        },
    )
    return IssuedToken(token, secret)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Actor) -> None:
    """From now on it opens nothing. Revoking twice changes nothing. Somebody else's is NotFound."""
    if token.user_id != by.user.pk and not may_manage_account(by, token.user):
        raise NotFound
    if not ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=Now()):
        return
    audit.record(
        by=by,
        action="token.revoked",
        authority=token.authority,
        subject_type="token",
        subject_id=token.public_id,
        after={"prefix": token.prefix},
    )


def actor_of_secret(secret: str, *, ip: str = "") -> Actor | None:
    """Who holds this secret; None when it is unknown, expired, revoked or its person has left."""
    if not secret.startswith(MARK):
        return None
    token = token_by_digest(digest_of(secret))
    if token is None:
        return None
    if token.unused_s is None or token.unused_s > USED_RESOLUTION.total_seconds():
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - USED_RESOLUTION)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=Now())
    return Actor(
        user=token.user,
        scopes=token.scopes,
        authority_id=token.authority_id,
        ip=ip,
        token_prefix=token.prefix,
    )


def digest_of(secret: str) -> str:
    """SHA-256, in hex: what the database knows of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_scopes(wanted: Collection[str], by: Actor) -> None:
    if not wanted:
        raise Invalid(errors={"scopes": [_("Name at least one scope.")]})
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        sentence = _("There is no scope %(scope)s. Known: %(known)s.")
        known = ", ".join(SCOPES)
        raise Invalid(errors={"scopes": [sentence % {"scope": s, "known": known} for s in unknown]})
    wider = [scope for scope in wanted if not by.has_scope(scope)]
    if wider:
        sentence = _("A token cannot give the scope %(scope)s, which it does not have.")
        raise Invalid(errors={"scopes": [sentence % {"scope": s} for s in wider]})
