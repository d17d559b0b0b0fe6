"""Ask people in; who accepts proves by that to read the mailbox."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import (
    Actor,
    Invitation,
    LocalAuthority,
    MemberRole,
    Membership,
    RegionRole,
    User,
)
from tenants.models.errors import Forbidden, Invalid, NotFound, TooMany, WrongState
from tenants.permissions import may_grant, may_manage_members
from tenants.services import audit, secret_words
from tenants.services.checking import check_fields
from tenants.services.people import check_region_role, keep_an_owner

PURPOSE: Final = "invitation"
LIVES: Final = timedelta(days=14)
# Open at a time, for one authority: nobody mails the world through the portal.
MOST_OPEN: Final = 50


@transaction.atomic
def invite(*, authority: LocalAuthority, email: str, role: str, by: Actor) -> Invitation:
    """Ask somebody to act for an authority. A former open invitation to the mailbox is withdrawn.

    Raises Forbidden, Invalid, TooMany. Whether the mailbox has an account already is not told.
    """
    if not may_manage_members(by, authority):
        raise Forbidden(_("Only an owner of the authority, or the region, adds members."))
    if role not in MemberRole.values:
        raise Invalid(errors={"role": [_("Choose owner, operator or viewer.")]})
    row = Invitation(authority=authority, email=email.strip().lower(), role=role, invited_by=by.user)
    if Membership.objects.filter(authority=authority, user__email=row.email, role=role).exists():
        raise WrongState(errors={"email": [_("This person has this role here already.")]})
    return _insert(row, by)


def invite_owner(*, authority: LocalAuthority, email: str, by: Actor, replaces_owners: bool = False) -> Invitation:
    """What the region's yes to a registration or a hand-over leads to; who may was asked there."""
    row = Invitation(
        authority=authority, email=email, role=MemberRole.OWNER, invited_by=by.user, replaces_owners=replaces_owners
    )
    return _insert(row, by)


@transaction.atomic
def invite_to_region(*, email: str, role: str, by: Actor) -> Invitation:
    """Ask somebody to work for the region. Administrators only. Raises Forbidden, Invalid, TooMany."""
    check_region_role(role, by)
    row = Invitation(email=email.strip().lower(), region_role=role, invited_by=by.user)
    return _insert(row, by)


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor) -> None:
    """Its link opens nothing any more. Raises Forbidden, WrongState."""
    if not may_invite_there(by, invitation.authority):
        raise Forbidden
    if not open_invitations().filter(pk=invitation.pk).update(withdrawn_at=Now(), send_due=None, secret_hash=""):
        raise WrongState(_("This invitation was accepted, withdrawn or is too old."))
    _record(by, "invitation.withdrawn", invitation)


def may_invite_there(by: Actor, authority: LocalAuthority | None) -> bool:
    """Owners at their authority, administrators at the region."""
    return may_grant(by) if authority is None else may_manage_members(by, authority)


def open_invitations() -> QuerySet[Invitation]:
    """Neither answered nor too old; those not mailed yet have no age."""
    live = Q(expires_at=None) | Q(expires_at__gt=Now())
    return Invitation.objects.filter(live, accepted_at=None, withdrawn_at=None)


def invitation_of(secret: str) -> Invitation | None:
    """The open invitation that this link belongs to."""
    found = open_invitations().filter(secret_hash=secret_words.hash_of(secret, PURPOSE))
    return found.select_related("authority", "invited_by").first() if secret else None


@transaction.atomic
def accept_invitation(*, secret: str, user: User, by: Actor) -> Invitation:
    """The signed-in person takes the role. Raises NotFound, Forbidden (another mailbox)."""
    row = invitation_of(secret)
    if row is None:
        raise NotFound
    if user.email != row.email:
        raise Forbidden(_("This invitation is for another e-mail address: sign in with that account."))
    _take(row, user, by)
    return row


@transaction.atomic
def accept_as_new_person(*, secret: str, full_name: str, password: str, ip: str) -> User:
    """Open the account that the invitation is for. Raises NotFound, Invalid, WrongState (there is one already)."""
    row = invitation_of(secret)
    if row is None:
        raise NotFound
    user = User(email=row.email, full_name=full_name.strip())
    faults: dict[str, Any] = (
        {} if user.full_name else {"full_name": [_("Write your name: colleagues will see it.")]}
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        faults["password1"] = list(error.messages)
    if faults:
        raise Invalid(errors=faults)
    user.set_password(password)
    check_fields(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise WrongState(_("There is already an account with this address: sign in.")) from error
    user.refresh_from_db()
    by = Actor(user=user, ip=ip)
    audit.record(
        by=by, action="person.joined", subject_type="person", subject_id=user.public_id, authority=row.authority,
        after={"email": user.email, "full_name": user.full_name},
    )  # fmt: skip
    _take(row, user, by)
    return user


def _take(row: Invitation, user: User, by: Actor) -> None:
    """Once: whoever comes second finds nothing."""
    if (
        not open_invitations()
        .filter(pk=row.pk, secret_hash=row.secret_hash)
        .update(accepted_at=Now(), accepted_by=user, secret_hash="", send_due=None)
    ):
        raise NotFound
    if row.authority is None:
        RegionRole.objects.get_or_create(user=user, role=row.region_role)
    else:
        keep_an_owner(Membership.objects.filter(user=user, authority=row.authority).first(), row.role)
        Membership.objects.update_or_create(user=user, authority=row.authority, defaults={"role": row.role})
        if row.replaces_owners:
            others = Membership.objects.filter(authority=row.authority, role=MemberRole.OWNER).exclude(user=user)
            others.delete()
    user.forget_roles()
    _record(by, "invitation.accepted", row)


def _insert(row: Invitation, by: Actor) -> Invitation:
    check_fields(row, exclude={"authority", "invited_by", "role", "region_role"})
    here = open_invitations().filter(authority=row.authority)
    if here.count() >= MOST_OPEN:
        raise TooMany(_("Too many invitations are open here: withdraw those that nobody answers."))
    former = Invitation.objects.filter(
        authority=row.authority, email=row.email, accepted_at=None, withdrawn_at=None
    )
    if row.authority is None:
        former = former.filter(region_role=row.region_role)
    former.update(withdrawn_at=Now(), send_due=None, secret_hash="")
    row.save(force_insert=True)
    row.refresh_from_db()
    _record(by, "invitation.made", row)
    return row


def _record(by: Actor, action: str, row: Invitation) -> None:
    told: Mapping[str, Any] = {
        "email": row.email, "role": row.role or row.region_role, "at_region": row.authority_id is None,
        "replaces_owners": row.replaces_owners,
    }  # fmt: skip
    audit.record(
        by=by,
        action=action,
        subject_type="invitation",
        subject_id=row.public_id,
        authority=row.authority,
        after=told,
    )
