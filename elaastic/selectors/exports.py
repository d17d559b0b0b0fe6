"""Exports with what the workers know of them, and what came home of each machine. From rows alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from elaastic.models import Export, ExportState, Failover, RecoveryPoint, Subscription
from elaastic.selectors.subscriptions import subscriptions_readable_by
from provisioning.domain.findings import Found, seconds_between
from provisioning.selectors.operations import OperationView, operations
from provisioning.services.clock import now
from tenants.models import Actor

_ENDS: Final = {"passed": ExportState.EXPORTED, "stopped": ExportState.STOPPED}


@dataclass(frozen=True)
class ExportView:
    """One export as it is now."""

    export: Export
    state: ExportState
    operation: OperationView

    @property
    def elapsed_s(self) -> int:
        """The stop-watch, whole seconds: it stands still once there is a result."""
        until = self.operation.judged_at or now()
        return max(0, int((until - self.operation.begun_at).total_seconds()))

    def found(self, machine: str) -> Found:
        """What is known of it."""
        return self.operation.found.of(machine)


@dataclass(frozen=True)
class Home:
    """The newest image of a machine that came home. `point`: what the intake made of it; None before that."""

    found: Found
    point: RecoveryPoint | None

    @property
    def seconds(self) -> int:
        """From the ask for its image until it lay in the archive."""
        return seconds_between(self.found.asked_at, self.found.stored_at) or 0


def exports_of(failover: Failover) -> QuerySet[Export]:
    """The newest first."""
    return _whole(Export.objects.filter(failover=failover))


def exports_readable_by(actor: Actor) -> QuerySet[Export]:
    """Of the subscriptions one may read."""
    readable = subscriptions_readable_by(actor).values("pk")
    return _whole(Export.objects.filter(failover__subscription__in=readable))


def _whole(rows: QuerySet[Export]) -> QuerySet[Export]:
    return rows.select_related("asked_by", "failover__subscription__authority")


def views(rows: Iterable[Export]) -> list[ExportView]:
    """With their operations, in one query more."""
    found = list(rows)
    by_key = operations(row.operation_key for row in found)
    return [_view(row, by_key[row.operation_key]) for row in found]


def _view(row: Export, seen: OperationView) -> ExportView:
    if not seen.verdict:
        return ExportView(row, ExportState.RUNNING, seen)
    ended = _ENDS.get(seen.verdict, ExportState.INCOMPLETE)
    return ExportView(row, ended if seen.ended_at else ExportState.CLEANING, seen)


def came_home(seen: Iterable[ExportView], subscription: Subscription) -> Mapping[str, Home]:
    """By machine, out of these exports, the newest of which comes first. One query more."""
    newest: dict[str, tuple[str, Found]] = {}
    for one in seen:
        for machine in one.operation.course.machines:
            found = one.found(machine.name)
            if found.stored_at:
                newest.setdefault(machine.name, (machine.source.archive, found))
    keys = [found.key for _archive, found in newest.values()]
    rows = RecoveryPoint.objects.filter(subscription=subscription, key__in=keys) if keys else []
    points = {(row.archive, row.key): row for row in rows}
    return {name: Home(found, points.get((archive, found.key))) for name, (archive, found) in newest.items()}


def open_export(subscription: Subscription) -> Export | None:
    """The one that has no result yet."""
    rows = Export.objects.filter(failover__subscription=subscription, settled_at=None)
    return next((one.export for one in views(rows) if one.state == ExportState.RUNNING), None)
