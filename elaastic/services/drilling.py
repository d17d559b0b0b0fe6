"""Trying a recovery plan: what is asked for here, workers carry out (`provisioning.services.operations`).

The machines start inside the town's own reserve, on a network that leads nowhere, from images that arrived; nothing
of what the town has is touched. The images in use are pinned until the drill has ended.
"""

import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from elaastic.levels import Mode
from elaastic.levels.recovery import faults, steps
from elaastic.models import (
    Drill,
    DrillImages,
    DrillState,
    RecoveryPlan,
    RecoveryPoint,
    RequestKind,
    Subscription,
    VerificationKind,
)
from elaastic.models.errors import CannotStart, DrillEnded, DrillOpen, FailedOver, NothingToStart, NotInForce
from elaastic.permissions import may_ask
from elaastic.selectors.drills import DrillView, views
from elaastic.selectors.recovery import machines, newest_usable
from elaastic.selectors.recovery_plans import plan_in_force
from elaastic.selectors.startable import earlier, hurdle
from elaastic.services.courses import machine_from, new_key, place_of
from elaastic.services.ledger import enter
from elaastic.services.pinning import keep_pinned, pin, unpin
from provisioning.domain.course import Course, Machine
from provisioning.domain.errors import NotFound as NotThere
from provisioning.domain.errors import OperationOpen
from provisioning.domain.findings import seconds_between
from provisioning.services import operations
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid, NotFound
from tenants.services import audit

log = logging.getLogger(__name__)
_AT_ONCE: Final = 50
_random: Final = secrets.SystemRandom()


def begin_drill(
    *, subscription: Subscription, by: Actor, machine: str = "", images: str = DrillImages.NEWEST
) -> Drill:
    """Try the whole plan in force, or one machine of it, from the newest usable images or from earlier ones drawn
    here, once; `images` is one of DrillImages.

    Raises Forbidden, NotFound (no plan), NotInForce, Invalid, NothingToStart, CannotStart, DrillOpen.
    """
    if not may_ask(by, subscription):
        raise Forbidden
    with transaction.atomic():
        made = _begin(prepare(subscription, machine, images), machine, asked_by=by.user, images=images)
        told = {"plan_version": made.plan_version, "machine": machine, "images": images}
        _record(made, "drill.begun", by, told)
    return made


def begin_by_the_clock(subscription: Subscription, night: date) -> Drill:
    """Try the whole plan because it is time to; nobody asked. Raises as `begin_drill`; DrillOpen when it was tried
    in this night already.
    """
    return _begin(prepare(subscription), "", night=night)


@dataclass(frozen=True)
class Prepared:
    """What would be tried now: the plan in force, and by machine the image that it would start from."""

    plan: RecoveryPlan
    points: dict[str, RecoveryPoint]


def prepare(subscription: Subscription, machine: str = "", images: str = DrillImages.NEWEST) -> Prepared:
    """The plan or one machine of it, if it can be tried. Raises NotFound, NotInForce, Invalid, NothingToStart,
    CannotStart.
    """
    if images not in DrillImages.values:
        known = ", ".join(DrillImages.values)
        raise Invalid(errors={"images": [_("Choose one of %(known)s.") % {"known": known}]})
    plan = plan_in_force(subscription)
    _check_in_force(subscription)
    if faults(plan.document, subscription.terms):
        raise CannotStart(
            _("The recovery plan no longer fits the machines: open it, read what was fitted, and save.")
        )
    return Prepared(plan, _points(subscription, _names(plan, machine), images))


def _begin(what: Prepared, machine: str, **asked: Any) -> Drill:
    plan, points = what.plan, what.points
    key, row = new_key("d"), what.plan.subscription
    try:
        with transaction.atomic():
            made = Drill.objects.create(
                subscription=row, machine=machine, plan_version=plan.version, operation_key=key, asked_at=now(),
                **asked,
            )  # fmt: skip
            made.points.set(points.values())
            pin(RecoveryPoint.objects.filter(drills=made))
            kind = "restore_test" if machine else "drill"
            operations.begin(key=key, host=row.stack_key, kind=kind, course=_course(plan, points))
    except (OperationOpen, IntegrityError) as error:
        raise DrillOpen from error
    except NotThere as error:
        raise NotInForce from error
    return made


def _check_in_force(subscription: Subscription) -> None:
    row = subscription
    if not row.activated_at or row.suspended_at or row.leave_requested_at or row.ended_at or row.closed_at:
        raise NotInForce
    if row.requests.filter(decision="", kind=RequestKind.END).exists():
        raise NotInForce
    if Mode.parse(row.mode).failed_over:
        raise FailedOver


def _names(plan: RecoveryPlan, machine: str) -> list[str]:
    """In boot order. Raises Invalid for a machine that the plan does not have."""
    known = [step.machine for step in steps(plan.document) if step.kind == "start"]
    if machine and machine not in known:
        raise Invalid(errors={"machine": [_("The recovery plan has no machine of this name.")]})
    return [machine] if machine else known


def _points(subscription: Subscription, names: Iterable[str], images: str) -> dict[str, RecoveryPoint]:
    """By machine: its newest usable image, or an earlier one. Raises NothingToStart, CannotStart."""
    found = {name: newest_usable(subscription, name) for name in names}
    natures = {machine["name"]: machine["nature"] for machine in machines(subscription)}
    if none := [name for name, point in found.items() if point is None]:
        raise NothingToStart(_("No usable image has arrived yet of: %(names)s.") % {"names": ", ".join(none)})
    here = {name: point for name, point in found.items() if point is not None}
    if images == DrillImages.RANDOM:
        here |= _drawn(subscription, here)
    if hurdles := [said for name, point in here.items() if (said := hurdle(point, natures[name]))]:
        raise CannotStart(" ".join(hurdles))
    return here


