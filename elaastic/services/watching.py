"""The dead-man's switch: what is late or nearly full becomes an alert, and people are told once when it begins and
once when it is over. Every step is a row and a compare-and-swap, so that it does not matter who looks how often.
"""

import logging
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction

from elaastic.freshness import Freshness, archives_of
from elaastic.models import Alert, AlertKind, Subscription
from elaastic.notifications import tell
from elaastic.usage import NEARLY_FULL, usages_of
from provisioning.services.clock import now

log = logging.getLogger(__name__)

_AT_ONCE: Final = 200
# A mail server that does not answer is asked again after this; a worker that dies while it tells costs as much.
TELL_AGAIN: Final = timedelta(minutes=5)
# What was nearly full is so until it is clearly not, or a copy more or less would make a mail each.
NO_LONGER_FULL: Final = NEARLY_FULL - 0.05

Thing = tuple[str, str]  # kind of the alert, archive


def tick() -> None:
    """One look at all that is in force, and at everybody who has yet to be told."""
    rows = Subscription.objects.filter(activated_at__isnull=False, ended_at=None, closed_at=None)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _AT_ONCE):
        look(list(Subscription.objects.filter(pk__in=ids[start : start + _AT_ONCE])))
    tell_people()


def look(rows: list[Subscription]) -> None:
    """Open and end the alerts of these subscriptions."""
    open_: dict[int, set[Thing]] = {row.pk: set() for row in rows}
    for alert in Alert.objects.filter(subscription__in=rows, ended_at=None):
        open_[alert.subscription_id].add((alert.kind, alert.archive))
    begun, over = _seen(rows, open_)
    moment = now()
    for row in rows:
        for kind, archive in begun[row.pk] - open_[row.pk]:
            _begin(row, kind, archive)
        for kind, archive in over[row.pk] & open_[row.pk]:
            mine = Alert.objects.filter(subscription=row, kind=kind, archive=archive, ended_at=None)
            mine.update(ended_at=moment, tell_due=moment)


def _seen(
    rows: list[Subscription], open_: dict[int, set[Thing]]
) -> tuple[dict[int, set[Thing]], dict[int, set[Thing]]]:
    """What holds and what does not, by row id; what nobody can see now is in neither."""
    begun: dict[int, set[Thing]] = {row.pk: set() for row in rows}
    over: dict[int, set[Thing]] = {row.pk: set() for row in rows}
    archives = archives_of(rows)
    usages = usages_of(rows)
    for row in rows:
        for archive in archives.get(row.pk, []):
            if archive.state != Freshness.UNKNOWN:
                side = begun if archive.state == Freshness.LATE else over
                side[row.pk].add((AlertKind.LATE, archive.name))
        # Archives that were left out of the terms, and all of them while nothing may be written.
        watched = {a.name for a in archives.get(row.pk, [])}
        over[row.pk] |= {(k, name) for k, name in open_[row.pk] if k == AlertKind.LATE and name not in watched}
        usage = usages[row.pk]
        if usage.at is not None and usage.nearly_full:
            begun[row.pk].add((AlertKind.FULL, ""))
        elif usage.at is not None and usage.share < NO_LONGER_FULL:
            over[row.pk].add((AlertKind.FULL, ""))
    return begun, over


def _begin(row: Subscription, kind: str, archive: str) -> None:
    moment = now()
    try:
        with transaction.atomic():
            Alert.objects.create(subscription=row, kind=kind, archive=archive, began_at=moment, tell_due=moment)
    except IntegrityError:
        return  # another worker looked in the same second


def tell_people() -> None:
    """Hand over the mails that are due; what could not be handed over is due again."""
    moment = now()
    due = Alert.objects.filter(tell_due__lte=moment).select_related("subscription__authority")
    for alert in due.order_by("pk")[:_AT_ONCE]:
        mine = Alert.objects.filter(pk=alert.pk, tell_due=alert.tell_due)
        if not mine.update(tell_due=moment + TELL_AGAIN):
            continue
        try:
            tell(alert)
        except OSError as error:  # the mail server; the next look tries again
            log.warning("Nobody could be told of alert %s: %s", alert.pk, error)
            continue
        told = {"end_told_at": now()} if alert.ended_at else {"told_at": now()}
        Alert.objects.filter(pk=alert.pk).update(**told)
        # Only if it did not end meanwhile: then it is due for that.
        Alert.objects.filter(pk=alert.pk, ended_at=alert.ended_at).update(tell_due=None)
