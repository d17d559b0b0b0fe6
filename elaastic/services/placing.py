"""Where a request would live: asked when its plan is made, and again when that no longer fits."""

from elaastic.levels import LEVELS
from elaastic.models import Request
from elaastic.selectors.estimates import seat_of
from elaastic.selectors.placing import choose_placement, keep_placement
from provisioning.domain.manifest import Placement


def place(request: Request) -> Placement | None:
    """Where it lives already, or where it fits: chosen once, then part of the agreement."""
    subscription = request.subscription
    level, seat = LEVELS[request.level], seat_of(subscription.authority)
    if subscription.placement:
        return keep_placement(level, request.terms, Placement.parse(subscription.placement), seat)
    return choose_placement(level, request.terms, seat)
