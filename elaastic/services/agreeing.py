"""The agreement's life: it is renewed as it was asked for, by a request; people are reminded; when it has run out,
writing stops after the grace that it says. Nothing is ever deleted by it, and the restore key goes on working.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from elaastic.levels import LEVELS, Mode
from elaastic.models import Decision, Ending, Reminder, Request, RequestKind, Subscription
from elaastic.models.errors import NotInForce, RenewalTooEarly, RequestOpen
from elaastic.notifications import tell_reminder
from elaastic.permissions import may_ask
from elaastic.selectors.today import ROME, today
from elaastic.services.asking import ask
from elaastic.services.telling import hand_over
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import Forbidden

log = logging.getLogger(__name__)
# A working day, so that somebody can still look at the nightly job.
_KEYS_MARK: Final = 1
_BEHALF: Final = "the agreement, which has run out"


def renew(*, subscription: Subscription, by: Actor) -> Request:
    """Ask for three more years under the present terms. Raises Forbidden, NotInForce, RenewalTooEarly, RequestOpen.

    What stopped because the agreement had run out goes on with the yes.
    """
    if not may_ask(by, subscription):
        raise Forbidden
    if not renewable(subscription):
        raise RenewalTooEarly if _stands(subscription) else NotInForce
    mode = replace(Mode.parse(subscription.mode), expired=False)
    try:
        with transaction.atomic():
            return ask(subscription, RequestKind.RENEW, by, mode=mode)
    except IntegrityError as error:
        raise RequestOpen from error


def renewable(row: Subscription) -> bool:
    """It stands, and its end is near or has passed."""
    if not _stands(row) or row.agreed_until is None:
        return False
    return today() >= row.agreed_until - timedelta(days=LEVELS[row.level].agreement.renewable_days)


def ends_soon(row: Subscription) -> bool:
    """It stands, and it is time for a word about its end."""
    if not _stands(row) or row.agreed_until is None:
        return False
    return LEVELS[row.level].agreement.due_mark(today(), row.agreed_until) is not None


def agreed(row: Request) -> dict[str, Any]:
    """The dates that a yes to a start or a renewal brings: from its last day on, or from today when writing has
    stopped already, so that nobody pays for a time without copies.
    """
    agreement, subscription, first = LEVELS[row.level].agreement, row.subscription, today()
    in_time = subscription.writes_until is not None and first <= subscription.writes_until
    if row.kind == RequestKind.RENEW and subscription.agreed_until is not None and in_time:
        first = subscription.agreed_until
    last = agreement.last_day(first)
    return {"agreed_until": last, "writes_until": agreement.last_writing_day(last)}


def tick() -> None:
    """One look at every agreement whose end is near; any number of workers may look at once."""
    day = today()
    remind(day)
    remind_of_keys()
    stop_writing(day)
    hand_over(Reminder.objects.select_related("subscription__authority"), tell_reminder)


def remind(day: date) -> None:
    """One row a mark and agreement, whoever looks how often; marks that were slept through are passed over."""
    first = max(level.agreement.reminders[0] for level in LEVELS.values())
    near = _standing().filter(agreed_until__lte=day + timedelta(days=first))
    told = set(_told(Ending.AGREEMENT, near).values_list("subscription", "until", "mark"))
    for row in near.exclude(requests__decision="", requests__kind=RequestKind.RENEW):
        assert row.agreed_until is not None
        mark = LEVELS[row.level].agreement.due_mark(day, row.agreed_until)
        if mark is None or (row.pk, row.agreed_until, mark) in told:
            continue
        with suppress(IntegrityError), transaction.atomic():  # another worker looked in the same second
            Reminder.objects.create(subscription=row, until=row.agreed_until, mark=mark, tell_due=now())


def _told(about: Ending, rows: QuerySet[Subscription]) -> QuerySet[Reminder]:
    return Reminder.objects.filter(subscription__in=rows, about=about)


def remind_of_keys() -> None:
    """The day before a former key ends."""
    moment = now()
    near = Subscription.objects.filter(
        keys_until__gt=moment, keys_until__lte=moment + timedelta(days=_KEYS_MARK), leave_requested_at=None
    )
    told = set(_told(Ending.KEYS, near).values_list("subscription", "until"))
    for row in near:
        assert row.keys_until is not None
        until = row.keys_until.astimezone(ROME).date()
        if (row.pk, until) in told:
            continue
        with suppress(IntegrityError), transaction.atomic():  # another worker looked in the same second
            Reminder.objects.create(
                subscription=row, about=Ending.KEYS, until=until, mark=_KEYS_MARK, tell_due=moment
            )


def stop_writing(day: date) -> None:
    """Ask, in the name of who signed the agreement for the region, for what it says: no new copies any more.

    Not while a request is open: whoever asked for a renewal in time is not stopped by a slow decision.
    """
    over = _standing().filter(writes_until__lt=day).exclude(requests__decision="").select_related("authority")
    for row in over:
        mode = Mode.parse(row.mode)
        signed = row.requests.filter(kind__in=_SIGNS, decision=Decision.APPROVED).first()
        if mode.expired or signed is None or signed.decided_by is None:
            continue
        by = Actor(signed.decided_by).acting_for(_BEHALF)
        with suppress(IntegrityError), transaction.atomic():
            ask(row, RequestKind.EXPIRE, by, mode=replace(mode, expired=True), alone=True)


_SIGNS: Final = (RequestKind.START, RequestKind.RENEW)


def _standing() -> Any:
    return Subscription.objects.filter(
        activated_at__isnull=False, leave_requested_at=None, ended_at=None, closed_at=None
    )


def _stands(row: Subscription) -> bool:
    over = row.leave_requested_at or row.ended_at or row.closed_at
    return row.activated_at is not None and not over
