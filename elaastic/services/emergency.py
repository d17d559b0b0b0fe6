"""When the town hall is rubble: the key that only restores, for somebody whom two operators have identified.

1. One operator opens (`open_`), another confirms; each is shown one half of a code.
2. `confirm` sees to it that there is a restore key that nobody has collected: the present one, or a new one. While
   another request is open none can be asked for: a worker asks once that is decided (`tick`). The halves stay good.
3. `collect` shows it, once, to whoever types both halves. The trail names the two operators and the person.
"""

from contextlib import suppress
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from elaastic.models import Decision, Request
from elaastic.models.errors import AlreadyRevealed, NotInForce, NotReady, RequestOpen
from elaastic.selectors.subscriptions import credentials, live_subscription
from elaastic.services.collecting import Revealed, show_once
from elaastic.services.keys import RESTORE, renew_in_emergency
from tenants.models import Actor, LocalAuthority, WayIn, WayInKind
from tenants.models.errors import DomainError, Invalid
from tenants.services import ways_in
from tenants.services.ways_in import Opened, live_ways_in


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The second half, and what hinders the key, if something does: the operators' move. `waits_for`: the request
    after whose decision the key is made by itself.
    """

    opened: Opened
    hindrance: str = ""
    waits_for: Request | None = None


def open_(*, authority: LocalAuthority, kind: str, by: Actor, **told: str) -> Opened:
    """The first operator's. Raises what `open_way_in` does, and Invalid when there is nothing to restore from."""
    if kind == WayInKind.EMERGENCY and live_subscription(authority) is None:
        raise Invalid(errors={"kind": [_("This authority has no subscription: there is nothing to restore.")]})
    return ways_in.open_way_in(authority=authority, kind=kind, by=by, **told)


def confirm(*, way_in: WayIn, identified: str, by: Actor) -> Confirmed:
    """The second operator's yes. A key that cannot be made now does not undo it. Raises as `confirm_way_in`."""
    opened = ways_in.confirm_way_in(way_in=way_in, identified=identified, by=by)
    if opened.row.kind != WayInKind.EMERGENCY:
        return Confirmed(opened)
    try:
        _have_a_key(opened.row.authority, by)
    except RequestOpen as refused:
        asked = Request.objects.filter(subscription__authority=opened.row.authority, decision=Decision.OPEN)
        return Confirmed(opened, str(refused.detail), asked.first())
    except DomainError as refused:
        return Confirmed(opened, str(refused.detail))
    return Confirmed(opened)


def tick() -> None:
    """A worker's part: the keys that had to wait, in the name of the operator who confirmed, if he still may."""
    waiting = live_ways_in().filter(kind=WayInKind.EMERGENCY, confirmed_at__isnull=False)
    for way_in in waiting.select_related("authority", "confirmed_by"):
        assert way_in.confirmed_by is not None
        with suppress(DomainError):
            _have_a_key(way_in.authority, Actor(way_in.confirmed_by))


def collect(*, ipa_code: str, first: str, second: str, by: Actor) -> Revealed:
    """The restore key, once. Raises Invalid (wrong code or halves, all told alike), NotReady, NotInForce."""
    way_in = ways_in.emergency_of(ipa_code)
    way_in = ways_in.check_halves(way_in=way_in, first=first, second=second)
    subscription = live_subscription(way_in.authority)
    if subscription is None:
        raise NotInForce
    person = by.acting_for(way_in.person_name)

    def used() -> None:
        ways_in.use_way_in(way_in=way_in, by=person, told={"credential": RESTORE})

    try:
        return show_once(subscription=subscription, name=RESTORE, by=person, with_it=used)
    except AlreadyRevealed as error:  # the new one is being made
        raise NotReady from error


@transaction.atomic
def _have_a_key(authority: LocalAuthority, by: Actor) -> None:
    subscription = live_subscription(authority)
    if subscription is None:
        raise NotInForce
    present = next((c for c in credentials(subscription) if c.name == RESTORE), None)
    if subscription.activated_at and present is not None and not present.secret_shown:
        return  # it can be collected, or is being made
    renew_in_emergency(subscription=subscription, by=by)
