"""Failovers with what the workers know of them: how far, the stop-watch, what is left out. From rows alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from elaastic.levels import Mode
from elaastic.models import Decision, Failover, Request, RequestKind, Subscription
from elaastic.selectors.subscriptions import subscriptions_readable_by
from provisioning.domain.course import Course
from provisioning.domain.findings import Findings, Found, seconds_between
from provisioning.selectors.operations import OperationView, operations
from provisioning.services.clock import now
from tenants.models import Actor


class FailoverState(models.TextChoices):
    """How far. `waiting`: for the end of a drill; `planning`: its plan is made, or waits for an approver."""

    WAITING = "waiting", _("Waits for the drill to be cleaned up")
    BRINGING = "bringing", _("The images are being brought")
    PLANNING = "planning", _("The plan is being made")
    STARTING = "starting", _("The machines are starting")
    STANDING = "standing", _("Running on the reserve")
    REMOVING = "removing", _("The machines are being removed")
    ENDED = "ended", _("Over")
    CALLED_OFF = "called_off", _("Nothing was started")


@dataclass(frozen=True)
class FailoverView:
    """One failover as it is now; `operation` is None until the reserve was free. Seconds are whole ones.

    `rto_s`: from the ask until the last machine had answered; `rpo_s`: how much older than the ask the oldest image
    was. None where that was not measured. `left_out`: machine -> why it was not started, a stable code. `ended_at`:
    since when nothing of it stands any more, or it was called off.
    """

    failover: Failover
    state: FailoverState
    operation: OperationView | None
    course: Course
    rto_s: int | None
    rpo_s: int | None
    left_out: dict[str, str]
    ended_at: datetime | None

    @property
    def elapsed_s(self) -> int:
        """The stop-watch: it stands still once there is a verdict."""
        judged = self.operation.judged_at if self.operation else None
        until = judged or (self.failover.request.decided_at if self.state == FailoverState.CALLED_OFF else None)
        return max(0, int(((until or now()) - self.failover.asked_at).total_seconds()))

    @property
    def findings(self) -> Findings:
        """What was measured; of no machine anything before there is an operation."""
        return self.operation.found if self.operation else Findings.parse({})

    def found(self, machine: str) -> Found:
        """What was measured of it."""
        return self.findings.of(machine)


def failovers_of(subscription: Subscription) -> QuerySet[Failover]:
    """The newest first."""
    return _whole(subscription.failovers.all())


def failovers_readable_by(actor: Actor) -> QuerySet[Failover]:
    """Of the subscriptions one may read."""
    return _whole(Failover.objects.filter(subscription__in=subscriptions_readable_by(actor).values("pk")))


def to_be_reviewed() -> QuerySet[Failover]:
    """Carried out, and read by no approver yet; the oldest first."""
    return _whole(Failover.objects.filter(request__decision=Decision.APPROVED, reviewed_at=None)).order_by("pk")


def _whole(rows: QuerySet[Failover]) -> QuerySet[Failover]:
    people = ("asked_by", "reviewed_by")
    return rows.select_related("subscription__authority", "request", *people).prefetch_related("points")


def is_under_way(subscription: Subscription) -> bool:
    """Asked for, or standing."""
    asked = Q(decision="", kind=RequestKind.FAIL_OVER)
    return bool(Mode.parse(subscription.mode).failed_over) or subscription.requests.filter(asked).exists()


def views(rows: Iterable[Failover]) -> list[FailoverView]:
    """With their operations, in one query more; and one for what ended those that were carried out."""
    found = list(rows)
    by_key, ends = operations(row.operation_key for row in found), _ends(found)
    return [_view(row, by_key.get(row.operation_key), ends.get(row.pk)) for row in found]


def view(row: Failover) -> FailoverView:
    """One of them."""
    return views([row])[0]


def _ends(rows: Iterable[Failover]) -> dict[int, Request]:
    """Row id -> the first approved ask after it to go back."""
    carried_out = [row for row in rows if row.request.decision == Decision.APPROVED]
    back = Request.objects.filter(
        kind=RequestKind.FAIL_BACK,
        decision=Decision.APPROVED,
        subscription__in={row.subscription_id for row in carried_out},
    )
    asked: dict[int, list[Request]] = {}
    for one in back.order_by("pk"):
        asked.setdefault(one.subscription_id, []).append(one)
    after = {
        row.pk: next((one for one in asked.get(row.subscription_id, ()) if one.pk > row.request_id), None)
        for row in carried_out
    }
    return {pk: one for pk, one in after.items() if one is not None}


def _view(row: Failover, seen: OperationView | None, end: Request | None) -> FailoverView:
    course = seen.course if seen else Course.parse(row.course)
    found = {machine.name: seen.found.of(machine.name).left_out for machine in course.machines} if seen else {}
    left_out = {**row.left_out, **{name: why for name, why in found.items() if why}}
    state = _state(row, seen, end)
    ended_at = row.request.decided_at if state == FailoverState.CALLED_OFF else end.applied_at if end else None
    return FailoverView(row, state, seen, course, _rto(row, seen), _rpo(row), left_out, ended_at)


def _state(row: Failover, seen: OperationView | None, end: Request | None) -> FailoverState:
    decision = row.request.decision
    if decision not in (Decision.OPEN, Decision.APPROVED):
        return FailoverState.CALLED_OFF
    if decision == Decision.APPROVED:
        return _once_carried_out(seen, end)
    if seen is None:
        return FailoverState.WAITING
    return FailoverState.PLANNING if seen.place else FailoverState.BRINGING


def _once_carried_out(seen: OperationView | None, end: Request | None) -> FailoverState:
    if end is not None:
        return FailoverState.ENDED if end.applied_at else FailoverState.REMOVING
    return FailoverState.STANDING if seen is not None and seen.verdict else FailoverState.STARTING


def _rto(row: Failover, seen: OperationView | None) -> int | None:
    """Only where every machine that was started has answered."""
    if seen is None or seen.verdict != "passed":
        return None
    last = max(seen.found.of(machine.name).answered_at for machine in seen.course.machines)
    return seconds_between(row.asked_at.isoformat(), last)


def _rpo(row: Failover) -> int | None:
    arrived = [point.arrived_at for point in row.points.all()]
    return max(0, int((row.asked_at - min(arrived)).total_seconds())) if arrived else None