def _drawn(subscription: Subscription, newest: Mapping[str, RecoveryPoint]) -> dict[str, RecoveryPoint]:
    """Of each machine that has any, one of its images before these. Raises NothingToStart where none has."""
    rows: dict[str, list[int]] = {}
    for name, pk in earlier(subscription, newest.values()).order_by("pk").values_list("machine", "pk"):
        rows.setdefault(name, []).append(pk)
    if not rows:
        raise NothingToStart(
            _("There is no image before the newest one that could be started: %(names)s.")
            % {"names": ", ".join(newest)}
        )
    chosen = RecoveryPoint.objects.in_bulk([_random.choice(pks) for pks in rows.values()])
    return {point.machine: point for point in chosen.values()}


def _course(plan: RecoveryPlan, points: Mapping[str, RecoveryPoint]) -> Course:
    row, wanted = plan.subscription, set(points)
    terms = {machine["name"]: machine for machine in machines(row)}
    whole = len(wanted) > 1 or len(terms) == 1
    started = tuple(machine_from(terms[name], points[name]) for name in points)
    kept = [s for s in steps(plan.document) if s.machine in wanted or (whole and not s.machine)]
    return Course(
        lan=row.terms["lan"],
        place=place_of(row, {machine.system for machine in started}),
        machines=started,
        steps=tuple(kept),
    )


def stop_drill(*, drill: Drill, by: Actor) -> None:
    """No more is tried, and everything is removed. Raises Forbidden, DrillEnded."""
    if not may_ask(by, drill.subscription):
        raise Forbidden
    with transaction.atomic():
        if not operations.stop(drill.operation_key):
            raise DrillEnded
        _record(drill, "drill.stopped", by, {})


def tick_off_step(*, drill: Drill, step: int, by: Actor) -> None:
    """Somebody did what the plan asks of people; `step` counts the course's steps. Raises Forbidden, NotFound (not
    now, or nothing for people), DrillEnded.
    """
    if not may_ask(by, drill.subscription):
        raise Forbidden
    with transaction.atomic():
        try:
            done = operations.tick_off(drill.operation_key, step, str(by.user))
        except NotThere as error:
            raise NotFound from error
        if not done:
            raise DrillEnded
        _record(drill, "drill.step_done", by, {"step": step})


def tick() -> None:
    """What has ended is written into the ledger, once; what has not keeps its images."""
    open_ = Drill.objects.filter(settled_at=None)
    keep_pinned(RecoveryPoint.objects.filter(drills__in=open_))
    over = open_.filter(operation_key__in=operations.ended_keys())
    rows = over.select_related("subscription__authority", "asked_by").prefetch_related("points")
    for seen in views(rows.order_by("pk")[:_AT_ONCE]):
        try:
            _settle(seen)
        except Exception:
            log.exception("The end of drill %s was not written down; it is tried again.", seen.drill.public_id)


def _settle(seen: DrillView) -> None:
    """A machine a line: what was started, from which bytes, how long it took. What was not tested shows nothing."""
    drill, moment = seen.drill, now()
    with transaction.atomic():
        if not Drill.objects.filter(pk=drill.pk, settled_at=None).update(settled_at=moment):
            return
        unpin(drill.points.all())
        if seen.state in (DrillState.PASSED, DrillState.BACKUP_BAD):
            for machine in seen.operation.course.machines:
                _enter(seen, machine)


def _enter(seen: DrillView, machine: Machine) -> None:
    """Of a drill that failed only what had answered, and what was at fault."""
    found, judged = seen.found(machine.name), seen.operation.judged_at
    assert judged is not None
    if not found.answered_at and not _blames(seen, machine.name):
        return
    enter(
        subscription=seen.drill.subscription,
        archive=machine.source.archive,
        kind=VerificationKind.BOOTED,
        passed=bool(found.answered_at),
        at=judged,
        by=seen.drill.asked_by,
        seconds=seconds_between(found.asked_at, found.answered_at) or 0,
        evidence={
            "drill": str(seen.drill.public_id),
            "images": seen.drill.images,
            "machine": machine.name,
            "key": machine.source.key,
            "version": machine.source.version,
            "sha512": machine.source.sha512,
            "reason": "" if found.answered_at else seen.operation.reason,
            **{name: getattr(found, name) for name in ("imported_at", "asked_at", "started_at", "answered_at")},
        },
    )


def _blames(seen: DrillView, machine: str) -> bool:
    return seen.operation.verdict == DrillState.BACKUP_BAD and seen.operation.about == machine


def newest_verdict_at(subscription: Subscription) -> Any:
    """When something was last tried to its end; None if never."""
    return subscription.drills.filter(settled_at__isnull=False).aggregate(at=Max("settled_at"))["at"]


def _record(drill: Drill, action: str, by: Actor, told: Mapping[str, Any]) -> None:
    audit.record(
        by=by,
        action=action,
        subject_type="subscription",
        subject_id=drill.subscription.public_id,
        authority=drill.subscription.authority,
        after={"drill": str(drill.public_id), **told},
    )
