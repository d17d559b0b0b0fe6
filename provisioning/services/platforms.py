"""What an operator does about a platform."""

from provisioning.domain.errors import NotFound
from provisioning.engine import guard
from provisioning.services.surroundings import provider


def accept_restored(platform: str) -> None:
    """The report was read: the platform's newer marks are known from now on, and writing goes on."""
    found = provider(platform)
    if found is None:
        raise NotFound(f"There is no platform {platform} in the region file.")
    guard.accept(platform, found)
