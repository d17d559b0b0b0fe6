"""The region looks at a body that registered itself, and says yes or no."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tenants.forms import AnswerForm
from tenants.models import Paper, PaperKind, Registration, RegistrationState
from tenants.models.errors import DomainError
from tenants.permissions import may_verify
from tenants.selectors import registrations_for_the_region
from tenants.services.registrations import accept_registration, refuse_registration, same_body
from tenants.views.person import actor_of, regional

_TYPES = {PaperKind.PDF: "application/pdf", PaperKind.P7M: "application/pkcs7-mime"}


@regional
def registration_review(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What the body says, what was checked of it; the button that was pressed is the answer."""
    row = _row(public_id)
    form = AnswerForm(request.POST or None)
    if request.method != "POST":
        return _page(request, row, form)
    actor = actor_of(request)
    if not may_verify(actor):
        raise PermissionDenied
    if not form.is_valid():
        return _page(request, row, form, 400)
    said = form.cleaned_data["words"]
    try:
        if request.POST.get("answer") == "yes":
            accept_registration(registration=row, note=said, by=actor)
            messages.success(
                request, _("%(name)s is registered; its first owner is being invited.") % {"name": row}
            )
        else:
            refuse_registration(registration=row, reason=said, by=actor)
            messages.success(request, _("The answer is on its way to whoever registered."))
    except DomainError as refused:
        faults = {"words": [s for sentences in refused.errors.values() for s in sentences] or [refused.detail]}
        form.add_faults(faults)
        return _page(request, row, form, refused.status)
    return redirect("authority_list")


@regional
def registration_paper(request: HttpRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """A letter, to save and to look at with care: it comes from a stranger."""
    found = Paper.objects.filter(registration__public_id=public_id, number=number).first()
    if found is None:
        raise Http404
    answer = HttpResponse(bytes(found.content), content_type=_TYPES[PaperKind(found.kind)])
    answer["Content-Disposition"] = f'attachment; filename="lettera-{number}.{found.kind}"'
    answer["Cache-Control"] = "no-store, private"
    return answer


def _row(public_id: UUID) -> Registration:
    found = registrations_for_the_region().filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, row: Registration, form: AnswerForm, status: int = 200) -> HttpResponse:
    context = {
        "row": row,
        "told": row.details,
        "form": form,
        "known": list(same_body(row)) if row.state == RegistrationState.TO_CHECK else [],
        "papers": row.papers.defer("content").order_by("number"),
        "verifies": may_verify(actor_of(request)),
        "open": row.state == RegistrationState.TO_CHECK,
    }
    return render(request, "tenants/registration_review.html", context, status=status)
