"""Reading: who may see which rows, as querysets that every list and page starts from."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Now

from tenants.models import (
    ACT_FOR_OTHERS,
    AUDITS,
    READS_EVERYTHING,
    Actor,
    ApiToken,
    AuditEvent,
    AuthorityState,
    Invitation,
    LocalAuthority,
    Mandate,
    MemberRole,
    Membership,
    RegionRole,
    RegionRoleName,
    Registration,
    RegistrationState,
    User,
)


def reads_every_authority(actor: Actor) -> bool:
    """The region's people and programs, with a token that was not narrowed to one authority."""
    return actor.authority_id is None and bool(actor.user.region_roles & READS_EVERYTHING)


def authorities_readable_by(actor: Actor) -> QuerySet[LocalAuthority]:
    """One's own authorities; every one for the region; never more than the token was narrowed to."""
    rows = LocalAuthority.objects.all()
    if actor.authority_id is not None:
        rows = rows.filter(pk=actor.authority_id)
    if actor.user.region_roles & READS_EVERYTHING:
        return rows
    return rows.filter(pk__in=list(actor.user.roles_by_authority))


def members_of(authority: LocalAuthority) -> QuerySet[Membership]:
    """Who acts for the authority, in the order in which they came."""
    return Membership.objects.filter(authority=authority).select_related("user").order_by("pk")


def invitations_of(authority: LocalAuthority) -> QuerySet[Invitation]:
    """Every invitation to the authority, the newest first, each with its `state` by the database's clock."""
    state = Case(
        When(accepted_at__isnull=False, then=Value("accepted")),
        When(withdrawn_at__isnull=False, then=Value("withdrawn")),
        When(expires_at__lte=Now(), then=Value("expired")),
        default=Value("waiting"),
    )
    rows = Invitation.objects.filter(authority=authority).select_related("invited_by")
    return rows.annotate(state=state).order_by("-pk")


def mandates_of(authority: LocalAuthority) -> QuerySet[Mandate]:
    """Those that it gave and those that it holds, the newest first, each with `holds` and its `state`."""
    rows = Mandate.objects.filter(Q(town=authority) | Q(body=authority)).select_related("town", "body")
    state = Case(
        When(ended_at__isnull=False, then=Value("ended")),
        When(until__lte=Now(), then=Value("over")),
        default=Value("in_force"),
    )
    return rows.annotate(state=state).order_by("-pk")


def bodies_that_act_for_others() -> QuerySet[LocalAuthority]:
    """Whom a town may give a mandate: that they work for others is no secret."""
    return LocalAuthority.objects.filter(kind__in=ACT_FOR_OTHERS, state=AuthorityState.VERIFIED).order_by(
        "name", "pk"
    )


def registrations_for_the_region() -> QuerySet[Registration]:
    """Those of which a mailbox or a letter was seen; the others bother nobody."""
    rows = Registration.objects.exclude(state=RegistrationState.UNPROVEN)
    return rows.select_related("decided_by", "authority")


def has_owner(authority: LocalAuthority) -> bool:
    """Has anybody ever taken it in hand? The last owner cannot leave, only be replaced."""
    return Membership.objects.filter(authority=authority, role=MemberRole.OWNER).exists()


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A person's own tokens, those revoked and expired too: one wants to see what there was."""
    return ApiToken.objects.filter(user=user).select_related("authority")


def tokens_with_state(users: Collection[User]) -> QuerySet[ApiToken]:
    """Tokens of these people and programs, the newest first, each with its `state` by the database's clock."""
    state = Case(
        When(revoked_at__isnull=False, then=Value("revoked")),
        When(expires_at__lte=Now(), then=Value("expired")),
        default=Value("live"),
    )
    rows = ApiToken.objects.filter(user__in=users).select_related("authority", "user")
    return rows.annotate(state=state).order_by("-pk")


class LiveToken(NamedTuple):
    """A token that opens, and who holds it. `unused_s`: seconds since it was last noted as used, None for never."""

    pk: int
    user: User
    prefix: str
    scopes: frozenset[str]
    authority_id: int | None
    unused_s: float | None


# Every call of the API asks this first: the ORM takes five times as long to put it together as the database to
# answer it.
_LIVE: Final = """
SELECT u.*, t.id AS token, t.prefix, t.scopes, t.authority_id, {unused_s} AS unused_s
FROM tenants_apitoken t JOIN tenants_user u ON u.id = t.user_id
WHERE t.secret_sha256 = %s AND t.revoked_at IS NULL AND t.expires_at > {now} AND u.is_active
"""
_CLOCK: Final = {
    "postgresql": {
        "now": "statement_timestamp()",
        "unused_s": "extract(epoch FROM statement_timestamp() - t.last_used_at)",
    },
    "sqlite": {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "unused_s": "(julianday('now') - julianday(t.last_used_at)) * 86400",
    },
}


def token_by_digest(digest: str) -> LiveToken | None:
    """The live token with this SHA-256, by the database's clock; a closed account has none."""
    for user in User.objects.raw(_LIVE.format(**_CLOCK[connection.vendor]), [digest]):
        row: Any = user
        return LiveToken(
            row.token, user, row.prefix, frozenset(json.loads(row.scopes)), row.authority_id, row.unused_s
        )
    return None


def audit_events_readable_by(actor: Actor) -> QuerySet[AuditEvent]:
    """The whole trail for auditors and administrators; an owner reads that of the own authority."""
    rows = AuditEvent.objects.select_related("actor", "authority", "personal")
    if actor.authority_id is not None:
        rows = rows.filter(authority_id=actor.authority_id)
    if actor.user.region_roles & AUDITS:
        return rows
    owned = [pk for pk, role in actor.user.roles_by_authority.items() if role == MemberRole.OWNER]
    return rows.filter(authority_id__in=owned)


def find_authority(*, ipa_code: str) -> LocalAuthority | None:
    """By the code of Indice PA, in any case of letters."""
    return LocalAuthority.objects.filter(ipa_code=ipa_code.strip().lower()).first()


def my_authorities(actor: Actor) -> QuerySet[LocalAuthority]:
    """Those of which the actor is a member, inside what the token was narrowed to."""
    rows = LocalAuthority.objects.filter(pk__in=list(actor.user.roles_by_authority)).order_by("name", "pk")
    return rows if actor.authority_id is None else rows.filter(pk=actor.authority_id)


@dataclass(frozen=True, slots=True)
class RegionPerson:
    """Somebody with a role at the region, and whether an app with codes is set up."""

    user: User
    roles: tuple[RegionRoleName, ...]
    second_factor: bool


def region_people(*, most: int | None = None) -> list[RegionPerson]:
    """Everybody with a role at the region, by address, at most so many roles; two statements, however many."""
    granted: dict[int, list[RegionRoleName]] = {}
    users: dict[int, User] = {}
    for row in RegionRole.objects.select_related("user").order_by("user__email", "role")[:most]:
        users[row.user_id] = row.user
        granted.setdefault(row.user_id, []).append(RegionRoleName(row.role))
    with_app = set(Authenticator.objects.filter(user__in=users, type="totp").values_list("user_id", flat=True))
    return [RegionPerson(user, tuple(granted[pk]), pk in with_app) for pk, user in users.items()]
