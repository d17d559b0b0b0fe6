"""New keys for old: with an overlap, so that no backup stops, or at once, when one has leaked."""

from dataclasses import replace
from typing import Final

from django.db import IntegrityError, transaction

from elaastic.levels import LEVELS, Mode
from elaastic.models import Request, RequestKind, Subscription
from elaastic.models.errors import NotInForce, RequestOpen
from elaastic.permissions import may_collect, may_operate
from elaastic.services.asking import ask
from tenants.models import Actor
from tenants.models.errors import Forbidden, NotFound
from tenants.permissions import may_let_in

RESTORE: Final = "restore"


def rotate(*, subscription: Subscription, name: str, by: Actor) -> Request:
    """A second key beside the first; both work for a week. Who acts for the authority does it alone."""
    if not may_collect(by, subscription):
        raise Forbidden
    return _ask(subscription, name, by, keep=1)


def revoke(*, subscription: Subscription, name: str, by: Actor) -> Request:
    """A new key, and every former one ends now. The region's operators may do it too: a leak does not wait."""
    if not (may_collect(by, subscription) or may_operate(by)):
        raise Forbidden
    return _ask(subscription, name, by, keep=0)


def renew_in_emergency(*, subscription: Subscription, by: Actor) -> Request:
    """A restore key for somebody who was let in because nobody at the town can sign in; the present one lives on
    for a week. Two operators have identified the person; neither sees the key. Raises NotInForce, RequestOpen.
    """
    if not may_let_in(by):
        raise Forbidden
    return _ask(subscription, RESTORE, by, keep=1)


def _ask(subscription: Subscription, name: str, by: Actor, *, keep: int) -> Request:
    """`keep`: how many of the present keys go on working for a while."""
    if name not in LEVELS[subscription.level].credentials:
        raise NotFound
    row = subscription
    if row.activated_at is None or row.leave_requested_at or row.ended_at or row.closed_at:
        raise NotInForce
    mode = Mode.parse(subscription.mode)
    present = mode.serials(name)
    keys = {**mode.keys, name: (present[0] + 1, *present[:keep])}
    try:
        with transaction.atomic():
            return ask(subscription, RequestKind.KEYS, by, mode=replace(mode, keys=keys), alone=True)
    except IntegrityError as error:
        raise RequestOpen from error
