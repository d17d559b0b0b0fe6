"""Accounts for programs: no password, tokens only, and a person who answers for them."""

import secrets
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from tenants.models import (
    Actor,
    ApiToken,
    LocalAuthority,
    MemberRole,
    Membership,
    RegionRole,
    RegionRoleName,
    User,
    UserKind,
)
from tenants.models.errors import Forbidden, Invalid
from tenants.permissions import may_grant, may_manage_members
from tenants.services import audit
from tenants.services.checking import check_fields

# Addresses nobody can be mailed at: the trail needs a name, and a program has no mailbox.
DOMAIN: Final = "accounts.invalid"
FOR_PROGRAMS: Final = (MemberRole.OPERATOR, MemberRole.VIEWER)


@transaction.atomic
def open_service_account(*, name: str, authority: LocalAuthority | None, role: str, by: Actor) -> User:
    """For an authority (its owners) or, without one, for the region as its operator (administrators).

    Raises Forbidden, Invalid.
    """
    if not (may_grant(by) if authority is None else may_manage_members(by, authority)):
        raise Forbidden(_("Only an owner of the authority, or the region, opens service accounts."))
    if authority is not None and role not in FOR_PROGRAMS:
        raise Invalid(errors={"role": [_("A program is an operator or a viewer, never an owner.")]})
    if not name.strip():
        raise Invalid(errors={"name": [_("Say what the program is, for example: backup script.")]})
    slug = slugify(name)[:30] or "program"
    account = User(
        email=f"{slug}-{secrets.token_hex(4)}@{DOMAIN}", full_name=name.strip(), kind=UserKind.SERVICE,
        accountable=by.user,
    )  # fmt: skip
    account.set_unusable_password()
    try:
        check_fields(account)
    except Invalid as refused:
        raise Invalid(errors={"name": refused.errors.get("full_name", [refused.title])}) from refused
    account.save(force_insert=True)
    account.refresh_from_db()
    if authority is None:
        RegionRole.objects.create(user=account, role=RegionRoleName.OPERATOR)
    else:
        Membership.objects.create(user=account, authority=authority, role=role)
    told = {"full_name": account.full_name, "role": role if authority else RegionRoleName.OPERATOR}
    _record(by, "service_account.opened", account, authority, told)
    return account


@transaction.atomic
def close_service_account(*, account: User, by: Actor) -> None:
    """Its tokens open nothing any more. Twice changes nothing. Raises Forbidden."""
    if not may_manage_account(by, account):
        raise Forbidden
    if not User.objects.filter(pk=account.pk, is_active=True).update(is_active=False):
        return
    ApiToken.objects.filter(user=account, revoked_at=None).update(revoked_at=Now())
    account.refresh_from_db()
    _record(by, "service_account.closed", account, _authority_of(account), {"full_name": account.full_name})


def service_accounts_of(by: Actor) -> QuerySet[User]:
    """Those that the actor manages: of own authorities, and the region's for administrators."""
    rows = User.objects.filter(kind=UserKind.SERVICE, is_active=True)
    owned = [pk for pk, role in by.user.roles_by_authority.items() if role == MemberRole.OWNER and by.reaches(pk)]
    mine = rows.filter(membership__authority__in=owned)
    return (mine | rows.filter(regionrole__isnull=False) if may_grant(by) else mine).distinct().order_by("pk")


def may_manage_account(by: Actor, account: User) -> bool:
    """Is it one of `service_accounts_of`, or was it?"""
    if account.kind != UserKind.SERVICE:
        return False
    authority = _authority_of(account)
    if authority is not None:
        return by.user.roles_by_authority.get(authority.pk) == MemberRole.OWNER and by.reaches(authority.pk)
    return may_grant(by) and bool(account.region_roles)


def _authority_of(account: User) -> LocalAuthority | None:
    found = Membership.objects.filter(user=account).select_related("authority").first()
    return found.authority if found else None


def _record(by: Actor, action: str, account: User, authority: LocalAuthority | None, told: dict[str, Any]) -> None:
    audit.record(
        by=by, action=action, subject_type="person", subject_id=account.public_id, authority=authority, after=told
    )
