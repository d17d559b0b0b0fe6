"""Drills in a browser: begin one, watch it with a stop-watch, do what the plan asks of people, read its end."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.models import Drill, DrillImages, DrillMinutes, DrillState, RecoveryPoint, Subscription
from elaastic.permissions import may_ask
from elaastic.selectors.drills import DrillView, drills_of, drills_readable_by, view, views
from elaastic.selectors.drills_due import drill_due
from elaastic.selectors.recovery import newest_of
from elaastic.selectors.recovery_plans import has_plan
from elaastic.selectors.startable import earlier, hurdle
from elaastic.services import drilling
from elaastic.services.drills_due import obstacle
from elaastic.views import drill_words
from elaastic.views.condition_words import explain
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.standing import badge
from elaastic.views.subscriptions import in_force, subscription_or_404
from provisioning.domain.conditions import Condition, State
from provisioning.domain.course import CLEAN, PEOPLE, Machine
from provisioning.domain.findings import seconds_between
from tenants.models import Actor
from tenants.models.errors import DomainError

_NEWEST: Final = 100
# Seconds between two looks of the page.
_EVERY_S: Final = 2


@dataclass(frozen=True)
class MachineRow:
    """One machine on the page. `arrived_at`: when its image had. `seconds`: from being asked for until it answered;
    "" while it has not. `console`: what it wrote, or, where it was asked inside (`inside`), what came of that.
    """

    name: str
    image: str
    arrived_at: datetime | None
    sha512: str
    word: str
    tone: str
    icon: str
    seconds: str
    console: str
    inside: bool


@signed_in
def drills(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """GET: what was tried, and what can be. POST: begin."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not has_plan(row):
        raise Http404
    if request.method != "POST":
        return _list(request, actor, row)
    if not may_ask(actor, row):
        raise PermissionDenied
    try:
        made = drilling.begin_drill(
            subscription=row,
            machine=request.POST.get("machine", ""),
            images=request.POST.get("images", DrillImages.NEWEST),
            by=actor,
        )
    except DomainError as refused:
        return _list(request, actor, row, problem=sentence_of(refused), status=refused.status)
    messages.success(request, _("The drill has begun. This page follows it; you may close it meanwhile."))
    return redirect("drill", made.public_id)


def _list(
    request: HttpRequest, actor: Actor, row: Subscription, *, problem: str = "", status: int = 200
) -> HttpResponse:
    found, due = views(drills_of(row)[:_NEWEST]), drill_due(row)
    machines = _machines(row)
    context = {
        "row": row,
        "rows": [{"seen": seen, "badge": badge(seen.state), **measured(seen)} for seen in found],
        "machines": machines,
        "whole": all(one["starts"] for one in machines),
        "earlier": any(one["earlier"] for one in machines),
        "whole_earlier": all(one["starts"] or one["earlier"] for one in machines),
        "begins": may_ask(actor, row) and in_force(row) and not any(s.operation.ended_at is None for s in found),
        "open": next((seen for seen in found if seen.operation.ended_at is None), None),
        "problem": problem,
        "due": due,
        "obstacle": obstacle(row) if due is not None and due.due else None,
    }
    return render(request, "elaastic/drills.html", context, status=status)


def _machines(row: Subscription) -> list[dict[str, Any]]:
    """Each with its newest usable image, what is in its way, and whether it, or one before it, would start."""
    newest = newest_of([row])
    points = {m["name"]: newest.get((row.pk, m["name"]), {}).get("usable") for m in row.terms["machines"]}
    there = [point for point in points.values() if point is not None]
    drawn = set(earlier(row, there).order_by().values_list("machine", flat=True).distinct())
    return [_machine(one, points[one["name"]], one["name"] in drawn) for one in row.terms["machines"]]


def _machine(machine: dict[str, Any], point: RecoveryPoint | None, earlier: bool) -> dict[str, Any]:
    said = hurdle(point, machine["nature"]) if point else ""
    starts = point is not None and not said
    return {"name": machine["name"], "point": point, "hurdle": said, "starts": starts, "earlier": earlier}


