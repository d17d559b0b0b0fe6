"""The region suspends an authority, with a reason that its people read, and lifts that again."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.forms import ReasonForm
from tenants.models import Actor, AuthorityState, LocalAuthority
from tenants.models.errors import DomainError
from tenants.permissions import may_verify
from tenants.services.authorities import resume_authority, suspend_authority
from tenants.views.confirming import Question, confirm
from tenants.views.person import actor_of, regional


@regional
def authority_suspend(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What it means for its people, the reason, and the button."""
    actor, found = _find(request, public_id)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                suspend_authority(authority=found, reason=form.cleaned_data["reason"], by=actor)
            except DomainError as refused:
                form.add_faults(refused.errors, refused.detail)
                status = refused.status
            else:
                messages.success(
                    request, _("%(name)s is suspended; its people are told why.") % {"name": found.name}
                )
                return redirect("authority_list")
    context = {"authority": found, "form": form, "suspended": found.state == AuthorityState.SUSPENDED}
    return render(request, "tenants/authority_suspend.html", context, status=status)


@regional
def authority_resume(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Back to what it was."""
    actor, found = _find(request, public_id)
    question = Question(
        title=gettext_lazy("Lift the suspension"),
        lead=found.name,
        consequence=gettext_lazy(
            "From now on it can ask again, what waits can be approved, and mandates are in force again. Its "
            "people are told by mail."
        ),
        label=gettext_lazy("Lift the suspension now"),
        done=gettext_lazy("The suspension is lifted."),
        back=reverse("authority_list"),
        danger=False,
    )
    return confirm(request, question, lambda: resume_authority(authority=found, by=actor))


def _find(request: HttpRequest, public_id: UUID) -> tuple[Actor, LocalAuthority]:
    actor = actor_of(request)
    if not may_verify(actor):
        raise PermissionDenied
    found = LocalAuthority.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return actor, found
