"""What an operator does about a platform, and what the platform says about itself."""

import logging
from dataclasses import asdict
from typing import Any, Protocol, runtime_checkable

from provisioning.domain.errors import NotFound, ProviderError
from provisioning.domain.handler import Sample
from provisioning.engine import census, guard
from provisioning.models import PlatformState, clock
from provisioning.selectors.region import region
from provisioning.services.surroundings import provider

log = logging.getLogger(__name__)


@runtime_checkable
class Describes(Protocol):
    """A provider that knows how its sites are."""

    def health(self) -> list[str]: ...
    def capacity(self) -> list[Sample]: ...


def sample_platforms() -> None:
    """Ask each platform which of its sites are down and what it holds. A worker's job; one that does not answer
    keeps its last figures, which grow old in sight.
    """
    for platform in region().platforms:
        found: object = provider(platform.id)
        if not isinstance(found, Describes) or platform.maintenance:
            continue
        try:
            told: dict[str, Any] = {
                "sites_down": found.health(),
                "figures": [asdict(sample) for sample in found.capacity()],
                "sampled_at": clock.now(),
            }
        except ProviderError as error:
            log.warning("%s does not say how its sites are: %s", platform.id, error.message)
            continue
        PlatformState.objects.update_or_create(platform=platform.id, defaults=told)


def accept_restored(platform: str) -> None:
    """The report was read. A worker asks the platform which marks it has, and lets writing go on."""
    held = PlatformState.objects.filter(platform=platform, held_at__isnull=False)
    if not held.update(accepted_at=clock.now()):
        raise NotFound(f"Platform {platform} is not held back.")


def carry_out_acceptances() -> None:
    """A worker's part, at each look; a platform that does not answer is asked again at the next.

    The census first: what it meets now is kept for ever, however soon after the restore the report was read.
    """
    asked = PlatformState.objects.filter(held_at__isnull=False, accepted_at__isnull=False)
    for platform in asked.values_list("platform", flat=True):
        found = provider(platform)
        if found is None:
            continue
        try:
            census.take(platform, found, region().installation, ahead=True)
            guard.accept(platform, found)
        except ProviderError as error:
            PlatformState.objects.filter(platform=platform).update(last_error=error.message[:500])
