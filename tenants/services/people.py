"""People, service accounts, and the roles they are given."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants.models import (
    Actor,
    LocalAuthority,
    MemberRole,
    Membership,
    RegionRole,
    RegionRoleName,
    User,
    UserKind,
)
from tenants.models.errors import Forbidden, Invalid, NotFound
from tenants.permissions import may_grant, may_manage_members
from tenants.services import audit
from tenants.services.checking import check_fields


@transaction.atomic
def add_person(*, email: str, full_name: str, by: Actor, kind: str = UserKind.PERSON) -> User:
    """Open an account without a password. Region administrators only. Raises Forbidden, Invalid."""
    if not may_grant(by):
        raise Forbidden(_("Only the region's administrators open accounts."))
    user = User(email=email.strip().lower(), full_name=full_name.strip(), kind=kind)
    user.set_unusable_password()
    check_fields(user)
    try:
        validate_email(user.email)
        with transaction.atomic():
            user.save(force_insert=True)
    except ValidationError as error:
        raise Invalid(errors={"email": list(error.messages)}) from error
    except IntegrityError as error:
        raise Invalid(errors={"email": [_("There is already an account with this address.")]}) from error
    audit.record(
        by=by,
        action="person.added",
        subject_type="person",
        subject_id=user.public_id,
        after={"kind": user.kind, "email": user.email, "full_name": user.full_name},
    )
    return user


@transaction.atomic
def add_member(*, authority: LocalAuthority, user: User, role: str, by: Actor) -> Membership:
    """Give a person a role at an authority, or another one. Raises Forbidden, Invalid."""
    if not may_manage_members(by, authority):
        raise Forbidden(_("Only an owner of the authority, or the region, adds members."))
    if role not in MemberRole.values:
        raise Invalid(errors={"role": [_("Choose owner, operator or viewer.")]})
    known = Membership.objects.filter(user=user, authority=authority).first()
    if known and known.role == role:
        return known
    keep_an_owner(known, role)
    member, _new = Membership.objects.update_or_create(user=user, authority=authority, defaults={"role": role})
    user.forget_roles()
    audit.record(
        by=by,
        action="member.added",
        authority=authority,
        subject_type="person",
        subject_id=user.public_id,
        before={"role": known.role} if known else None,
        after={"role": role, "email": user.email},
    )
    return member


@transaction.atomic
def end_membership(*, authority: LocalAuthority, user: User, by: Actor) -> None:
    """End a person's access to an authority; one's own too. Raises Forbidden, NotFound, Invalid (the only owner).

    Tokens give no more than the person has, so they open nothing there any more.
    """
    if not (may_manage_members(by, authority) or (by.user.pk == user.pk and by.reaches(authority.pk))):
        raise Forbidden(_("Only an owner of the authority, or the region, ends somebody's access."))
    member = Membership.objects.filter(user=user, authority=authority).first()
    if member is None:
        raise NotFound
    keep_an_owner(member, "")
    member.delete()
    user.forget_roles()
    audit.record(
        by=by,
        action="member.removed",
        authority=authority,
        subject_type="person",
        subject_id=user.public_id,
        before={"role": member.role, "email": user.email},
    )


@transaction.atomic
def take_region_role(*, user: User, role: str, by: Actor) -> None:
    """Take a role at the region away. Administrators only, and never from the last administrator.

    Raises Forbidden, NotFound, Invalid.
    """
    if not may_grant(by):
        raise Forbidden(_("Only the region's administrators give roles."))
    granted = RegionRole.objects.filter(user=user, role=role).first()
    if granted is None:
        raise NotFound
    others = RegionRole.objects.filter(role=RegionRoleName.ADMINISTRATOR, user__is_active=True).exclude(user=user)
    if role == RegionRoleName.ADMINISTRATOR and not others.exists():
        raise Invalid(errors={"role": [_("This is the only administrator: make somebody else one first.")]})
    granted.delete()
    user.forget_roles()
    audit.record(
        by=by,
        action="region_role.taken",
        subject_type="person",
        subject_id=user.public_id,
        before={"role": role, "email": user.email},
    )


def check_region_role(role: str, by: Actor) -> None:
    """Whoever gives it may, and there is such a role. Raises Forbidden, Invalid."""
    if not may_grant(by):
        raise Forbidden(_("Only the region's administrators give roles."))
    if role not in RegionRoleName.values:
        raise Invalid(errors={"role": [_("Choose operator, approver, auditor or administrator.")]})


@transaction.atomic
def grant_region_role(*, user: User, role: str, by: Actor) -> RegionRole:
    """Give a person a role at the region. Administrators only. Raises Forbidden, Invalid."""
    check_region_role(role, by)
    granted, new = RegionRole.objects.get_or_create(user=user, role=role)
    user.forget_roles()
    if new:
        audit.record(
            by=by,
            action="region_role.granted",
            subject_type="person",
            subject_id=user.public_id,
            after={"role": role, "email": user.email},
        )
    return granted


@transaction.atomic
def appoint_first_administrator(*, user: User) -> RegionRole:
    """The one act without a grantor: from the shell, while the region has no administrator."""
    if RegionRole.objects.filter(role=RegionRoleName.ADMINISTRATOR).exists():
        raise Forbidden(_("The region has an administrator already: ask them."))
    granted = RegionRole.objects.create(user=user, role=RegionRoleName.ADMINISTRATOR)
    user.forget_roles()
    audit.record(
        by=Actor(user=user, on_behalf_of="shell"),
        action="region_role.granted",
        subject_type="person",
        subject_id=user.public_id,
        after={"role": granted.role, "email": user.email},
    )
    return granted


def keep_an_owner(known: Membership | None, role: str) -> None:
    """An authority without an owner can be reached only by letter: refuse to make one."""
    if known is None or known.role != MemberRole.OWNER or role == MemberRole.OWNER:
        return
    others = Membership.objects.filter(authority=known.authority_id, role=MemberRole.OWNER).exclude(pk=known.pk)
    if not others.exists():
        raise Invalid(errors={"role": [_("This is the only owner: make somebody else an owner first.")]})
