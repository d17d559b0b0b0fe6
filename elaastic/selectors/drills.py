"""Drills with what the workers know of them: the state, the stop-watch, what each machine did."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from elaastic.models import Drill, DrillImages, DrillMinutes, DrillState, RecoveryPoint, Subscription
from elaastic.selectors.subscriptions import subscriptions_readable_by
from provisioning.domain.course import Machine
from provisioning.domain.findings import Found, seconds_between
from provisioning.selectors.operations import OperationView, operations
from provisioning.services.clock import now
from tenants.models import Actor


@dataclass(frozen=True)
class DrillView:
    """One drill as it is now. Seconds are whole ones.

    `rto_s`: from its beginning until the last machine had answered, bringing the images included; `rpo_s`: how much
    older than its beginning the oldest of its images was: an RPO only where they were the newest (`is_of_newest`).
    None where that was not measured.
    """

    drill: Drill
    state: DrillState
    operation: OperationView
    rto_s: int | None
    rpo_s: int | None

    @property
    def elapsed_s(self) -> int:
        """The stop-watch: it stands still once there is a verdict."""
        until = self.operation.judged_at or now()
        return max(0, int((until - self.operation.begun_at).total_seconds()))

    def found(self, machine: str) -> Found:
        """What was measured of it."""
        return self.operation.found.of(machine)

    @property
    def is_of_newest(self) -> bool:
        """Older images were not chosen: their age is what would have been lost."""
        return self.drill.images == DrillImages.NEWEST

    def point(self, machine: Machine) -> RecoveryPoint | None:
        """From which it starts."""
        source = machine.source
        wanted = (source.archive, source.key, source.version)
        points = self.drill.points.all()
        return next((one for one in points if (one.archive, one.key, one.version) == wanted), None)


def drills_readable_by(actor: Actor) -> QuerySet[Drill]:
    """Of the subscriptions one may read."""
    readable = subscriptions_readable_by(actor).values("pk")
    rows = Drill.objects.filter(subscription__in=readable)
    return rows.select_related("subscription__authority", "asked_by").prefetch_related("points")


def drills_of(subscription: Subscription) -> QuerySet[Drill]:
    """The newest first."""
    return subscription.drills.select_related("subscription__authority", "asked_by").prefetch_related("points")


def minutes_of(drills: Iterable[Drill]) -> QuerySet[DrillMinutes]:
    """Their minutes as files, one a language; nothing until a worker has made them, or where none can be made."""
    made = DrillMinutes.objects.filter(drill__in=drills).exclude(sha256="")
    return made.select_related("drill").order_by("drill_id", "language")


def views(rows: Iterable[Drill]) -> list[DrillView]:
    """With their operations, in one query more."""
    found = list(rows)
    by_key = operations(row.operation_key for row in found)
    return [_view(row, by_key[row.operation_key]) for row in found]


def view(row: Drill) -> DrillView:
    """One of them."""
    return views([row])[0]


def _view(row: Drill, seen: OperationView) -> DrillView:
    return DrillView(row, _state(seen), seen, _rto(seen), _rpo(row, seen.begun_at))


def _state(seen: OperationView) -> DrillState:
    if not seen.verdict:
        return DrillState.RUNNING
    return DrillState(seen.verdict) if seen.ended_at else DrillState.CLEANING


def _rto(seen: OperationView) -> int | None:
    """Only a whole course has one."""
    if seen.verdict != DrillState.PASSED:
        return None
    last = max(seen.found.of(machine.name).answered_at for machine in seen.course.machines)
    return seconds_between(seen.begun_at.isoformat(), last)


def _rpo(row: Drill, begun_at: datetime) -> int | None:
    arrived = [point.arrived_at for point in row.points.all()]
    return max(0, int((begun_at - min(arrived)).total_seconds())) if arrived else None
