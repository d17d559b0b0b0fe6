"""`/people/`: the region's own people for the region; for everybody else the people of their authorities."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.forms import JudgedForm, RegionInviteForm
from tenants.models import Actor, Invitation, RegionRoleName, User
from tenants.models.errors import DomainError
from tenants.permissions import may_grant, may_read_region
from tenants.selectors import my_authorities, region_people
from tenants.services.invitations import invite_to_region, open_invitations, withdraw_invitation
from tenants.services.people import take_region_role
from tenants.services.second_factor import reset_second_factor
from tenants.views.confirming import Question, confirm
from tenants.views.person import actor_of, regional, signed_in

_SHOWN: Final = 200


@signed_in
def people(request: HttpRequest) -> HttpResponseBase:
    """Where one's own people are."""
    actor = actor_of(request)
    if may_read_region(actor):
        return _region(request, actor)
    mine = list(my_authorities(actor))
    if len(mine) == 1:
        return redirect("authority_people", mine[0].public_id)
    return render(request, "tenants/people.html", {"mine": mine})


def _region(request: HttpRequest, actor: Actor) -> HttpResponse:
    if request.method != "POST":
        return _page(request, actor, RegionInviteForm())
    if not may_grant(actor):
        raise PermissionDenied
    form = RegionInviteForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, form, 400)
    told = form.cleaned_data
    try:
        invite_to_region(email=told["email"], role=told["role"], by=actor)
    except DomainError as refused:
        form.add_faults(refused.errors, refused.detail)
        return _page(request, actor, form, refused.status)
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": told["email"]})
    return redirect("people")


@regional
def region_role_take(request: HttpRequest, person: UUID, role: str) -> HttpResponseBase:
    """One role of one person ends."""
    actor, user = _person(request, person)
    if role not in user.region_roles:
        raise Http404
    question = Question(
        title=gettext_lazy("Take the role away"),
        lead=f"{user}: {RegionRoleName(role).label}",
        consequence=gettext_lazy(
            "From now on this person does nothing of what the role allows; tokens give no more than the person has."
        ),
        label=gettext_lazy("Take the role away now"),
        done=gettext_lazy("The role was taken away."),
        back=reverse("people"),
    )
    return confirm(request, question, lambda: take_region_role(user=user, role=role, by=actor))


@regional
def second_factor_reset(request: HttpRequest, person: UUID) -> HttpResponseBase:
    """For a colleague who lost the telephone and the recovery codes."""
    actor, user = _person(request, person)
    question = Question(
        title=gettext_lazy("Reset the second factor"),
        lead=str(user),
        consequence=gettext_lazy(
            "The app and the recovery codes of this person stop working; at the next sign-in an app is set up "
            "anew. Make sure, face to face or on a number that you know, that it is your colleague who asks."
        ),
        label=gettext_lazy("Reset it now"),
        done=gettext_lazy("The second factor was reset."),
        back=reverse("people"),
    )
    return confirm(request, question, lambda: reset_second_factor(user=user, by=actor))


@regional
def region_invitation_withdraw(request: HttpRequest, invitation: UUID) -> HttpResponseBase:
    """Before it was accepted."""
    actor = actor_of(request)
    found = Invitation.objects.filter(public_id=invitation, authority=None).first()
    if found is None:
        raise Http404
    if not may_grant(actor):
        raise PermissionDenied
    question = Question(
        title=gettext_lazy("Withdraw the invitation"),
        lead=found.email,
        consequence=gettext_lazy("The link in the mail opens nothing any more. You can invite again at any time."),
        label=gettext_lazy("Withdraw it"),
        done=gettext_lazy("The invitation is withdrawn."),
        back=reverse("people"),
    )
    return confirm(request, question, lambda: withdraw_invitation(invitation=found, by=actor))


def _person(request: HttpRequest, person: UUID) -> tuple[Actor, User]:
    actor = actor_of(request)
    if not may_grant(actor):
        raise PermissionDenied
    found = User.objects.filter(public_id=person, regionrole__isnull=False).first()
    if found is None:
        raise Http404
    return actor, found


def _page(request: HttpRequest, actor: Actor, form: JudgedForm, status: int = 200) -> HttpResponse:
    context = {
        "rows": region_people(most=_SHOWN),
        "invitations": list(open_invitations().filter(authority=None).order_by("-pk")[:_SHOWN]),
        "grants": may_grant(actor),
        "form": form,
        "me": actor.user,
    }
    return render(request, "tenants/region_people.html", context, status=status)