@signed_in
def drill(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """One drill: live while it lasts, its minutes afterwards."""
    actor = actor_of(request)
    return render(request, "elaastic/drill.html", _shown(actor, drill_or_404(actor, public_id)))


@signed_in
def drill_live(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The part that moves. 204 while nothing moved: focus and screen reader stay in peace."""
    actor = actor_of(request)
    shown = _shown(actor, drill_or_404(actor, public_id))
    if request.GET.get("seen") == shown["digest"]:
        return HttpResponse(status=204)
    return render(request, "elaastic/_drill.html", shown)


@signed_in
@require_POST
def drill_stop(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Stop, and clean up."""
    actor = actor_of(request)
    row = _own(actor, public_id)
    try:
        drilling.stop_drill(drill=row, by=actor)
        messages.info(request, _("The drill stops; what was started is being removed."))
    except DomainError as refused:
        messages.warning(request, sentence_of(refused))
    return redirect("drill", public_id)


@signed_in
@require_POST
def drill_step(request: HttpRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """A person has done what the plan asks."""
    actor = actor_of(request)
    row = _own(actor, public_id)
    try:
        drilling.tick_off_step(drill=row, step=number, by=actor)
    except DomainError as refused:
        messages.warning(request, sentence_of(refused))
    return redirect("drill", public_id)


def drill_or_404(actor: Actor, public_id: UUID) -> Drill:
    """Absent and somebody else's are the same answer."""
    found = drills_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _own(actor: Actor, public_id: UUID) -> Drill:
    row = drill_or_404(actor, public_id)
    if not may_ask(actor, row.subscription):
        raise PermissionDenied
    return row


def _shown(actor: Actor, row: Drill) -> dict[str, Any]:
    seen = view(row)
    running = seen.state == DrillState.RUNNING
    return {
        "row": row.subscription,
        "drill": row,
        "seen": seen,
        "badge": badge(seen.state),
        "now": _now(seen),
        "why": why(seen),
        "machines": [machine_row(seen, machine) for machine in seen.operation.course.machines],
        "tasks": _tasks(seen) if running else [],
        "acts": may_ask(actor, row.subscription),
        "stops": may_ask(actor, row.subscription) and running and not seen.operation.stopping,
        "every_s": _EVERY_S if seen.operation.ended_at is None else 0,
        "elapsed": drill_words.duration(seen.elapsed_s),
        "digest": _digest(seen),
        "minutes": _minutes(row),
        **measured(seen),
    }


def _minutes(row: Drill) -> DrillMinutes | None:
    """The file in the reader's language; without a sum when it cannot be made. None while a worker is at it."""
    return row.minutes.filter(language=get_language() or "it").defer("pdf").first()


def _digest(seen: DrillView) -> str:
    """Of all that moves but the stop-watch."""
    told = seen.operation
    machines = {name: replace(one, looked_at="") for name, one in told.found.machines.items()}
    moved = (told.place, machines, told.found.done, told.verdict, told.trouble, told.stopping, told.ended_at)
    return hashlib.sha256(repr(moved).encode()).hexdigest()[:16]


def measured(seen: DrillView) -> dict[str, str]:
    """As people read it; empty where it was not measured."""
    return {
        "rto": drill_words.duration(seen.rto_s) if seen.rto_s is not None else "",
        "rpo": drill_words.duration(seen.rpo_s) if seen.rpo_s is not None else "",
    }


def _now(seen: DrillView) -> str:
    """What is happening, in a sentence."""
    stage = seen.operation.stage
    if stage is None or (seen.state != DrillState.RUNNING and stage.kind != CLEAN):
        return ""
    return str(drill_words.STAGES[stage.kind]) % {"group": stage.group}


def why(seen: DrillView) -> str:
    """Why it did not pass, and whose move it is."""
    operation = seen.operation
    if operation.verdict in ("", DrillState.PASSED, DrillState.STOPPED):
        return ""
    known = drill_words.REASONS.get(operation.reason)
    if known is not None:
        return str(known) % {"machine": operation.about}
    told = explain(Condition(State.FAILED, operation.reason, operation.message))
    return f"{operation.about}: {told}" if operation.about else told


def machine_row(seen: DrillView, machine: Machine) -> MachineRow:
    """One machine of its course, in words."""
    found = seen.found(machine.name)
    seconds = seconds_between(found.asked_at, found.answered_at)
    key, point = _how_far(seen, machine.name), seen.point(machine)
    word, tone, icon = drill_words.MACHINES[key]
    return MachineRow(
        machine.name, machine.source.key, point.arrived_at if point else None, machine.source.sha512, str(word),
        tone, icon, drill_words.duration(seconds) if seconds is not None else "", found.console,
        machine.system == "proxmox",
    )  # fmt: skip


def _how_far(seen: DrillView, name: str) -> str:
    found, over = seen.found(name), bool(seen.operation.verdict)
    if found.answered_at:
        return "answered"
    if over:
        blamed = seen.operation.verdict == DrillState.BACKUP_BAD and seen.operation.about == name
        return "at_fault" if blamed else "not_reached"
    if found.started_at:
        return "started"
    if found.asked_at:
        return "asked"
    return "imported" if found.imported_at else "waiting"


def _tasks(seen: DrillView) -> list[dict[str, Any]]:
    """What people are to do now, with who did what already."""
    stage = seen.operation.stage
    found = []
    for number, step in enumerate(seen.operation.course.steps):
        if step.kind == PEOPLE and stage is not None and stage.kind == PEOPLE and step.group == stage.group:
            done = seen.operation.found.done.get(str(number))
            at = parse_datetime(done["at"]) if done else None
            found.append({"number": number, "text": step.text, "done": done, "at": at})
    return found
