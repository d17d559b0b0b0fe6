"""What a level costs: the rows of a price list and what the terms use of each. Pure, and exact to the cent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CURRENCY: Final = "EUR"
CENT: Final = Decimal("0.01")

# item -> what one of it is; every price is for a month. The names are stable.
ITEMS: Final = {
    "subscription": "one subscription",
    "storage_gib": "one GiB (2^30 bytes) on one site",
    "reserve_vcpu": "one virtual processor in reserve",
    "reserve_ram_gib": "one GiB of memory in reserve",
    "replication_gib": "one GiB kept in step with an appliance",
    "node": "one node at the authority, looked after",
}


@dataclass(frozen=True)
class Price:
    """`amount` for one `item` a month, tax excluded, from `valid_from` until a later one begins."""

    level: int
    item: str
    amount: Decimal
    valid_from: date
    currency: str = CURRENCY


@dataclass(frozen=True)
class Line:
    """`quantity` of an item at its price; `amount` in whole cents."""

    price: Price
    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class Bill:
    """A month. `missing`: items that nobody has priced yet; then there is no total to speak of."""

    lines: tuple[Line, ...]
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal | None:
        """The sum of the lines, or None when a price is missing."""
        return None if self.missing or not self.lines else sum((line.amount for line in self.lines), Decimal(0))


def in_force(prices: Iterable[Price], level: int, day: date) -> dict[str, Price]:
    """Each item's price of that day, by item: the newest that has begun."""
    found: dict[str, Price] = {}
    for price in prices:
        if price.level != level or price.valid_from > day:
            continue
        known = found.get(price.item)
        if known is None or price.valid_from > known.valid_from:
            found[price.item] = price
    return found


def bill(quantities: Iterable[tuple[str, int]], today: dict[str, Price]) -> Bill:
    """A month of so much of each item at these prices; each line is rounded, and the total is their sum."""
    lines, missing = [], []
    for item, quantity in quantities:
        price = today.get(item)
        if price is None:
            missing.append(item)
            continue
        amount = (price.amount * quantity).quantize(CENT, ROUND_HALF_UP)
        lines.append(Line(price, quantity, amount))
    return Bill(tuple(lines), tuple(missing))
