"""Question and answer about a request, and the region's other terms with the authority's one click."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.forms_talking import CounterForm, QuestionForm, TalkForm
from elaastic.models import Request
from elaastic.permissions import may_ask, may_operate
from elaastic.services import talking
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.requests import request_or_404, show_request
from elaastic.views.rows import in_short
from tenants.models.errors import DomainError, Invalid
from tenants.permissions import may_decide


@signed_in
def ask(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The region's question, on a page of its own."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not (may_decide(actor) or may_operate(actor)):
        raise PermissionDenied
    form = QuestionForm(request.POST or None)
    problem, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                talking.ask_information(request=asked, text=form.cleaned_data["text"], by=actor)
            except Invalid as refused:
                form.add_error("text", sentence_of(refused))
            except DomainError as refused:
                problem, status = sentence_of(refused), refused.status
            else:
                messages.success(request, _("The question was sent; the request waits for the authority."))
                return redirect("request", public_id)
    return render(request, "elaastic/request_ask.html", _context(asked, form, problem), status=status)


@signed_in
@require_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The authority's answer; what is wrong with it is shown on the request's page."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not may_ask(actor, asked.subscription):
        raise PermissionDenied
    form = TalkForm(request.POST)
    if not form.is_valid():
        return show_request(request, actor, asked, answer=form, status=400)
    try:
        talking.answer(request=asked, text=form.cleaned_data["text"], by=actor)
    except Invalid as refused:
        form.add_error("text", sentence_of(refused))
        return show_request(request, actor, asked, answer=form, status=400)
    except DomainError as refused:
        return _refused(request, public_id, refused)
    messages.success(request, _("Your answer was sent; it is the region's move again."))
    return redirect("request", public_id)


@signed_in
def counter(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The terms that the region would approve, on a page of its own."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not may_decide(actor):
        raise PermissionDenied
    start = {name: asked.terms.get(name) for name in ("quota_gib", "retention_days")}
    form = CounterForm(request.POST or None, initial=start)
    problem, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            said = {"terms": form.terms(asked.terms), "text": form.cleaned_data["note"]}
            try:
                talking.counter(request=asked, by=actor, **said)
            except Invalid as refused:
                form.accept_faults(refused)
            except DomainError as refused:
                problem, status = sentence_of(refused), refused.status
            else:
                messages.success(request, _("The proposal was sent; the authority accepts it or answers."))
                return redirect("request", public_id)
    return render(request, "elaastic/request_counter.html", _context(asked, form, problem), status=status)


@signed_in
@require_POST
def accept(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """One click: the region's terms are the request's, and a new plan is made."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not may_ask(actor, asked.subscription):
        raise PermissionDenied
    try:
        talking.accept_counter(request=asked, counter_digest=request.POST.get("counter_digest", ""), by=actor)
    except DomainError as refused:
        return _refused(request, public_id, refused)
    messages.success(request, _("You accepted the region's terms; the plan is being made again with them."))
    return redirect("request", public_id)


def _refused(request: HttpRequest, public_id: UUID, refused: DomainError) -> HttpResponseBase:
    """Read again: what refused us is what the page must show."""
    actor = actor_of(request)
    fresh = request_or_404(actor, public_id)
    return show_request(request, actor, fresh, problem=sentence_of(refused), status=refused.status)


def _context(asked: Request, form: Any, problem: str) -> dict[str, Any]:
    return {
        "asked": asked,
        "row": asked.subscription,
        "form": form,
        "problem": problem,
        "short": in_short(asked),
    }
