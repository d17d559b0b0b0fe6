"""Register, verify, change, suspend and resume local authorities."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import (
    Actor,
    AuthorityKind,
    AuthorityState,
    DataClass,
    LocalAuthority,
    MemberRole,
    Membership,
    StandingNotice,
    UserKind,
)
from tenants.models.errors import (
    AuthorityExists,
    Forbidden,
    Invalid,
    OwnAuthority,
    StaleVersion,
    WrongState,
)
from tenants.permissions import (
    is_regional,
    may_correct_identity,
    may_describe,
    may_grant,
    may_read_authority,
    may_register,
    may_verify,
)
from tenants.services import audit
from tenants.services.checking import check_fields, check_text

# What the region has verified; a member cannot change it afterwards.
IDENTITY: Final = frozenset({"name", "kind", "ipa_code", "fiscal_code", "istat_code", "province", "pec"})
# Its people read it on their first page.
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityDetails:
    """What is told when a body is registered; names are the columns'. Degrees are WGS 84."""

    name: str
    kind: str
    ipa_code: str
    fiscal_code: str
    province: str
    pec: str
    istat_code: str = ""
    seat_address: str = ""
    seat_lat: float | None = None
    seat_lon: float | None = None
    seismic_zone: int | None = None
    population: int | None = None
    external_ref: str = ""
    data_class: str = DataClass.ORDINARY
    security_contact_name: str = ""
    security_contact_phone: str = ""
    security_contact_email: str = ""


DETAILS: Final = frozenset(f.name for f in fields(AuthorityDetails))


@transaction.atomic
def register_authority(*, details: AuthorityDetails, by: Actor) -> LocalAuthority:
    """Take a body in, `pending`; `verified` at once when the caller may verify.

    A person of no region role becomes its owner. Raises Invalid, AuthorityExists, Forbidden.
    """
    if not may_register(by):
        raise Forbidden(_("This token cannot register an authority."))
    told = canonical(asdict(details))
    authority = LocalAuthority(**told, registered_by=by.user)
    check_fields(authority)
    _refuse_known_codes(authority, by)
    verified = may_verify(by)
    if verified:
        authority.state, authority.verified_by = AuthorityState.VERIFIED, by.user
        authority.verified_at = Now()
    _insert(authority, by)
    if by.user.kind == UserKind.PERSON and not is_regional(by):
        Membership.objects.create(user=by.user, authority=authority, role=MemberRole.OWNER)
        by.user.forget_roles()
    authority.refresh_from_db()
    _record(by, "authority.registered", authority, after={**told, "state": authority.state})
    return authority


