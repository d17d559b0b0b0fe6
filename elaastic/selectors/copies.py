"""Where the copies of each archive are, how many there are and how far from the town hall."""

from collections.abc import Mapping
from dataclasses import dataclass

from elaastic.levels.archives import copies_of, lock_of
from elaastic.models import Subscription
from elaastic.selectors.estimates import seat_of
from provisioning.domain.manifest import Placement
from provisioning.domain.region import PlacementTarget, Site
from provisioning.selectors.capacity import distance_km
from provisioning.selectors.region import region
from provisioning.selectors.stacks import ResourceView, resources


@dataclass(frozen=True)
class SiteCopy:
    """One copy. `distance_km` from the town hall, None when nobody said where that stands."""

    site: Site
    distance_km: float | None


@dataclass(frozen=True)
class ArchiveCopies:
    """One archive. `in_terms`: it takes copies; otherwise it was given up, and what is in it is kept. `copies` 0:
    nobody has seen how many an archive has that was given up.

    `target` and `sites` are empty until a place was chosen; a site that the region file lost is left out.
    """

    name: str
    in_terms: bool
    immutability: str
    copies: int
    target: str
    sites: tuple[SiteCopy, ...]


def copies_of_archives(row: Subscription) -> list[ArchiveCopies]:
    """Every archive of the terms, then those that were given up. One query."""
    placement = Placement.parse(row.placement)
    seat = seat_of(row.authority)
    found = []
    for archive in row.terms["archives"]:
        number = copies_of(row.terms, archive)
        target = placement.target_for(number)
        lock = lock_of(row.terms, archive)
        found.append(ArchiveCopies(archive["name"], True, lock, number, *_where(target, seat)))
    for name, given in given_up(row).items():
        target = placement.target_for(given.copies)
        found.append(ArchiveCopies(name, False, given.immutability, given.copies, *_where(target, seat)))
    return found


@dataclass(frozen=True)
class GivenUp:
    """What an archive was given when it was made; '' and 0 while nobody has seen it."""

    immutability: str
    copies: int


def given_up(row: Subscription) -> dict[str, GivenUp]:
    """Archives with data that the terms leave out, by name, as they were last seen. One query."""
    wanted = {archive["name"] for archive in row.terms["archives"]}
    by_target = {one.id: one.copies for one in Placement.parse(row.placement).every_target}
    found = {}
    for resource in resources(row.stack_key):
        name = resource.name.removeprefix("archive-")
        if resource.kind == "ceph.bucket" and not resource.orphan and name not in wanted:
            found[name] = _as_seen(resource, by_target)
    return found


def _as_seen(resource: ResourceView, by_target: Mapping[str, int]) -> GivenUp:
    seen = resource.seen
    return GivenUp(str(seen.get("immutability", "")), by_target.get(str(seen.get("placement_target", "")), 0))


def _where(target: PlacementTarget | None, seat: tuple[float, float] | None) -> tuple[str, tuple[SiteCopy, ...]]:
    if target is None:
        return "", ()
    sites = [site for site in region().sites if site.code in target.sites]
    return target.id, tuple(SiteCopy(site, _distance(site, seat)) for site in sites)


def _distance(site: Site, seat: tuple[float, float] | None) -> float | None:
    return None if seat is None else round(distance_km(seat, (site.lat, site.lon)), 1)


def site_names(placement: Placement, target: str = "") -> tuple[str, ...]:
    """In the order of the region file: those of one of its targets, or of all together."""
    codes = next((one.sites for one in placement.every_target if one.id == target), placement.sites)
    return tuple(site.name for site in region().sites if site.code in codes)
