"""What the census found that no row knows, for the region's people. Read from rows; no cloud is asked."""

from dataclasses import dataclass
from datetime import datetime

from provisioning.models import OrphanSighting


@dataclass(frozen=True)
class Sighting:
    """An object with our marker and without a row; `marker` is what it says of itself."""

    platform: str
    kind: str
    external_id: str
    marker: str
    first_seen: datetime
    last_seen: datetime


def open_sightings(limit: int = 200) -> list[Sighting]:
    """Those that are still there, the oldest first."""
    rows = OrphanSighting.objects.filter(settled_at__isnull=True)[:limit]
    return [Sighting(r.platform, r.kind, r.external_id, r.marker, r.first_seen, r.last_seen) for r in rows]
