"""The page for the night when a town's own machines are gone: what will happen, the ask, the stop-watch."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.forms_talking import ReviewForm
from elaastic.levels.level2_terms import NATURES
from elaastic.levels.recovery import steps
from elaastic.models import Decision, Failover, Subscription
from elaastic.permissions import may_ask
from elaastic.selectors.failovers import (
    FailoverState,
    FailoverView,
    failovers_of,
    is_under_way,
    view,
)
from elaastic.selectors.recovery_plans import has_plan
from elaastic.services import failing_over
from elaastic.views import failover_words
from elaastic.views.condition_words import explain
from elaastic.views.drill_words import duration
from elaastic.views.exports import shown_exports
from elaastic.views.machines import starts_at
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import in_force, subscription_or_404
from provisioning.domain.conditions import NEEDS_HUMAN
from provisioning.domain.course import image_of, plug_of, server_of
from provisioning.domain.findings import Found, seconds_between
from provisioning.selectors.stacks import ResourceView, resources
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import DomainError
from tenants.permissions import may_decide

# Seconds between two looks of the page.
_EVERY_S: Final = 2
_MOVES: Final = frozenset(
    {
        FailoverState.WAITING, FailoverState.BRINGING, FailoverState.PLANNING, FailoverState.STARTING,
        FailoverState.REMOVING,
    }
)  # fmt: skip
_CAN_BE_CALLED_OFF: Final = frozenset({FailoverState.WAITING, FailoverState.BRINGING, FailoverState.PLANNING})


@dataclass(frozen=True)
class MachineRow:
    """One machine on the page. `seconds`: from the ask until it answered; `why`: what stands in its way."""

    name: str
    image: str
    word: str
    tone: str
    icon: str
    seconds: str
    why: str
    console: str
    inside: bool


@signed_in
def failover(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """GET: how it stands, or what would happen. POST: start, once the authority's name was typed."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not has_plan(row):
        raise Http404
    if request.method != "POST":
        return _page(request, actor, row)
    if not may_ask(actor, row):
        raise PermissionDenied
    if request.POST.get("authority_name", "").strip() != row.authority.name:
        problem = _("The name that you typed is not that of the authority; nothing was started.")
        return _page(request, actor, row, problem=problem, status=400)
    try:
        failing_over.fail_over(subscription=row, by=actor)
    except DomainError as refused:
        return _page(request, actor, row, problem=sentence_of(refused), status=refused.status)
    messages.success(request, _("It has begun. This page follows it; you may close it meanwhile."))
    return redirect("failover", public_id)


