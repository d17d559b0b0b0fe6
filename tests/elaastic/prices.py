"""A price list for tests: what the demo's says of level 1."""

from datetime import date, timedelta
from decimal import Decimal

from elaastic.levels.pricing import Price
from elaastic.selectors.today import today
from elaastic.services.pricing import publish_prices
from tests.personas import World

BEGAN = date(2026, 1, 1)


def publish(world: World) -> None:
    """Level 1 for twelve euros and 1.9 cents a GiB and site; half of it from next year on."""
    later = today() + timedelta(days=365)
    publish_prices(
        [
            Price(1, "subscription", Decimal("12.00"), BEGAN),
            Price(1, "storage_gib", Decimal("0.0190"), BEGAN),
            Price(1, "storage_gib", Decimal("0.0095"), later),
        ],
        by=world["operator"].actor,
    )
