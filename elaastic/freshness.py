"""Do copies arrive? Each archive's newest copy against the interval that was agreed, from samples alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from elaastic.models import Subscription
from provisioning.selectors.metering import ArchiveUse, archive_uses_of
from provisioning.services.clock import now

# Archives are looked at every five minutes: older than this, nobody can say whether a copy came.
BLIND_AFTER: Final = timedelta(minutes=30)


class Freshness(models.TextChoices):
    """How an archive's copies stand; the worst is the subscription's."""

    FRESH = "fresh", _("A copy arrived in time")
    WAITING = "waiting", _("The first copy is awaited")
    UNKNOWN = "unknown", _("The portal cannot look")
    LATE = "late", _("A copy is late")


_WORST_FIRST: Final = (Freshness.LATE, Freshness.UNKNOWN, Freshness.WAITING, Freshness.FRESH)
# One light: green is earned by copies that arrive, red is a move of the authority's.
LIGHTS: Final = {
    Freshness.FRESH: "green",
    Freshness.WAITING: "yellow",
    Freshness.UNKNOWN: "yellow",
    Freshness.LATE: "red",
}


@dataclass(frozen=True)
class Archive:
    """`newest_at`: when the newest copy was written; `late_at`: from when on the next one is late."""

    name: str
    interval_hours: int
    state: Freshness
    newest_at: datetime | None
    late_at: datetime | None
    looked_at: datetime | None


def archives_of(rows: Iterable[Subscription]) -> dict[int, list[Archive]]:
    """Each subscription's archives, by row id, in one query. Only those in force are watched; others have none."""
    watched = [s for s in rows if _is_watched(s)]
    uses = archive_uses_of(s.stack_key for s in watched)
    moment = now()
    return {s.pk: _archives(s, uses[s.stack_key], moment) for s in watched}


def _is_watched(row: Subscription) -> bool:
    """Copies are expected of it: it stands, and writing is not stopped."""
    over = row.leave_requested_at or row.ended_at or row.closed_at
    return bool(row.activated_at) and not (over or row.suspended_at)


def archives_watched(subscription: Subscription) -> list[Archive]:
    """The same for one."""
    return archives_of([subscription]).get(subscription.pk, [])


def worst(archives: Iterable[Archive]) -> Freshness | None:
    """Of several; None when there is nothing to watch."""
    states = {archive.state for archive in archives}
    return next((state for state in _WORST_FIRST if state in states), None)


def _archives(subscription: Subscription, uses: Iterable[ArchiveUse], moment: datetime) -> list[Archive]:
    by_name = {use.resource: use for use in uses}
    began = subscription.activated_at
    assert began is not None
    return [
        _archive(a["name"], a["expected_interval_hours"], by_name.get(f"archive-{a['name']}"), began, moment)
        for a in subscription.terms["archives"]
    ]


def _archive(name: str, hours: int, use: ArchiveUse | None, began: datetime, moment: datetime) -> Archive:
    """An archive without a copy waits for its first since it was first looked at, or since all began."""
    newest = use.newest_at if use else None
    since = newest or (use.first_at if use else None) or began
    late_at = since + timedelta(hours=hours)
    looked = use.at if use else None
    return Archive(name, hours, _state(newest, late_at, looked, moment), newest, late_at, looked)


def _state(newest: datetime | None, late_at: datetime, looked: datetime | None, moment: datetime) -> Freshness:
    if looked is None or moment - looked > BLIND_AFTER:
        # What was late when last seen, and is blind now, is told as blind: it may have arrived meanwhile.
        return Freshness.UNKNOWN
    if moment > late_at:
        return Freshness.LATE
    return Freshness.FRESH if newest else Freshness.WAITING
