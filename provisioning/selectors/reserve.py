"""On which site machines would start: from rows, for a town that may lose its nearest one."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.domain.region import Region, Site
from provisioning.selectors.capacity import distance_km, rooms
from provisioning.selectors.region import region


@dataclass(frozen=True)
class ReservePlace:
    """One site, and on it the platform of each system that is needed."""

    site: str
    platforms: Mapping[str, str]


def choose_reserve(
    wanted: Mapping[str, Mapping[str, int]], near: tuple[float, float] | None = None, only: str = ""
) -> ReservePlace | None:
    """`wanted`: amounts by system and resource; `near` (lat, lon): the town hall; `only`: no other site will do.
    None when it does not fit.

    What takes the town hall may take the site beside it: the nearest one is chosen only when no other has room.
    Among the others, the one that keeps the largest share of its room free.
    """
    today = region()
    free = {(r.platform, r.site, r.resource): (r.free, r.total) for r in rooms()}
    options = []
    for site in today.sites:
        if only and site.code != only:
            continue
        found = _on(today, site.code, wanted, free)
        if found is not None:
            platforms, share = found
            options.append((site.code != _nearest(today, near), share, ReservePlace(site.code, platforms)))
    return max(options, key=lambda one: one[:2])[2] if options else None


def _on(
    today: Region,
    site: str,
    wanted: Mapping[str, Mapping[str, int]],
    free: Mapping[tuple[str, str, str], tuple[int, int]],
) -> tuple[dict[str, str], float] | None:
    """For every system the platform that has most left there afterwards; the tightest share of all."""
    chosen, tightest = {}, 1.0
    for system, amounts in wanted.items():
        shares = {
            p.id: min(_share_left(free.get((p.id, site, name), (0, 0)), amount) for name, amount in amounts.items())
            for p in today.platforms
            if p.provider == system and site in p.sites and not p.maintenance
        }
        best = max(shares, key=lambda id: (shares[id], id), default="")
        if not best or shares[best] < 0:
            return None
        chosen[system] = best
        tightest = min(tightest, shares[best])
    return chosen, tightest


def _share_left(room: tuple[int, int], amount: int) -> float:
    """Negative when it does not fit."""
    free, total = room
    return (free - amount) / total if total else -1.0


def _nearest(today: Region, near: tuple[float, float] | None) -> str:
    """The site closest to the town hall; "" when nobody said where that is."""
    if near is None:
        return ""

    def distance(site: Site) -> float:
        return distance_km(near, (site.lat, site.lon))

    return min(today.sites, key=distance).code
