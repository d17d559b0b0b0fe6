"""The dead-man's switch: what is late or nearly full becomes an alert, and people are told once when it begins and
once when it is over. Every step is a row and a compare-and-swap, so that it does not matter who looks how often.
"""

import logging
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction

from elaastic.freshness import Freshness, archives_of, machines_of
from elaastic.models import Alert, AlertKind, Subscription
from elaastic.notifications import tell
from elaastic.selectors.drills_due import drills_due
from elaastic.selectors.readings import readings_of
from elaastic.selectors.recovery import images_archive
from elaastic.services.drills_due import obstacle
from elaastic.usage import NEARLY_FULL, usages_of
from provisioning.services.clock import now

log = logging.getLogger(__name__)

_AT_ONCE: Final = 200
# A mail server that does not answer is asked again after this; a worker that dies while it tells costs as much.
TELL_AGAIN: Final = timedelta(minutes=5)
# What was nearly full is so until it is clearly not, or a copy more or less would make a mail each.
NO_LONGER_FULL: Final = NEARLY_FULL - 0.05

Thing = tuple[str, str, str]  # kind of the alert, archive, machine
Things = dict[int, set[Thing]]  # by row id
_OF_MACHINES: Final = (AlertKind.IMAGE_LATE, AlertKind.REFUSED)


def tick() -> None:
    """One look at all that is in force, and at everybody who has yet to be told."""
    rows = Subscription.objects.filter(activated_at__isnull=False, ended_at=None, closed_at=None)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _AT_ONCE):
        look(list(Subscription.objects.filter(pk__in=ids[start : start + _AT_ONCE])))
    tell_people()


def look(rows: list[Subscription]) -> None:
    """Open and end the alerts of these subscriptions."""
    open_: Things = {row.pk: set() for row in rows}
    for alert in Alert.objects.filter(subscription__in=rows, ended_at=None):
        open_[alert.subscription_id].add((alert.kind, alert.archive, alert.machine))
    begun, over = _seen(rows, open_)
    moment = now()
    for row in rows:
        for thing in begun[row.pk] - open_[row.pk]:
            _begin(row, thing)
        for kind, archive, machine in over[row.pk] & open_[row.pk]:
            about = {"kind": kind, "archive": archive, "machine": machine}
            mine = Alert.objects.filter(subscription=row, **about, ended_at=None)
            mine.update(ended_at=moment, tell_due=moment)


def _seen(rows: list[Subscription], open_: Things) -> tuple[Things, Things]:
    """What holds and what does not, by row id; what nobody can see now is in neither."""
    begun: Things = {row.pk: set() for row in rows}
    over: Things = {row.pk: set() for row in rows}
    _see_machines(rows, open_, begun, over)
    _see_drills(rows, open_, begun, over)
    archives = archives_of(rows)
    usages, readings = usages_of(rows), readings_of(rows)
    for row in rows:
        # Of the archive of images each machine says more than the whole.
        expected = [a for a in archives.get(row.pk, []) if a.name != images_archive(row)]
        for archive in expected:
            if archive.state != Freshness.UNKNOWN:
                side = begun if archive.state == Freshness.LATE else over
                side[row.pk].add((AlertKind.LATE, archive.name, ""))
        # Archives that were left out of the terms, and all of them while nothing may be written.
        watched = {a.name for a in expected}
        over[row.pk] |= {one for one in open_[row.pk] if one[0] == AlertKind.LATE and one[1] not in watched}
        for name, whole in readings.get(row.pk, {}).items():
            (over if whole else begun)[row.pk].add((AlertKind.DAMAGED, name, ""))
        usage = usages[row.pk]
        if usage.at is not None and usage.nearly_full:
            begun[row.pk].add((AlertKind.FULL, "", ""))
        elif usage.at is not None and usage.share < NO_LONGER_FULL:
            over[row.pk].add((AlertKind.FULL, "", ""))
    return begun, over


def _see_machines(rows: list[Subscription], open_: Things, begun: Things, over: Things) -> None:
    found = machines_of(rows)
    for row in rows:
        watched = found.get(row.pk, [])
        for one in watched:
            if one.state == Freshness.UNKNOWN:
                continue
            late = begun if one.state == Freshness.LATE else over
            late[row.pk].add((AlertKind.IMAGE_LATE, "", one.name))
            refused = begun if one.refused else over
            refused[row.pk].add((AlertKind.REFUSED, "", one.name))
        names = {one.name for one in watched}
        over[row.pk] |= {one for one in open_[row.pk] if one[0] in _OF_MACHINES and one[2] not in names}


def _see_drills(rows: list[Subscription], open_: Things, begun: Things, over: Things) -> None:
    """From the night on in which it cannot be begun, or when the nights that were tried brought nothing."""
    found, thing = drills_due(rows), (AlertKind.DRILL, "", "")
    for row in rows:
        drill = found.get(row.pk)
        if drill is None or not drill.due:
            over[row.pk].add(thing)
        elif thing not in open_[row.pk] and (drill.overdue or obstacle(row) is not None):
            begun[row.pk].add(thing)


def _begin(row: Subscription, thing: Thing) -> None:
    moment = now()
    kind, archive, machine = thing
    about = {"kind": kind, "archive": archive, "machine": machine}
    try:
        with transaction.atomic():
            Alert.objects.create(subscription=row, **about, began_at=moment, tell_due=moment)
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
