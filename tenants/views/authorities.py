"""Authorities that wait for verification: the region's operators look and say yes."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tenants.models import LocalAuthority, Registration, RegistrationState
from tenants.models.errors import DomainError
from tenants.permissions import may_verify
from tenants.services.authorities import verify_authority
from tenants.views.person import actor_of, regional, sentence_of

_NEWEST = 500


@regional
def authority_list(request: HttpRequest) -> HttpResponseBase:
    """Those that wait first, then all by name."""
    return _page(request)


def _page(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    rows = list(LocalAuthority.objects.order_by("name", "pk")[:_NEWEST])
    registered = Registration.objects.filter(state=RegistrationState.TO_CHECK)
    context = {
        "registrations": list(registered.order_by("sent_in_at")[:_NEWEST]),
        "waiting": [a for a in rows if a.state == "pending"],
        "others": [a for a in rows if a.state != "pending"],
        "verifies": may_verify(actor_of(request)),
        "problem": problem,
    }
    return render(request, "tenants/authority_list.html", context, status=status)


@regional
def authority_verify(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What is being confirmed, on a page of its own; then the yes."""
    actor = actor_of(request)
    if not may_verify(actor):
        raise PermissionDenied
    found = LocalAuthority.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    if request.method != "POST":
        return render(request, "tenants/authority_verify.html", {"authority": found})
    try:
        verify_authority(authority=found, by=actor)
    except DomainError as refused:
        context = {"authority": found, "problem": sentence_of(refused)}
        return render(request, "tenants/authority_verify.html", context, status=refused.status)
    messages.success(request, _("%(name)s is verified and can ask from now on.") % {"name": found.name})
    return redirect("authority_list")