@signed_in
def failover_live(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The part that moves. 204 while nothing moved: focus and screen reader stay in peace."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    shown = _shown(actor, row, _newest_or_404(row))
    if request.GET.get("seen") == shown["digest"]:
        return HttpResponse(status=204)
    return render(request, "elaastic/_failover.html", shown)


@signed_in
@require_POST
def failover_call_off(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """While nothing was made."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    newest = _newest_or_404(row)
    if not may_ask(actor, row):
        raise PermissionDenied
    try:
        failing_over.call_off(failover=newest, by=actor)
        messages.info(request, _("It was called off: nothing is started."))
    except DomainError as refused:
        messages.warning(request, sentence_of(refused))
    return redirect("failover", public_id)


@signed_in
@require_POST
def failover_review(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What the region found, afterwards."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    newest = _newest_or_404(row)
    if not may_decide(actor):
        raise PermissionDenied
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, row, review=form, status=400)
    try:
        failing_over.review_failover(failover=newest, review=form.cleaned_data["text"], by=actor)
    except DomainError as refused:
        return _page(request, actor, row, review=form, problem=sentence_of(refused), status=refused.status)
    messages.success(request, _("Your review was written down; the authority reads it here."))
    return redirect("failover", public_id)


def _newest_or_404(row: Subscription) -> Failover:
    found = failovers_of(row).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, actor: Actor, row: Subscription, *, problem: str = "", review: ReviewForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    newest = failovers_of(row).first()
    context = {"row": row, "problem": problem, **(_shown(actor, row, newest) if newest else {"seen": None})}
    if newest is not None:
        unread = newest.request.decision == Decision.APPROVED and newest.reviewed_at is None
        # What was typed stays on the page, whyever it was refused.
        context["review"] = review or (ReviewForm() if unread and may_decide(actor) else None)
    if not is_under_way(row) and (newest is None or context["seen"].state != FailoverState.REMOVING):
        context["would"] = _would(actor, row)
    return render(request, "elaastic/failover.html", context, status=status)


def _would(actor: Actor, row: Subscription) -> dict[str, Any]:
    """What would happen now."""
    found = failing_over.what_would_start(row)
    open_ = row.requests.filter(decision="").first()
    machines = [
        {"name": name, "group": group, "point": found.points[name], "age": _age(found.points[name].arrived_at)}
        for group, name in ((s.group, s.machine) for s in steps(found.document) if s.kind == "start")
        if name in found.points
    ]
    return {
        "machines": machines,
        "left_out": [(name, _why_left_out(code)) for name, code in found.left_out.items()],
        "stale": found.stale,
        "by_hand": [step for step in steps(found.document) if step.kind == "people"],
        "drill": row.drills.filter(settled_at=None).exists(),
        "gives_way": open_.get_kind_display() if open_ else "",
        "site": starts_at(row),
        "systems": {NATURES[one["nature"]] for one in row.terms["machines"] if one["name"] in found.points},
        "asks": may_ask(actor, row) and in_force(row) and bool(machines),
    }


def _age(moment: Any) -> str:
    return duration(max(0, int((now() - moment).total_seconds())))


def _why_left_out(code: str) -> str:
    return str(failover_words.LEFT_OUT.get(code, failover_words.OTHERWISE))


def _shown(actor: Actor, row: Subscription, newest: Failover) -> dict[str, Any]:
    seen = view(newest)
    standing = {one.name: one for one in resources(row.stack_key)}
    rows = [_machine_row(seen, machine, standing) for machine in seen.course.machines]
    tone, icon = failover_words.BADGES[seen.state]
    exports = shown_exports(actor, row, newest)
    waits = seen.state == FailoverState.PLANNING and newest.request.planning_problem
    return {
        "row": row,
        "failover": newest,
        "seen": seen,
        "badge": (tone, icon, seen.state.label),
        "now": "" if waits else failover_words.NOW[seen.state],
        "waits": _what_it_waits_for(newest.request.planning_problem) if waits else "",
        "machines": rows,
        "left_out": [(name, _why_left_out(code)) for name, code in sorted(seen.left_out.items())],
        "calls_off": may_ask(actor, row) and seen.state in _CAN_BE_CALLED_OFF,
        "ends": may_ask(actor, row)
        and seen.state in (FailoverState.STARTING, FailoverState.STANDING)
        and not (exports["export_stops"] or row.requests.filter(decision="").exists()),
        "every_s": _EVERY_S if seen.state in _MOVES or exports["export_runs"] else 0,
        "runs": seen.state in _MOVES and seen.state != FailoverState.REMOVING,
        "elapsed": duration(seen.elapsed_s),
        "rto": duration(seen.rto_s) if seen.rto_s is not None else "",
        "rpo": duration(seen.rpo_s) if seen.rpo_s is not None else "",
        "digest": _digest(seen, rows, exports),
        **exports,
    }


def _what_it_waits_for(problem: str) -> str:
    """Whose move it is, while the plan is not carried out."""
    if problem == "NeedsApprover":
        return _(
            "Something else of your subscription has moved too, and an approver of the region has to read the plan "
            "before it is carried out. Call the region now: the number is under Contacts."
        )
    return _("The portal cannot make the plan just now, and tries again by itself. Call the region if it lasts.")


def _digest(seen: FailoverView, rows: list[MachineRow], exports: dict[str, Any]) -> str:
    """Of all that moves but the stop-watch."""
    moved = (
        seen.state,
        rows,
        seen.operation.trouble if seen.operation else "",
        seen.failover.request.planning_problem,
        [exports[name] for name in ("homes", "export_badge", "export_now", "export_begins", "export_stops")],
    )
    return hashlib.sha256(repr(moved).encode()).hexdigest()[:16]


def _machine_row(seen: FailoverView, machine: Any, standing: dict[str, ResourceView]) -> MachineRow:
    found, name = seen.found(machine.name), machine.name
    parts = [standing[part] for part in (image_of(name), plug_of(name), server_of(name)) if part in standing]
    stuck = next((one for one in parts if one.condition.state in NEEDS_HUMAN), None)
    key = _how_far(seen, found, name, stuck=stuck is not None)
    word, tone, icon = failover_words.MACHINES[key]
    seconds = seconds_between(seen.failover.asked_at.isoformat(), found.answered_at)
    why = explain(stuck.condition) if stuck and key == "stuck" else ""
    return MachineRow(
        name, machine.source.key, str(word), tone, icon, duration(seconds) if seconds is not None else "", why,
        found.console, machine.system == "proxmox",
    )  # fmt: skip


def _how_far(seen: FailoverView, found: Found, name: str, *, stuck: bool) -> str:
    if name in seen.left_out:
        return "left_out"
    if seen.state in (FailoverState.ENDED, FailoverState.CALLED_OFF):
        return "removed"
    if stuck:
        return "stuck"
    for moment, key in (("answered_at", "answered"), ("started_at", "started"), ("asked_at", "asked")):
        if getattr(found, moment):
            return key
    return "imported" if found.imported_at else "brought" if found.file else "waiting"