@transaction.atomic
def update_authority(
    *, authority: LocalAuthority, changes: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> LocalAuthority:
    """Change some details. `expected_version` is what the caller read; None takes the row as it is.

    Raises Invalid, Forbidden, AuthorityExists, StaleVersion.
    """
    if not may_describe(by, authority):
        raise Forbidden
    unknown = set(changes) - DETAILS
    if unknown:
        raise Invalid(errors={name: [_("This field cannot be written.")] for name in sorted(unknown)})
    row = LocalAuthority.objects.get(pk=authority.pk)
    told = canonical(dict(changes))
    moved = {name: value for name, value in told.items() if getattr(row, name) != value}
    if expected_version is not None and row.version != expected_version:
        raise StaleVersion
    if not moved:
        return row
    _refuse_identity_change(row, moved, by)
    before = {name: getattr(row, name) for name in moved}
    for name, value in moved.items():
        setattr(row, name, value)
    check_fields(row)
    _refuse_known_codes(row, by)
    _swap(row, by, **moved)
    _record(by, "authority.updated", row, before=before, after=moved)
    return row


@transaction.atomic
def verify_authority(*, authority: LocalAuthority, by: Actor) -> LocalAuthority:
    """The region says: this is the body that it claims to be. Repeating it changes nothing.

    Raises Forbidden, OwnAuthority, WrongState (suspended: resume it instead).
    """
    if not may_verify(by):
        raise Forbidden(_("Only the region's operators verify authorities."))
    if authority.pk in by.user.roles_by_authority and not may_grant(by):
        raise OwnAuthority
    row = LocalAuthority.objects.get(pk=authority.pk)
    if row.state == AuthorityState.VERIFIED:
        return row
    if row.state == AuthorityState.SUSPENDED:
        raise WrongState(_("This authority is suspended: resume it instead of verifying it."))
    _swap(row, by, state=AuthorityState.VERIFIED, verified_at=Now(), verified_by=by.user)
    _record(
        by,
        "authority.verified",
        row,
        before={"state": AuthorityState.PENDING},
        after={"state": AuthorityState.VERIFIED},
    )
    return row


@transaction.atomic
def suspend_authority(*, authority: LocalAuthority, reason: str, by: Actor) -> LocalAuthority:
    """Nothing new is provisioned for it until it is resumed, and mandates rest; its people read the reason, by mail
    too. Copies and restores go on: a subscription is suspended apart. Raises Forbidden, Invalid, WrongState.
    """
    if not may_verify(by):
        raise Forbidden(_("Only the region's operators suspend authorities."))
    if not reason.strip():
        raise Invalid(errors={"reason": [_("Say why: the authority will read it.")]})
    if len(reason) > LONGEST_REASON:
        raise Invalid(errors={"reason": [_("At most %(count)s characters.") % {"count": LONGEST_REASON}]})
    check_text("reason", reason, lines=True)
    row = LocalAuthority.objects.get(pk=authority.pk)
    if row.state == AuthorityState.SUSPENDED:
        raise WrongState(_("This authority is already suspended."))
    before = row.state
    _swap(row, by, state=AuthorityState.SUSPENDED, suspension_reason=reason.strip())
    StandingNotice.objects.create(authority=row, state=row.state, reason=row.suspension_reason)
    _record(
        by,
        "authority.suspended",
        row,
        before={"state": before},
        after={"state": row.state, "reason": reason.strip()},
    )
    return row


@transaction.atomic
def resume_authority(*, authority: LocalAuthority, by: Actor) -> LocalAuthority:
    """Back to what it was: verified if it ever was verified. Raises Forbidden, WrongState."""
    if not may_verify(by):
        raise Forbidden(_("Only the region's operators resume authorities."))
    row = LocalAuthority.objects.get(pk=authority.pk)
    if row.state != AuthorityState.SUSPENDED:
        raise WrongState(_("This authority is not suspended."))
    after = AuthorityState.VERIFIED if row.verified_at else AuthorityState.PENDING
    _swap(row, by, state=after, suspension_reason="")
    StandingNotice.objects.create(authority=row, state=row.state)
    _record(by, "authority.resumed", row, before={"state": AuthorityState.SUSPENDED}, after={"state": after})
    return row


def canonical(told: dict[str, Any]) -> dict[str, Any]:
    """Codes as their registers write them; no blanks around what was typed."""
    clean = {name: value.strip() if isinstance(value, str) else value for name, value in told.items()}
    for name in ("ipa_code", "pec", "security_contact_email"):
        if isinstance(clean.get(name), str):
            clean[name] = clean[name].lower()
    if clean.get("kind") == AuthorityKind.SUPPLIER and not clean.get("ipa_code"):
        # The Indice PA knows no suppliers; the register of companies knows them by this number.
        clean["ipa_code"] = f"piva_{clean.get('fiscal_code', '')}"
    if isinstance(clean.get("province"), str):
        clean["province"] = clean["province"].upper()
    return clean


def _refuse_identity_change(row: LocalAuthority, moved: Mapping[str, Any], by: Actor) -> None:
    frozen = IDENTITY & set(moved)
    if not frozen or row.state == AuthorityState.PENDING or may_correct_identity(by):
        return
    sentence = _("This was verified: ask the region to change it.")
    raise Invalid(errors={name: [sentence] for name in sorted(frozen)})


def _refuse_known_codes(authority: LocalAuthority, by: Actor) -> None:
    """The sentence for a person; the unique columns are what really holds, for two at the same instant."""
    others = LocalAuthority.objects.exclude(pk=authority.pk)
    by_code = {
        name: others.filter(**{name: getattr(authority, name)}).first() for name in ("ipa_code", "fiscal_code")
    }
    known = {name: other for name, other in by_code.items() if other is not None}
    if not known:
        return
    sentence = _("An authority with this code is already registered.")
    readable = [str(other.public_id) for other in known.values() if may_read_authority(by, other)]
    extra = {"authority": readable[0]} if readable else {}
    raise AuthorityExists(errors={name: [sentence] for name in known}, **extra)


def _insert(authority: LocalAuthority, by: Actor) -> None:
    try:
        with transaction.atomic():
            authority.save(force_insert=True)
    except IntegrityError:
        _refuse_known_codes(authority, by)
        raise


def _swap(row: LocalAuthority, by: Actor, **values: Any) -> None:
    """Compare-and-swap on the version that was read; the row is read again afterwards."""
    same = LocalAuthority.objects.filter(pk=row.pk, version=row.version)
    try:
        with transaction.atomic():
            changed = same.update(**values, version=F("version") + 1)
    except IntegrityError:
        _refuse_known_codes(row, by)
        raise
    if not changed:
        raise StaleVersion
    row.refresh_from_db()


def _record(
    by: Actor,
    action: str,
    row: LocalAuthority,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        by=by,
        action=action,
        authority=row,
        subject_type="authority",
        subject_id=row.public_id,
        before=before,
        after=after,
    )
