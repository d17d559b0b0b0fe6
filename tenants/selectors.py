"""Reading: who may see which rows, as querysets that every list and page starts from."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from tenants.models import (
    AUDITS,
    READS_EVERYTHING,
    Actor,
    ApiToken,
    AuditEvent,
    LocalAuthority,
    MemberRole,
    Membership,
    User,
)


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


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A person's own tokens, those revoked and expired too: one wants to see what there was."""
    return ApiToken.objects.filter(user=user).select_related("authority")


def token_by_digest(digest: str) -> ApiToken | None:
    """The live token with this SHA-256, by the database's clock; a closed account has none."""
    live = ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=Now(), user__is_active=True)
    return live.select_related("user", "authority").filter(secret_sha256=digest).first()


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
