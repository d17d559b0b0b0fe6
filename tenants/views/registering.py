"""A body registers itself: three pages that ask for no login."""

import sys
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from tenants.forms import CodeForm, JudgedForm, PapersForm, RegistrationForm
from tenants.models import Actor, Registration, RegistrationState
from tenants.models.errors import DomainError
from tenants.services.papers import MOST_BYTES, MOST_PAPERS, add_papers
from tenants.services.registrations import prove_pec, send_code_again, send_registration
from tenants.services.visitors import visitor
from tenants.views.limits import announced_bytes, limited, takes_bytes
from tenants.views.person import ip_of

# The files and the form around them.
_MOST_UPLOADED: Final = MOST_PAPERS * MOST_BYTES + 64 * 1024


@limited("register")
def register_authority(request: HttpRequest) -> HttpResponseBase:
    """What the body is, and who says so. Whether it is known already changes nothing here."""
    if request.method != "POST":
        return render(request, "tenants/register.html", {"form": RegistrationForm()})
    form = RegistrationForm(request.POST)
    if not form.is_valid():
        return render(request, "tenants/register.html", {"form": form}, status=400)
    told = form.cleaned_data
    try:
        row = send_registration(
            details=form.details(),
            contact_name=told["contact_name"],
            contact_email=told["contact_email"],
            by=_visitor(request, told["contact_email"]),
        )
    except DomainError as refused:
        form.add_faults(refused.errors, refused.detail)
        return render(request, "tenants/register.html", {"form": form}, status=refused.status)
    return redirect("registration", row.public_id)


@never_cache
@limited("code")
def registration(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """How it stands; while a code is awaited, the field for it."""
    row = _row(public_id)
    if request.method != "POST":
        return _page(request, row, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, 400)
    try:
        prove_pec(registration=row, code=form.cleaned_data["code"], by=_visitor(request, row.contact_email))
    except DomainError as refused:
        form.add_faults(refused.errors, refused.detail)
        return _page(request, _row(public_id), form, refused.status)
    return redirect("registration", public_id)


@limited("code")
def registration_again(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Another code."""
    row = _row(public_id)
    if request.method != "POST":
        return redirect("registration", public_id)
    try:
        send_code_again(registration=row, by=_visitor(request, row.contact_email))
    except DomainError as refused:
        return _page(request, row, CodeForm(), refused.status, problem=str(refused.detail))
    return redirect("registration", public_id)


@takes_bytes(sys.maxsize)
@csrf_exempt
def registration_papers(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A letter instead of the code. Too large a body is refused here, in words, before anything of it is read."""
    if announced_bytes(request) > _MOST_UPLOADED:
        form = PapersForm({})
        form.add_error("papers", str(_too_large()))
        context = {"row": _row(public_id), "form": form}
        return render(request, "tenants/registration_papers.html", context, status=413)
    return _papers(request, public_id)


@csrf_protect
@limited("papers")
def _papers(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    row = _row(public_id)
    if request.method != "POST":
        return render(request, "tenants/registration_papers.html", {"row": row, "form": PapersForm()})
    form = PapersForm(request.POST, request.FILES)
    form.is_valid()
    try:
        files = request.FILES.getlist("papers")
        add_papers(registration=row, files=files, by=_visitor(request, row.contact_email))
    except DomainError as refused:
        form.errors.clear()
        form.add_faults(refused.errors, refused.detail)
        context = {"row": row, "form": form}
        return render(request, "tenants/registration_papers.html", context, status=refused.status)
    return redirect("registration", public_id)


def _row(public_id: UUID) -> Registration:
    found = Registration.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _visitor(request: HttpRequest, email: str) -> Actor:
    return visitor(ip=ip_of(request), on_behalf_of=email.strip().lower())


def _page(
    request: HttpRequest, row: Registration, form: JudgedForm, status: int = 200, problem: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {
        "row": row, "form": form, "problem": problem,
        "waits_for_code": row.state == RegistrationState.UNPROVEN,
    }  # fmt: skip
    return render(request, "tenants/registration.html", context, status=status)


def _too_large() -> str:
    from django.utils.translation import gettext as _

    return _("The files are too large together: three of 5 MiB at most.")
