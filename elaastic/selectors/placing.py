"""What can be had of this region: which levels, and where terms fit today. From rows and the region file."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elaastic.levels import Level
from provisioning.domain.manifest import Placement
from provisioning.selectors.capacity import choose_storage
from provisioning.selectors.region import systems
from provisioning.selectors.reserve import ReservePlace, choose_reserve


def is_offered(level: Level) -> bool:
    """It can be asked for today, here: a level with machines needs a system on which they start."""
    return level.available and (not level.natures or bool(level.startable(systems())))


def choose_placement(
    level: Level, terms: Mapping[str, Any], near: tuple[float, float] | None = None
) -> Placement | None:
    """For checked terms; `near` (lat, lon): the town hall. None when it fits nowhere."""
    assert level.storage is not None
    asked = level.storage(terms)
    copies = choose_storage(asked.copies, asked.gib, near)
    wanted = level.reserve(terms)
    if copies is None or not wanted:
        return copies
    return _with_reserve(copies, choose_reserve(wanted, near))


def keep_placement(
    level: Level, terms: Mapping[str, Any], present: Placement, near: tuple[float, float] | None = None
) -> Placement | None:
    """Where it lives already, and what other terms need besides: places for archives with another number of copies,
    and machines on the same site. None when that does not fit.
    """
    assert level.storage is not None
    asked = level.storage(terms)
    copies = choose_storage(asked.copies, asked.gib, near, held=present)
    lacking = {name: amounts for name, amounts in level.reserve(terms).items() if name not in present.platforms}
    if copies is None or not lacking:
        return copies
    return _with_reserve(copies, choose_reserve(lacking, near, only=present.reserve))


def _with_reserve(placement: Placement, found: ReservePlace | None) -> Placement | None:
    if found is None:
        return None
    return replace(placement, platforms={**placement.platforms, **found.platforms}, reserve=found.site)
