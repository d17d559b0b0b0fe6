"""Capacity from rows: what is promised, what is left, what a request would do to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Final

from provisioning.domain.manifest import Need, Placement
from provisioning.domain.region import PlacementTarget, Platform, Region
from provisioning.models import CapacityRow, PlatformState, Reservation
from provisioning.selectors.region import region
from provisioning.selectors.stacks import PlanView

_EARTH_KM: Final = 6371.0


@dataclass(frozen=True)
class Room:
    """One capacity row; the same units as `Need`."""

    platform: str
    site: str
    resource: str
    total: int
    used: int

    @property
    def free(self) -> int:
        """What can still be promised."""
        return self.total - self.used


@dataclass(frozen=True)
class Effect:
    """What a request does to one row."""

    room: Room
    amount: int

    @property
    def after(self) -> int:
        """Promised once it is approved."""
        return self.room.used + self.amount

    @property
    def fits(self) -> bool:
        """It can be promised today."""
        return self.amount <= self.room.free


def rooms() -> list[Room]:
    """Every capacity row."""
    return [
        Room(r.platform, r.site, r.resource, r.total, r.used)
        for r in CapacityRow.objects.order_by("platform", "site", "resource")
    ]


def reserved(stack_key: str) -> list[Need]:
    """What the stack has reserved already."""
    rows = Reservation.objects.filter(stack__key=stack_key).select_related("row")
    return [Need(r.row.platform, r.row.site, r.row.resource, r.amount) for r in rows]


def plan_effects(plan: PlanView) -> list[Effect]:
    """What approving this plan would do to each row that it touches; nothing once it was approved."""
    return effects([Need(**need) for need in plan.needs], reserved(plan.stack_key))


def effects(needs: Iterable[Need], already: Iterable[Need] = ()) -> list[Effect]:
    """What `needs`, less what is reserved already, does to each row that it touches."""
    by_key = {(r.platform, r.site, r.resource): r for r in rooms()}
    had = {(n.platform, n.site, n.resource): n.amount for n in already}
    found = []
    for need in needs:
        key = (need.platform, need.site, need.resource)
        room = by_key.get(key) or Room(*key, total=0, used=0)
        found.append(Effect(room, max(0, need.amount - had.get(key, 0))))
    return found


def choose_storage(copies: int, storage_gib: int, near: tuple[float, float] | None = None) -> Placement | None:
    """Where an archive of that size with that many copies fits: the placement whose tightest site has most room.

    Among those within a tenth of the best, the one whose nearest copy is farthest from `near` (lat, lon): the
    earthquake that takes the town hall should not take the copies. None when nothing fits.
    """
    free = {(r.platform, r.site): r.free for r in rooms() if r.resource == "storage_gib"}
    options = []
    today = region()
    for platform, target in _targets(today, copies):
        tightest = min(free.get((platform.id, site), 0) for site in target.sites)
        if tightest >= storage_gib:
            options.append((tightest, _distance(today, target, near), platform, target))
    if not options:
        return None
    best = max(o[0] for o in options)
    _, _, platform, target = max((o for o in options if o[0] >= best * 0.9), key=lambda o: (o[1], o[0], o[3].id))
    return Placement({"ceph": platform.id}, target.id, target.sites)


def _targets(today: Region, copies: int) -> Iterable[tuple[Platform, PlacementTarget]]:
    for platform in today.platforms:
        if platform.provider == "ceph" and not platform.maintenance:
            yield from ((platform, t) for t in platform.placement_targets if t.copies == copies)


def _distance(today: Region, target: PlacementTarget, near: tuple[float, float] | None) -> float:
    """Kilometres from `near` to the closest of the target's sites; 0 when nobody said where."""
    if near is None:
        return 0.0
    sites = [s for s in today.sites if s.code in target.sites]
    return min(distance_km(near, (s.lat, s.lon)) for s in sites)


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (lat, lon) in degrees (haversine)."""
    (lat1, lon1), (lat2, lon2) = (map(radians, a)), (map(radians, b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(h))


@dataclass(frozen=True)
class PlatformView:
    """Is it reachable, and may the portal write there?"""

    id: str
    provider: str
    sites: tuple[str, ...]
    reachable: bool
    held: bool
    last_error: str
    endpoint: str
    region: str


def platforms() -> list[PlatformView]:
    """Every platform of the region file with what is known of it."""
    states = {s.platform: s for s in PlatformState.objects.all()}
    found = []
    for p in region().platforms:
        state = states.get(p.id)
        found.append(
            PlatformView(
                id=p.id,
                provider=p.provider,
                sites=p.sites,
                reachable=not (state and state.open_until),
                held=bool(state and state.held_at),
                last_error=state.last_error if state else "",
                endpoint=p.endpoints.get("data", ""),
                region=p.region,
            )
        )
    return found
