"""Other terms for a subscription that stands: the form, the comparison, and one request however often sent."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elaastic.forms import UnderstoodForm, typed
from elaastic.forms_changing import ChangeForm, initial_of
from elaastic.models import Request, RequestKind, Subscription
from elaastic.models.errors import RequestOpen
from elaastic.permissions import may_ask
from elaastic.services.asking import check_terms
from elaastic.services.changing import change_terms, check_change
from elaastic.views.asking import kept_rows, rows_of, terms_facts
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import subscription_or_404
from tenants.models import Actor
from tenants.models.errors import DomainError, Invalid


@signed_in
def change(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """GET: the terms in force. POST: its button says what is meant (`step`); only `send` stores anything."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not may_ask(actor, row):
        raise PermissionDenied
    sent = _sent_already(row, actor)
    if sent is not None:
        return redirect("request", sent.public_id)
    if request.method != "POST":
        rows = len(row.terms["archives"])
        return _page(request, row, ChangeForm(current=row.terms, rows=rows, initial=initial_of(row.terms)))
    step = request.POST.get("step", "check")
    if step in {"add", "edit"} or step.startswith("remove-"):
        return _page(request, row, _with_rows(request.POST, step, row), grown=step == "add")
    form, terms = _read(request, row)
    if terms is None:
        return _page(request, row, form, status=400)
    if step != "send":
        return _summary(request, row, form, terms, UnderstoodForm())
    return _send(request, actor, row, form, terms)


def _sent_already(row: Subscription, actor: Actor) -> Request | None:
    """A second click is no second request."""
    mine = Request.objects.filter(subscription=row, decision="", kind=RequestKind.CHANGE)
    return mine.filter(requested_by=actor.user).first()


def _with_rows(data: QueryDict, step: str, row: Subscription) -> ChangeForm:
    kept = kept_rows(data, step)
    rows = len(kept) + 1 if step == "add" else len(kept)
    return ChangeForm(current=row.terms, rows=rows, initial={**typed(data, kept), "rows": rows})


def _page(
    request: HttpRequest, row: Subscription, form: ChangeForm, *, grown: bool = False, status: int = 200
) -> HttpResponse:
    if grown:
        form.fields[f"archive-{form.archives - 1}-name"].widget.attrs["autofocus"] = True
    context = {"form": form, "row": row, "problem": _hindrance(row), "steps": _steps()}
    return render(request, "elaastic/change.html", context, status=status)


def _steps() -> list[str]:
    return [_("What you need"), _("Check and send")]


def _hindrance(row: Subscription) -> str:
    try:
        check_change(row)
    except DomainError as refused:
        return sentence_of(refused)
    return ""


def _read(request: HttpRequest, row: Subscription) -> tuple[ChangeForm, dict[str, Any] | None]:
    """The bound form, and the terms when everything is in order."""
    form = ChangeForm(request.POST, current=row.terms, rows=rows_of(request.POST))
    readable = form.is_valid()
    try:
        terms = check_terms(row.level, form.terms())
        check_change(row, terms)
    except Invalid as refused:
        form.accept_faults(refused)
        return form, None
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return form, None
    return form, terms if readable else None


def _summary(
    request: HttpRequest,
    row: Subscription,
    form: ChangeForm,
    terms: dict[str, Any],
    understood: UnderstoodForm,
    status: int = 200,
) -> HttpResponse:
    before = dict(terms_facts(row.terms))
    context = {
        "row": row,
        "facts": [(name, before.get(name, ""), after) for name, after in terms_facts(terms)],
        "dropped": sorted(form.known.keys() - {a["name"] for a in terms["archives"]}),
        "forever": form.newly_absolute,
        "understood": understood,
        "hidden": [
            (n, v) for n, v in request.POST.items() if n not in ("csrfmiddlewaretoken", "step", "understood")
        ],
        "steps": _steps(),
    }
    return render(request, "elaastic/change_summary.html", context, status=status)


def _send(
    request: HttpRequest, actor: Actor, row: Subscription, form: ChangeForm, terms: dict[str, Any]
) -> HttpResponseBase:
    understood = UnderstoodForm(request.POST)
    if form.newly_absolute and not understood.is_valid():
        return _summary(request, row, form, terms, understood, 400)
    try:
        asked = change_terms(subscription=row, terms=terms, by=actor)
    except RequestOpen as refused:
        sent = _sent_already(row, actor)  # the other of two clicks was faster
        if sent is not None:
            return redirect("request", sent.public_id)
        form.add_error(None, sentence_of(refused))
        return _page(request, row, form, status=refused.status)
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return _page(request, row, form, status=refused.status)
    messages.success(request, _("The request was sent. The region reads it and decides; you follow it here."))
    return redirect("request", asked.public_id)
