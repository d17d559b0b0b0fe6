"""The work of the timetable, platform by platform; one that is down is passed over and comes round again."""

import logging

from provisioning.domain.conditions import State
from provisioning.domain.errors import ProviderError
from provisioning.domain.manifest import Manifest
from provisioning.engine import breaker, census, guard
from provisioning.models import Reservation, Stack
from provisioning.selectors.region import region
from provisioning.services import capacity
from provisioning.services.surroundings import provider

log = logging.getLogger(__name__)


def _reachable() -> list[str]:
    away = breaker.open_platforms()
    return [p.id for p in region().platforms if p.id not in away and p.provider != "people"]


def take_census() -> None:
    """List every platform once and compare with the rows."""
    for platform in _reachable():
        found = provider(platform)
        try:
            if found is not None and guard.may_write(platform, found):
                census.take(platform, found, region().installation)
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
    holders = Stack.objects.filter(pk__in=Reservation.objects.values("stack"), state__in=[State.READY, State.GONE])
    for stack in holders:
        if stack.state == State.READY:
            capacity.release_surplus(stack, Manifest.parse(stack.manifest).needs)
        else:
            capacity.release_surplus(stack, ())
