"""What an operator does about a platform."""

from provisioning.domain.errors import NotFound, ProviderError
from provisioning.engine import guard
from provisioning.models import PlatformState, clock
from provisioning.services.surroundings import provider


def accept_restored(platform: str) -> None:
    """The report was read. A worker asks the platform which marks it has, and lets writing go on."""
    held = PlatformState.objects.filter(platform=platform, held_at__isnull=False)
    if not held.update(accepted_at=clock.now()):
        raise NotFound(f"Platform {platform} is not held back.")


def carry_out_acceptances() -> None:
    """A worker's part, at each look; a platform that does not answer is asked again at the next."""
    asked = PlatformState.objects.filter(held_at__isnull=False, accepted_at__isnull=False)
    for platform in asked.values_list("platform", flat=True):
        found = provider(platform)
        if found is None:
            continue
        try:
            guard.accept(platform, found)
        except ProviderError as error:
            PlatformState.objects.filter(platform=platform).update(last_error=error.message[:500])
