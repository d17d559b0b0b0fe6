"""Capacity from rows: what is promised, what is left, what a request would do to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

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


def plans_effects(plans: Iterable[PlanView]) -> list[Effect]:
    """What approving all of these would do together, one effect for each row that they touch. Two queries."""
    asked = list(plans)
    held: dict[tuple[str, str, str, str], int] = {}
    rows = Reservation.objects.filter(stack__key__in=[p.stack_key for p in asked]).select_related("row", "stack")
    for r in rows:
        held[r.stack.key, r.row.platform, r.row.site, r.row.resource] = r.amount
    more: dict[tuple[str, str, str], int] = {}
    for plan in asked:
        for need in plan.needs:
            key = (need["platform"], need["site"], need["resource"])
            extra = max(0, need["amount"] - held.get((plan.stack_key, *key), 0))
            more[key] = more.get(key, 0) + extra
    return effects(Need(*key, amount) for key, amount in more.items())


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


def choose_storage(
    copies: Iterable[int], storage_gib: int, near: tuple[float, float] | None = None, held: Placement | None = None
) -> Placement | None:
    """Where archives with these numbers of copies fit, all on one platform; None when nothing fits.

    Whatever shares the quota may fill it alone, so each site that holds copies needs room for all of it. Hence the
    fewest sites; then those whose tightest has most room; among those within a tenth of the best, the one whose
    nearest copies are farthest from `near` (lat, lon): the earthquake that takes the town hall should not take the
    copies. `held`: where it lives already; that stays, and its sites have their room.
    """
    wanted = sorted(set(copies), reverse=True)
    present = held or Placement()
    lacking = [number for number in wanted if present.target_for(number) is None]
    if held and not lacking:
        return held
    free = {(r.platform, r.site): r.free for r in rooms() if r.resource == "storage_gib"}
    today = region()
    options = []
    for platform, targets in _choices(today, lacking, present.platforms.get("ceph")):
        placement = replace(present, platforms={**present.platforms, "ceph": platform.id}).with_targets(targets)
        more = [site for site in placement.sites if site not in present.sites]
        tightest = min((free.get((platform.id, site), 0) for site in more), default=storage_gib)
        if tightest >= storage_gib:
            apart = sum(_distance(today, target, near) for target in targets)
            options.append((len(placement.sites), tightest, apart, placement))
    if not options:
        return None
    fewest = min(o[0] for o in options)
    best = max(o[1] for o in options if o[0] == fewest)
    good = [o for o in options if o[0] == fewest and o[1] >= best * 0.9]
    return max(good, key=lambda o: (o[2], o[1], [t.id for t in o[3].every_target]))[3]


def _choices(
    today: Region, copies: Iterable[int], only: str | None
) -> Iterable[tuple[Platform, tuple[PlacementTarget, ...]]]:
    """Every way to have a target for each number on one platform; `only`: on no other."""
    for platform in today.platforms:
        if platform.provider != "ceph" or platform.maintenance or (only and platform.id != only):
            continue
        by_number = [[t for t in platform.placement_targets if t.copies == number] for number in copies]
        yield from ((platform, targets) for targets in product(*by_number))


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
    """Is it reachable, and may the portal write there? `ways`: protocols beside S3, each with its address.

    `open_since`: since when the breaker is open. `sites_down`, `figures`: as it said itself at `sampled_at`;
    a figure is a mapping of site, resource, total and used.
    """

    id: str
    provider: str
    sites: tuple[str, ...]
    reachable: bool
    held: bool
    last_error: str
    endpoint: str
    region: str
    ways: Mapping[str, str]
    host_key: str
    open_since: datetime | None
    sampled_at: datetime | None
    sites_down: tuple[str, ...]
    figures: tuple[Mapping[str, Any], ...]
    targets: tuple[PlacementTarget, ...]


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
                ways={name: p.endpoints[name] for name in p.protocols if name in p.endpoints},
                host_key=p.sftp_host_key,
                open_since=state.opened_at if state else None,
                sampled_at=state.sampled_at if state else None,
                sites_down=tuple(state.sites_down) if state else (),
                figures=tuple(state.figures) if state else (),
                targets=tuple(p.placement_targets),
            )
        )
    return found
