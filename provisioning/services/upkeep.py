"""The work of the timetable, platform by platform; one that is down is passed over and comes round again."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from provisioning.domain.conditions import State
from provisioning.domain.errors import ProviderError
from provisioning.domain.manifest import Manifest, Need
from provisioning.engine import breaker, census, guard
from provisioning.models import Reservation, Stack
from provisioning.selectors.region import region
from provisioning.services import capacity
from provisioning.services.surroundings import provider

log = logging.getLogger(__name__)


@runtime_checkable
class HasTargets(Protocol):
    """A provider whose platforms have placement targets."""

    def missing_targets(self) -> list[str]:
        """Those of the region file that the platform lacks."""
        ...


def _reachable() -> list[str]:
    away = breaker.open_platforms()
    return [p.id for p in region().platforms if p.id not in away and p.provider != "people"]


def take_census() -> None:
    """List every platform once and compare with the rows."""
    for platform in _reachable():
        found = provider(platform)
        try:
            if found is not None:
                ahead = not guard.may_write(platform, found)
                census.take(platform, found, region().installation, ahead=ahead)
        except ProviderError as error:
            log.warning("The census of %s was not finished: %s", platform, error.message)


def push_marks() -> None:
    """Advance each platform's counter: in the database first, then there."""
    for platform in _reachable():
        found = provider(platform)
        try:
            if found is not None and guard.may_write(platform, found):
                guard.advance(platform)
                guard.may_write(platform, found)
        except ProviderError as error:
            log.warning("The mark of %s was not pushed: %s", platform, error.message)


def load_capacity() -> None:
    """Bring the capacity rows to the region file's figures."""
    capacity.load_totals()


def release_surplus() -> None:
    """Stacks at rest hold what their manifest needs, and no more; what is retained keeps its share."""
    needs: dict[str, Callable[[Stack], Iterable[Need]]] = {
        State.READY: lambda stack: Manifest.parse(stack.manifest).needs,
        State.RETAINED: _still_held,
        State.GONE: lambda stack: (),
    }
    holders = Stack.objects.filter(pk__in=Reservation.objects.values("stack"), state__in=list(needs))
    for stack in holders:
        capacity.release_surplus(stack, needs[stack.state](stack))


def _still_held(stack: Stack) -> list[Need]:
    """What is retained keeps its platform's share whole; where nothing of the stack is left, it holds nothing."""
    where = set(stack.resources.exclude(state=State.GONE).values_list("platform", flat=True))
    held = stack.reservations.filter(row__platform__in=where).select_related("row")
    return [Need(r.row.platform, r.row.site, r.row.resource, r.amount) for r in held]


def region_faults() -> list[str]:
    """What the region file promises and the platforms lack, as sentences; a platform that is silent is one."""
    faults = []
    for told in region().platforms:
        found: object = provider(told.id)
        if not isinstance(found, HasTargets):
            continue
        try:
            missing = found.missing_targets()
        except ProviderError as error:
            faults.append(f"Platform {told.id} could not be looked at: {error.message}")
            continue
        faults += [
            f"Platform {told.id} has no placement target {target}; make it there or take it out of the region file."
            for target in missing
        ]
    return faults


def report_region() -> None:
    """At a worker's start. It goes on: the other platforms and targets still serve."""
    for fault in region_faults():
        log.error("%s", fault)
