"""One row a platform: is it worth asking at all?

Only failed connections, time-outs and 502/503/504 count. While it is open nobody asks but a probe, once a
second at most over all workers; when it closes, waiting stacks come back a few at a time.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import F, Q

from provisioning.domain.errors import PlatformDown, ProviderError
from provisioning.domain.handler import Provider
from provisioning.models import PlatformState, Resource, Stack, clock

TRIPS: Final = 3  # one lost packet is no outage, three in a row are
PROBE_EVERY: Final = timedelta(seconds=1)
RETURN_PER_S: Final = 10  # stacks that come back each second after an outage


@dataclass(frozen=True)
class Health:
    """`open`: nobody should ask these now. `shaky`: some calls to these failed lately."""

    open: frozenset[str]
    shaky: frozenset[str]
    good_until: float

    def is_fresh(self) -> bool:
        """Young enough to go by: a probe comes no more often either."""
        return clock.monotonic() < self.good_until


def health() -> Health:
    """Every platform's state in one query; most have none."""
    bad = PlatformState.objects.filter(failures__gt=0).values_list("platform", "open_until")
    away = frozenset(platform for platform, until in bad if until is not None)
    good_until = clock.monotonic() + PROBE_EVERY.total_seconds()
    return Health(away, frozenset(platform for platform, _ in bad) - away, good_until)


def open_platforms() -> frozenset[str]:
    """The platforms that nobody should ask now."""
    return health().open


def failed(platform: str, error: ProviderError) -> None:
    """A call did not get through."""
    if not isinstance(error, PlatformDown):
        return
    now = clock.now()
    PlatformState.objects.get_or_create(platform=platform)
    state = PlatformState.objects.filter(platform=platform)
    state.update(failures=F("failures") + 1, last_error=error.message[:500])
    state.filter(failures__gte=TRIPS, open_until__isnull=True).update(open_until=now, opened_at=now)


def answered(platform: str) -> None:
    """A call got through: what was counted is forgotten."""
    PlatformState.objects.filter(platform=platform, failures__gt=0).update(failures=0, answered_at=clock.now())


def probe(platform: str, provider: Provider) -> bool:
    """Ask once, if it is time and nobody else did; True when the platform is back."""
    now = clock.now()
    due = Q(probed_at__isnull=True) | Q(probed_at__lte=now - PROBE_EVERY)
    if not PlatformState.objects.filter(due, platform=platform, open_until__isnull=False).update(probed_at=now):
        return False
    try:
        provider.probe()
    except ProviderError as error:
        PlatformState.objects.filter(platform=platform).update(last_error=error.message[:500])
        return False
    PlatformState.objects.filter(platform=platform).update(
        failures=0, open_until=None, opened_at=None, answered_at=clock.now(), last_error=""
    )
    _let_return(platform)
    return True


def _let_return(platform: str) -> None:
    """Everything that waited is due again, spread so that the platform is not knocked over as it stands up."""
    now = clock.now()
    waiting = Stack.objects.filter(resources__platform=platform, resources__trouble_since__isnull=False)
    for place, stack_id in enumerate(waiting.values_list("pk", flat=True).distinct().order_by("pk")):
        at = now + timedelta(seconds=place / RETURN_PER_S)
        Resource.objects.filter(stack_id=stack_id, platform=platform, trouble_since__isnull=False).update(
            next_look=at
        )
        Stack.objects.filter(pk=stack_id).update(next_look=at, wanted=F("wanted") + 1)
