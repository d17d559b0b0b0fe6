"""Who finds room: never more than there is, all where all is tried, and near a bound that nobody can beat."""

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.domain.packing import Amounts, Item, Packing, pack

SITES = ("AN", "PU", "MC")
AMOUNTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), max_size=4)


def town(chance: Random, name: str) -> Item:
    """Five machines of either nature, as a whole on any site."""
    wanted: dict[tuple[str, str], int] = {}
    for _ in range(5):
        vcpus = chance.choice([1, 2, 2, 4, 4, 8])
        sizes = {"vcpus": vcpus, "ram_mib": vcpus * chance.choice([1024, 2048, 4096, 8192])}
        system = chance.choice(["openstack", "proxmox"])
        if system == "proxmox":
            sizes["storage_gib"] = chance.choice([20, 40, 100, 200, 500])
        for resource, amount in sizes.items():
            wanted[system, resource] = wanted.get((system, resource), 0) + amount
    return Item(name, tuple({(s, site, r): amount for (s, r), amount in wanted.items()} for site in SITES))


def region(items: list[Item], share: float, chance: Random) -> Amounts:
    """Room for about such a share of all of them on each site."""
    asked: dict[object, int] = {}
    for item in items:
        for way in item.ways:
            for key, amount in way.items():
                asked[key] = asked.get(key, 0) + amount
    return {key: int(amount * share * chance.uniform(0.8, 1.2)) for key, amount in asked.items()}


def is_sound(items: list[Item], room: Amounts, found: Packing) -> None:
    left = dict(room)
    for item in items:
        if item.name in found.chosen:
            for key, amount in item.ways[found.chosen[item.name]].items():
                left[key] = left.get(key, 0) - amount
    assert all(amount >= 0 for amount in left.values())
    assert {key: left[key] for key in room} == found.left
    assert len(found.chosen) + len(found.unplaced(items)) == len(items)
    assert len(found.chosen) <= found.at_most


@given(
    st.lists(st.lists(AMOUNTS, max_size=3), max_size=12),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 20), max_size=3),
)
def test_nobody_is_told_that_it_fits_where_it_does_not(wanted: list[list[dict[str, int]]], room: Amounts) -> None:
    items = [Item(str(number), tuple(ways)) for number, ways in enumerate(wanted)]
    found = pack(items, room)
    is_sound(items, room, found)
    assert pack(items, room) == found


@pytest.mark.parametrize("seed", range(20))
def test_few_are_packed_as_well_as_by_trying_everything(seed: int) -> None:
    chance = Random(seed)
    items = [town(chance, f"town-{number}") for number in range(6)]
    room = region(items, chance.choice([0.1, 0.2, 0.3]), chance)
    found = pack(items, room)
    is_sound(items, room, found)
    best = max(len(_packed(choice, items, room)) for choice in _choices(items))
    assert len(found.chosen) == best <= found.at_most


def _choices(items: list[Item]) -> Iterator[tuple[int, ...]]:
    """Of each item a way, or -1: it stays out."""
    return product(*(range(-1, len(item.ways)) for item in items))


def _packed(choice: tuple[int, ...], items: list[Item], room: Amounts) -> list[Item]:
    """Those that are in; nobody when they do not fit together."""
    left = dict(room)
    inside = [(item, way) for item, way in zip(items, choice, strict=True) if way >= 0]
    for item, way in inside:
        for key, amount in item.ways[way].items():
            left[key] -= amount
            if left[key] < 0:
                return []
    return [item for item, _ in inside]


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_a_region_is_packed_near_what_nobody_can_beat(share: float) -> None:
    """225 towns of five machines; the best there is lies between what was found and the bound."""
    chance = Random(int(share * 10))
    items = [town(chance, f"town-{number}") for number in range(225)]
    room = region(items, share, chance)
    found = pack(items, room)
    is_sound(items, room, found)
    assert len(found.chosen) >= 0.93 * found.at_most


def test_what_fits_nowhere_alone_and_a_resource_that_is_not_offered_leave_the_others_in_peace() -> None:
    room = {"a": 10, "b": 0}
    items = [
        Item("too-large", ({"a": 11},)),
        Item("elsewhere", ({"c": 1},)),
        Item("nothing-left", ({"b": 1},)),
        Item("fits", ({"c": 1}, {"a": 10})),
        Item("needs-nothing", ({},)),
        Item("has-no-way", ()),
    ]
    found = pack(items, room)
    assert found.chosen == {"fits": 1, "needs-nothing": 0}
    assert (found.left, found.at_most) == ({"a": 0, "b": 0}, 2)


def test_one_moves_aside_for_another_that_has_only_one_way() -> None:
    items = [Item("either", ({"a": 1}, {"b": 1})), Item("only-a", ({"a": 1},))]
    assert pack(items, {"a": 1, "b": 1}).chosen == {"either": 1, "only-a": 0}
