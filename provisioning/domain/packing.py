"""Who finds room when many need it at once: each wholly or not at all, in one of the ways that would do for it.

The question behind a lost site and behind an earthquake: a knapsack in several dimensions, of which a best answer
costs more time than a page has. Ours is sound, for every amount is subtracted from real room before the next one
looks. How near the best it is, `at_most` says: prices of what is short (Lagrange) give a good order and that bound.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from random import Random
from typing import Final

# Platform, site and resource, as in a capacity row; nothing here depends on what it is.
Key = Hashable
Amounts = Mapping[Key, int]

# Steps towards the best prices.
_STEPS: Final = 250
# Attempts at them: first at each of the best few, then in an order that is shuffled a little. One costs the square
# of the number of items; so much is spent in all.
_PRICES: Final = 16
_SPENT: Final = 200_000
# Shares of the room are compared, so that a rounding of the last digit lets nobody fall out of the bound.
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Item:
    """One that needs room. `ways`: what each way takes; any one of them is enough. Amounts are not negative."""

    name: str
    ways: tuple[Amounts, ...]


@dataclass(frozen=True)
class Packing:
    """`chosen`: by name the number of its way; who is not there found no room. `left`: what stays free.
    `at_most`: more than so many cannot find room together, whoever packs them.
    """

    chosen: Mapping[str, int]
    left: Amounts
    at_most: int

    def unplaced(self, items: Iterable[Item]) -> list[Item]:
        """Those without room, in their own order."""
        return [item for item in items if item.name not in self.chosen]


# A way as (number of the key, amount): lists are faster than names.
_Way = list[tuple[int, int]]


@dataclass(frozen=True)
class _Case:
    """The question in numbers: of each item the ways that would fit alone, each with its own number."""

    names: list[str]
    ways: list[dict[int, _Way]]
    room: list[int]


def pack(items: Sequence[Item], room: Amounts) -> Packing:
    """As many of `items` as room is found for in `room`; a key that is not in it has none. Names differ.

    The same question gets the same answer. At most some 3 s for 225 items.
    """
    keys = list(room)
    case = _case(items, room, {key: number for number, key in enumerate(keys)})
    at_most, prices = _priced(case)
    best = _Attempt(case)
    for price, weights in _orders(case, prices):
        if len(best.chosen) >= at_most:
            break
        found = _Attempt(case)
        found.fill(price, weights)
        found.improve(price)
        if len(found.chosen) > len(best.chosen):
            best = found
    chosen = {case.names[number]: way for number, way in best.chosen.items()}
    return Packing(chosen, dict(zip(keys, best.free, strict=True)), at_most)


def _orders(case: _Case, prices: list[list[float]]) -> Iterator[tuple[list[float], list[float]]]:
    """Prices, and by item what its cost counts for when they are put in order."""
    count = len(case.ways)
    chance = Random(count)  # noqa: S311  # no secret: the same question gets the same answer
    for number in range(max(4, _SPENT // max(1, count * count))):
        if number < len(prices):
            yield prices[number], [1.0] * count
        else:
            some = [chance.uniform(0.0, 0.1 * count) / max(1, have) for have in case.room]
            base = prices[number % 4 % len(prices)]
            price = [one * chance.uniform(0.6, 1.4) + more for one, more in zip(base, some, strict=True)]
            yield price, [chance.uniform(0.7, 1.3) for _ in range(count)]


def _case(items: Sequence[Item], room: Amounts, number: Mapping[Key, int]) -> _Case:
    names, ways = [], []
    for item in items:
        fitting = {
            place: [(number[key], amount) for key, amount in way.items() if amount]
            for place, way in enumerate(item.ways)
            if all(amount <= room.get(key, 0) for key, amount in way.items())
        }
        if fitting:
            names.append(item.name)
            ways.append(fitting)
    return _Case(names, ways, list(room.values()))


def _priced(case: _Case) -> tuple[int, list[list[float]]]:
    """How many can find room at most, and prices by key of one unit, those of the tightest bound first.

    Whoever finds room is worth one. At any prices that are not negative, all together are worth at most the price
    of the room, and what each that pays less than one for its cheapest way gains.
    """
    rooms = [max(1, have) for have in case.room]
    whole = [0.0] * len(rooms)  # the price of all there is
    first = _Attempt(case)
    first.fill([1.0 / have for have in rooms], [1.0] * len(case.ways))
    reached, tightest, stride, idle = len(first.chosen), float(len(case.ways)), 1.0, 0
    seen: list[tuple[float, list[float]]] = []
    for _ in range(_STEPS):
        price = [one / have for one, have in zip(whole, rooms, strict=True)]
        bound, beyond = _worth(case, price)
        seen.append((bound, price))
        if bound < tightest - _ROUNDING:
            tightest, idle = bound, 0
        elif (idle := idle + 1) % 5 == 0:
            stride *= 0.7
        length = sum(share * share for share in beyond)
        if tightest < reached + 1 or not length:
            break
        step = stride * (bound - reached) / length
        whole = [max(0.0, one + step * share) for one, share in zip(whole, beyond, strict=True)]
    seen.sort(key=lambda one: one[0])
    return floor(tightest + _ROUNDING), [price for _, price in seen[:: max(1, len(seen) // _PRICES)]]


def _worth(case: _Case, price: Sequence[float]) -> tuple[float, list[float]]:
    """The bound at these prices, and by key what is asked for beyond the room, as a share of it."""
    used = [0] * len(case.room)
    bound = sum(one * have for one, have in zip(price, case.room, strict=True))
    for ways in case.ways:
        cost, way = min((_cost(way, price), place) for place, way in ways.items())
        if cost < 1.0:
            bound += 1.0 - cost
            for key, amount in ways[way]:
                used[key] += amount
    return bound, [taken / max(1, have) - 1.0 for taken, have in zip(used, case.room, strict=True)]


def _cost(way: _Way, price: Sequence[float]) -> float:
    return sum(amount * price[key] for key, amount in way)


class _Attempt:
    """Ways taken and given back. `free` by key; `chosen`: by item the number of its way."""

    def __init__(self, case: _Case) -> None:
        self.case, self.free = case, list(case.room)
        self.chosen: dict[int, int] = {}

    def fill(self, price: Sequence[float], weights: Sequence[float]) -> None:
        """The cheapest first, each in its cheapest way that has room."""
        shares = [1.0 / have if have else 0.0 for have in self.case.room]

        def rank(item: int) -> tuple[float, float, int]:
            ways, weight = self.case.ways[item].values(), weights[item]
            return weight * min(_cost(way, price) for way in ways), min(_cost(way, shares) for way in ways), item

        for item in sorted(range(len(self.case.ways)), key=rank):
            self._place(item, price)

    def improve(self, price: Sequence[float]) -> None:
        """One that has room moves aside for one that has none, or leaves where its room does for two."""
        moved = True
        while moved:
            moved = False
            for item in self._outside():
                if item not in self.chosen:
                    moved |= self._place(item, price) or self._aside(item, price) or self._two_for_one(item, price)

    def _outside(self) -> list[int]:
        return [item for item in range(len(self.case.ways)) if item not in self.chosen]

    def _has(self, way: _Way) -> bool:
        free = self.free
        return all(amount <= free[key] for key, amount in way)

    def _take(self, item: int, number: int) -> None:
        for key, amount in self.case.ways[item][number]:
            self.free[key] -= amount
        self.chosen[item] = number

    def _give_back(self, item: int) -> int:
        number = self.chosen.pop(item)
        for key, amount in self.case.ways[item][number]:
            self.free[key] += amount
        return number

    def _place(self, item: int, price: Sequence[float]) -> bool:
        fitting = [(_cost(way, price), number) for number, way in self.case.ways[item].items() if self._has(way)]
        if fitting:
            self._take(item, min(fitting)[1])
        return bool(fitting)

    def _in_the_way(self, item: int) -> Iterator[int]:
        """Those without whom `item` would have room."""
        for other in list(self.chosen):
            number = self._give_back(other)
            helps = any(self._has(way) for way in self.case.ways[item].values())
            self._take(other, number)
            if helps:
                yield other

    def _aside(self, item: int, price: Sequence[float]) -> bool:
        for other in self._in_the_way(item):
            before = self._give_back(other)
            for theirs, way in self.case.ways[other].items():
                if theirs == before or not self._has(way):
                    continue
                self._take(other, theirs)
                if self._place(item, price):
                    return True
                self._give_back(other)
            self._take(other, before)
        return False

    def _two_for_one(self, item: int, price: Sequence[float]) -> bool:
        out = [one for one in self._outside() if one != item]
        for other in self._in_the_way(item):
            before = self._give_back(other)
            if self._place(item, price):
                if any(self._place(third, price) for third in out):
                    return True
                self._give_back(item)
            self._take(other, before)
        return False
