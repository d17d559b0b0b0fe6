"""Who acts for an authority: its people, who was asked in, and the bodies that hold its mandate."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.forms import InviteForm, JudgedForm, MandateForm, RoleForm
from tenants.models import Actor, LocalAuthority, MemberRole, Membership, UserKind
from tenants.models.errors import DomainError
from tenants.permissions import may_manage_members, may_operate
from tenants.selectors import (
    authorities_readable_by,
    bodies_that_act_for_others,
    invitations_of,
    mandates_of,
    members_of,
)
from tenants.services.invitations import invite, open_invitations, withdraw_invitation
from tenants.services.mandates import end_mandate, give_mandate
from tenants.services.people import add_member, end_membership
from tenants.views.confirming import Question, confirm
from tenants.views.person import actor_of, signed_in

_SHOWN: Final = 200


@signed_in
def authority_people(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Everybody who acts for it; the form invites."""
    actor, authority = _find(request, public_id)
    if request.method != "POST":
        return _page(request, actor, authority, InviteForm())
    if not may_manage_members(actor, authority):
        raise PermissionDenied
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, authority, form, 400)
    told = form.cleaned_data
    try:
        invite(authority=authority, email=told["email"], role=told["role"], by=actor)
    except DomainError as refused:
        form.add_faults(refused.errors, refused.detail)
        return _page(request, actor, authority, form, refused.status)
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": told["email"]})
    return redirect("authority_people", public_id)


@signed_in
def member_change(request: HttpRequest, public_id: UUID, person: UUID) -> HttpResponseBase:
    """Another role for a person."""
    actor, authority = _find(request, public_id)
    member = _member(authority, person)
    if not may_manage_members(actor, authority):
        raise PermissionDenied
    form = RoleForm(request.POST or None, initial={"role": member.role})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            add_member(authority=authority, user=member.user, role=form.cleaned_data["role"], by=actor)
        except DomainError as refused:
            form.add_faults(refused.errors, refused.detail)
            status = refused.status
        else:
            messages.success(request, _("The role of %(name)s has changed.") % {"name": member.user})
            return redirect("authority_people", public_id)
    context = {"authority": authority, "member": member, "form": form}
    return render(request, "tenants/member_change.html", context, status=status)


@signed_in
def member_end(request: HttpRequest, public_id: UUID, person: UUID) -> HttpResponseBase:
    """The end of somebody's access, or of one's own."""
    actor, authority = _find(request, public_id)
    member = _member(authority, person)
    oneself = actor.user.pk == member.user_id
    if not (oneself or may_manage_members(actor, authority)):
        raise PermissionDenied
    back = reverse("home") if oneself else reverse("authority_people", args=[public_id])
    question = Question(
        title=gettext_lazy("End the access"),
        lead=f"{member.user}, {authority.name}",
        consequence=gettext_lazy(
            "From now on this person sees nothing of the authority, in the pages or by a token. Keys for the "
            "archives that were collected before go on working: make new ones if this person has them."
        ),
        label=gettext_lazy("End the access now"),
        done=gettext_lazy("The access has ended."),
        back=back,
    )
    return confirm(request, question, lambda: end_membership(authority=authority, user=member.user, by=actor))


@signed_in
def invitation_withdraw(request: HttpRequest, public_id: UUID, invitation: UUID) -> HttpResponseBase:
    """Before it was accepted."""
    actor, authority = _find(request, public_id)
    found = invitations_of(authority).filter(public_id=invitation).first()
    if found is None:
        raise Http404
    if not may_manage_members(actor, authority):
        raise PermissionDenied
    question = Question(
        title=gettext_lazy("Withdraw the invitation"),
        lead=f"{found.email}, {authority.name}",
        consequence=gettext_lazy("The link in the mail opens nothing any more. You can invite again at any time."),
        label=gettext_lazy("Withdraw it"),
        done=gettext_lazy("The invitation is withdrawn."),
        back=reverse("authority_people", args=[public_id]),
    )
    return confirm(request, question, lambda: withdraw_invitation(invitation=found, by=actor))


@signed_in
def mandate_give(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A Provincia, a union or a supplier acts for the town, until a day."""
    actor, town = _find(request, public_id)
    if actor.user.roles_by_authority.get(town.pk) != MemberRole.OWNER:
        raise PermissionDenied
    bodies = [b for b in bodies_that_act_for_others()[:_SHOWN] if b.pk != town.pk]
    form = MandateForm(request.POST or None, bodies=bodies)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            told = form.cleaned_data
            chosen = next(b for b in bodies if str(b.public_id) == told["body"])
            try:
                give_mandate(
                    town=town, body=chosen, role=told["role"], until=told["until"], letter=told["letter"], by=actor
                )
            except DomainError as refused:
                form.add_faults(refused.errors, refused.detail)
                status = refused.status
            else:
                said = _("%(body)s acts for you from now on.")
                messages.success(request, said % {"body": chosen.name})
                return redirect("authority_people", public_id)
        else:
            status = 400
    context = {"authority": town, "form": form, "bodies": bodies}
    return render(request, "tenants/mandate_give.html", context, status=status)


@signed_in
def mandate_end(request: HttpRequest, public_id: UUID, mandate: UUID) -> HttpResponseBase:
    """Before its day."""
    actor, authority = _find(request, public_id)
    found = mandates_of(authority).filter(public_id=mandate).first()
    if found is None:
        raise Http404
    if not (_owns(actor, found.town) or _owns(actor, found.body) or may_operate(actor)):
        raise PermissionDenied
    question = Question(
        title=gettext_lazy("End the mandate"),
        lead=f"{found.body.name}: {found.town.name}",
        consequence=gettext_lazy(
            "From now on the people of this body see nothing of the town and do nothing for it. Keys for the "
            "archives that they collected go on working: make new ones."
        ),
        label=gettext_lazy("End the mandate now"),
        done=gettext_lazy("The mandate has ended."),
        back=reverse("authority_people", args=[public_id]),
    )
    return confirm(request, question, lambda: end_mandate(mandate=found, by=actor))


def _owns(actor: Actor, authority: LocalAuthority) -> bool:
    return actor.user.roles_by_authority.get(authority.pk) == MemberRole.OWNER


def _find(request: HttpRequest, public_id: UUID) -> tuple[Actor, LocalAuthority]:
    actor = actor_of(request)
    found = authorities_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return actor, found


def _member(authority: LocalAuthority, person: UUID) -> Membership:
    found = members_of(authority).filter(user__public_id=person).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, actor: Actor, authority: LocalAuthority, form: JudgedForm, status: int = 200
) -> HttpResponse:
    waiting = open_invitations().filter(authority=authority).order_by("-pk")
    members = list(members_of(authority)[:_SHOWN])
    mandates = [m for m in mandates_of(authority)[:_SHOWN] if m.state == "in_force"]  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "authority": authority,
        "members": [m for m in members if m.user.kind == UserKind.PERSON],
        "programs": [m for m in members if m.user.kind == UserKind.SERVICE],
        "invitations": list(waiting[:_SHOWN]),
        "given": [m for m in mandates if m.town_id == authority.pk],
        "held": [m for m in mandates if m.body_id == authority.pk],
        "manages": may_manage_members(actor, authority),
        "owns": _owns(actor, authority),
        "lets_in": may_operate(actor),
        "form": form,
    }
    return render(request, "tenants/authority_people.html", context, status=status)
