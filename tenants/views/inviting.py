"""Coming in by an invitation: the mail's link, then one page."""

from typing import Final

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from tenants.forms import JoinForm
from tenants.models import Invitation, User
from tenants.models.errors import DomainError
from tenants.services.invitations import accept_as_new_person, accept_invitation, invitation_of
from tenants.views.limits import limited
from tenants.views.person import actor_of, ip_of

_KEY: Final = "invitation"
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@never_cache
def invitation_link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Out of the address at once, so that no history, no log of a next page and no shoulder has it."""
    request.session[_KEY] = secret
    return redirect("invitation")


@never_cache
@limited("invitation")
def invitation_accept(request: HttpRequest) -> HttpResponseBase:
    """Who invites to what. A new person chooses a password; a known one signs in and confirms."""
    secret = str(request.session.get(_KEY, ""))
    found = invitation_of(secret)
    if found is None:
        return render(request, "tenants/invitation_gone.html", status=404 if secret else 200)
    if isinstance(request.user, User):
        return _signed_in(request, found, secret, request.user)
    if User.objects.filter(email=found.email).exists():
        return _page(request, found, None, known=True)
    return _new_person(request, found, secret)


def _signed_in(request: HttpRequest, found: Invitation, secret: str, user: User) -> HttpResponseBase:
    if user.email != found.email:
        return _page(request, found, None, other=True)
    if request.method != "POST":
        return _page(request, found, None)
    try:
        accept_invitation(secret=secret, user=user, by=actor_of(request))
    except DomainError as refused:
        return _page(request, found, None, refused.status, problem=_sentence(refused))
    return _welcome(request)


def _new_person(request: HttpRequest, found: Invitation, secret: str) -> HttpResponseBase:
    form = JoinForm(request.POST or None)
    if request.method != "POST":
        return _page(request, found, form)
    if not form.is_valid():
        return _page(request, found, form, 400)
    told = form.cleaned_data
    try:
        user = accept_as_new_person(
            secret=secret, full_name=told["full_name"], password=told["password1"], ip=ip_of(request)
        )
    except DomainError as refused:
        form.add_faults(refused.errors, refused.detail)
        return _page(request, found, form, refused.status)
    login(request, user, backend=_BACKEND)
    return _welcome(request)


def _welcome(request: HttpRequest) -> HttpResponseBase:
    request.session.pop(_KEY, None)
    messages.success(request, _("Welcome. This is where you work from now on."))
    return redirect("home")


def _sentence(refused: DomainError) -> str:
    told = [str(s) for sentences in refused.errors.values() for s in sentences]
    return " ".join(told) or str(refused.detail)


def _page(
    request: HttpRequest, found: Invitation, form: forms.Form | None, status: int = 200, *,
    known: bool = False, other: bool = False, problem: str = "",
) -> HttpResponse:  # fmt: skip
    context = {"row": found, "form": form, "known": known, "other": other, "problem": problem}
    return render(request, "tenants/invitation.html", context, status=status)
