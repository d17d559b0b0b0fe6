"""Requests: the queue, the page that both sides read, and the region's yes and no."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.forms import ApproveForm, RejectForm
from elaastic.forms_talking import TalkForm
from elaastic.models import Decision, Request, RequestKind, RequestState
from elaastic.permissions import is_on_its_side, may_ask, may_decide_request, may_operate, may_read_region
from elaastic.selectors.subscriptions import (
    live_subscription,
    requests_in_state,
    requests_readable_by,
    state_of,
)
from elaastic.services.asking import withdraw_request
from elaastic.services.deciding import approve_request, reject_request
from elaastic.services.talking import digest_of
from elaastic.views.choosing import monthly
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.plans import plan_of
from elaastic.views.rows import in_short, request_rows
from elaastic.views.standing import badge
from elaastic.views.terms_words import terms_facts
from elaastic.views.timelines import request_timeline
from tenants.models import Actor
from tenants.models.errors import DomainError
from tenants.permissions import may_decide
from tenants.views.tables import csv_answer

_NEWEST = 200


def request_or_404(actor: Actor, public_id: UUID) -> Request:
    """Absent and somebody else's are the same answer."""
    found = requests_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@signed_in
def request_queue(request: HttpRequest) -> HttpResponseBase:
    """Every readable request, those that wait for a decision unless another state is asked for."""
    actor = actor_of(request)
    asked = request.GET.get("state", RequestState.AWAITING_DECISION)
    rows = requests_readable_by(actor)
    if asked in RequestState.values:
        rows = requests_in_state(rows, asked)
    # Whoever has waited longest comes first; what is decided is read from the newest.
    order = "created_at" if asked == RequestState.AWAITING_DECISION else "-created_at"
    found = request_rows(rows.order_by(order)[:_NEWEST])
    if request.GET.get("format") == "csv":
        head = [_("Authority"), _("Request"), _("What"), _("State"), _("Asked by"), _("Asked on"), _("Decided by")]
        return csv_answer("richieste.csv", head, [_csv_row(r) for r in found])
    selects = may_decide(actor) and asked == RequestState.AWAITING_DECISION
    context = {"rows": found, "asked": asked, "choices": list(RequestState), "selects": selects and bool(found)}
    return render(request, "elaastic/request_queue.html", context)


def _csv_row(row: Any) -> list[Any]:
    asked = row.request
    return [
        asked.subscription.authority.name,
        asked.get_kind_display(),
        row.what,
        row.badge[2],
        asked.requested_by or "",
        asked.created_at.isoformat(timespec="seconds"),
        asked.decided_by or "",
    ]


