"""Publishing prices: what has begun stays, and what is to come may still be put right."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from elaastic.levels import LEVELS
from elaastic.levels.pricing import ITEMS, Price
from elaastic.models import PriceRow
from elaastic.selectors.today import today
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid
from tenants.permissions import may_operate
from tenants.services import audit


@transaction.atomic
def publish_prices(prices: Iterable[Price], *, by: Actor) -> int:
    """Store the rows that are new or differ; how many. Raises Invalid for a price that has begun already and
    would be another one, and for what is no price. Nothing is stored half.
    """
    if not may_operate(by):
        raise Forbidden
    changed = [price for price in prices if _differs(price)]
    for price in changed:
        PriceRow.objects.update_or_create(
            level=price.level,
            item=price.item,
            valid_from=price.valid_from,
            defaults={"amount": price.amount, "currency": price.currency},
        )
    if changed:
        told = [f"{p.level} {p.item} {p.amount} {p.currency} {p.valid_from}" for p in changed]
        audit.record(
            by=by, action="prices.published", subject_type="prices", subject_id="prices", after={"prices": told}
        )
    return len(changed)


def _differs(price: Price) -> bool:
    if price.item not in ITEMS or price.level not in LEVELS or price.amount < 0:
        raise Invalid(_("%(item)s of level %(level)s is nothing that has a price.") % vars(price))
    known = PriceRow.objects.filter(level=price.level, item=price.item, valid_from=price.valid_from).first()
    if known is None:
        return True
    same = (known.amount, known.currency) == (price.amount, price.currency)
    if not same and price.valid_from <= today():
        raise Invalid(
            _("%(item)s of level %(level)s has had another price since %(valid_from)s: publish a later one.")
            % vars(price)
        )
    return not same
