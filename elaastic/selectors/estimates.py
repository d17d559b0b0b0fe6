"""What terms cost, where they fit today and how long the first copy takes. From rows; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from elaastic.levels import LEVELS, Level
from elaastic.levels.first_copy import duration_s
from elaastic.levels.pricing import Bill, Price, bill, in_force
from elaastic.models import PriceRow
from elaastic.selectors.placing import choose_placement
from elaastic.selectors.today import today
from provisioning.domain.manifest import Need, Placement
from provisioning.selectors.capacity import Effect, effects, rooms
from provisioning.selectors.region import region
from tenants.models import LocalAuthority

# The guide's own figure: ask for about twice the data that you protect.
QUOTA_OF_DATA: Final = 2


@dataclass(frozen=True)
class Estimate:
    """`placement` None: it fits nowhere today, and `effects` are then those of every site there is.

    `first_copy_s`: seconds on the line, None when nobody said how fast it is.
    """

    bill: Bill
    placement: Placement | None
    effects: tuple[Effect, ...]
    data_gib: int
    first_copy_s: int | None

    @property
    def fits(self) -> bool:
        """Today, all of it."""
        return self.placement is not None


def prices() -> list[Price]:
    """Every row of the price list, past and future ones too."""
    return [Price(r.level, r.item, r.amount, r.valid_from, r.currency) for r in PriceRow.objects.all()]


def prices_today(level: int) -> dict[str, Price]:
    """A level's prices in force, by item."""
    return in_force(prices(), level, today())


def estimate(
    level: int,
    terms: Mapping[str, Any],
    *,
    authority: LocalAuthority | None = None,
    data_gib: int | None = None,
    uplink_mbit: int | None = None,
) -> Estimate:
    """For checked terms of a level that can be asked for. Two queries. `data_gib`: half the quota when unsaid."""
    found = LEVELS[level]
    assert found.storage is not None
    asked = found.storage(terms)
    placement = choose_placement(found, terms, seat_of(authority))
    data = data_gib if data_gib is not None else max(1, asked.gib // QUOTA_OF_DATA)
    return Estimate(
        bill(found.quantities(terms), prices_today(level)),
        placement,
        tuple(effects(_needs(found, terms, placement))),
        data,
        duration_s(data, uplink_mbit) if uplink_mbit else None,
    )


def seat_of(authority: LocalAuthority | None) -> tuple[float, float] | None:
    """(lat, lon) of the town hall, or None when nobody said where it stands."""
    if authority is None or authority.seat_lat is None or authority.seat_lon is None:
        return None
    return authority.seat_lat, authority.seat_lon


def _needs(level: Level, terms: Mapping[str, Any], placement: Placement | None) -> list[Need]:
    """Those of the manifest, or of every site there is when it fits nowhere."""
    assert level.blueprint is not None and level.storage is not None
    if placement is not None:
        return list(level.blueprint(terms, placement).needs)
    systems = {p.id: p.provider for p in region().platforms}
    wanted = {"ceph": {"storage_gib": level.storage(terms).gib}, **level.reserve(terms)}
    everywhere = [(r, wanted.get(systems.get(r.platform, ""), {}).get(r.resource)) for r in rooms()]
    return [Need(r.platform, r.site, r.resource, amount) for r, amount in everywhere if amount]