@signed_in
def request_page(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What was asked, the plan, and, for who may, the decision."""
    actor = actor_of(request)
    return show_request(request, actor, request_or_404(actor, public_id))


@signed_in
def request_live(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The same without its frame, while the plan is being made or carried out; 204 while nothing moved."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if request.GET.get("seen") == _seen(asked):
        return HttpResponse(status=204)
    return render(request, "elaastic/_request.html", _context(actor, asked))


def show_request(
    request: HttpRequest,
    actor: Actor,
    asked: Request,
    *,
    problem: str = "",
    form: ApproveForm | None = None,
    answer: TalkForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was just refused on it."""
    context = _context(actor, asked) | {"problem": problem}
    if form is not None:
        context["form"] = form
    if answer is not None:
        context["answer"] = answer
    return render(request, "elaastic/request.html", context, status=status)


def _context(actor: Actor, asked: Request) -> dict[str, Any]:
    state = state_of(asked)
    plan = plan_of(asked)
    waits = state == RequestState.MORE_INFORMATION
    open_ = waits or state == RequestState.AWAITING_DECISION
    deciding = may_decide(actor) and open_ and asked.plan_due is None and bool(asked.plan_digest)
    may = deciding and may_decide_request(actor, asked)
    may_talk = not asked.decision and asked.requested_by_id is not None and not is_on_its_side(actor, asked)
    return {
        "asked": asked,
        "row": asked.subscription,
        "state": state,
        "badge": badge(state),
        "short": in_short(asked),
        "facts": terms_facts(asked.terms),
        "monthly": monthly(asked.level, asked.terms),
        "thread": list(asked.messages.select_related("author")),
        "answer": TalkForm() if waits and may_ask(actor, asked.subscription) else None,
        "counter": _counter_facts(asked) if waits and asked.counter else [],
        "counter_digest": digest_of(asked),
        "counter_monthly": monthly(asked.level, asked.counter) if waits and asked.counter else "",
        "may_question": may_talk and (may_decide(actor) or may_operate(actor)),
        "may_counter": may_talk and may_decide(actor) and asked.kind in (RequestKind.START, RequestKind.CHANGE),
        "plan": plan,
        "entries": request_timeline(asked, plan.age if plan else None),
        "form": ApproveForm(initial={"plan_digest": plan.digest}) if may and plan else None,
        "fits": all(bar.fits for bar in plan.bars) if plan else True,
        "own_request": deciding and not may,
        "withdraws": not asked.decision and asked.kind != RequestKind.REPAIR and may_ask(actor, asked.subscription),
        "is_region": may_read_region(actor),
        "live": live_subscription(asked.subscription.authority) if state == RequestState.REJECTED else None,
        "every_s": 1 if state in (RequestState.PLANNING, RequestState.APPROVED) else 0,
        "seen": _seen(asked),
        "moved_on": asked.decision == Decision.APPROVED,
    }


def _counter_facts(asked: Request) -> list[tuple[str, str, str]]:
    """(what, as asked, as the region would approve), of what differs alone."""
    proposed = dict(terms_facts(asked.counter))
    facts = [(name, before, proposed.get(name, "")) for name, before in terms_facts(asked.terms)]
    return [fact for fact in facts if fact[1] != fact[2]]


def _seen(asked: Request) -> str:
    return f"{state_of(asked)}-{asked.plan_digest[:12]}-{asked.planning_problem}"


@signed_in
@require_POST
def approve(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The yes to exactly the plan that was on the page."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not may_decide(actor):
        raise PermissionDenied
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return show_request(request, actor, asked, form=form, status=400)
    digest, note = form.cleaned_data["plan_digest"], form.cleaned_data["note"]
    try:
        approve_request(request=asked, plan_digest=digest, note=note, by=actor)
    except DomainError as refused:
        # Read again: what refused us is what the page must show.
        return show_request(
            request, actor, request_or_404(actor, public_id), problem=sentence_of(refused), status=refused.status
        )
    messages.success(request, _("The request was approved: the workers have begun."))
    return redirect("request", public_id)


@signed_in
def reject(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The no, on a page of its own, with its reason."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not may_decide(actor):
        raise PermissionDenied
    form = RejectForm(request.POST or None)
    problem, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                reject_request(request=asked, note=form.cleaned_data["note"], by=actor)
            except DomainError as refused:
                problem, status = sentence_of(refused), refused.status
            else:
                messages.success(request, _("The request was rejected; the authority reads your reason."))
                return redirect("request", public_id)
    context = {
        "asked": asked,
        "row": asked.subscription,
        "form": form,
        "problem": problem,
        "short": in_short(asked),
    }
    return render(request, "elaastic/request_reject.html", context, status=status)


@signed_in
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The authority takes its ask back, on a page of its own."""
    actor = actor_of(request)
    asked = request_or_404(actor, public_id)
    if not may_ask(actor, asked.subscription):
        raise PermissionDenied
    problem, status = "", 200
    if request.method == "POST":
        try:
            withdraw_request(request=asked, by=actor)
        except DomainError as refused:
            problem, status = sentence_of(refused), refused.status
        else:
            messages.success(request, _("The request was withdrawn. You can ask again at any time."))
            return redirect("request", public_id)
    context = {"asked": asked, "row": asked.subscription, "problem": problem, "short": in_short(asked)}
    return render(request, "elaastic/request_withdraw.html", context, status=status)
