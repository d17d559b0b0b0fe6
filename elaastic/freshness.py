"""Do copies arrive? Each archive's newest copy and each machine's newest image against the interval that was
agreed, from samples and looks alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from elaastic.models import ImagesLook, PointState, RecoveryPoint, Subscription
from elaastic.selectors.drills_due import DrillDue
from elaastic.selectors.recovery import looks_of, machines, newest_of
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
# In words too: nobody should have to see a colour.
LIGHT_WORDS: Final = {
    "green": _("green: copies arrive"),
    "yellow": _("yellow: wait, or look"),
    "red": _("red: a copy is late"),
    "off": _("off: no copy is expected"),
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


@dataclass(frozen=True)
class Machine:
    """A machine's images. `newest`: what it would start from now; `refused`: the newest, when it was refused and
    nothing usable came since; `looking`: one that no worker has finished.
    """

    name: str
    interval_hours: int
    state: Freshness
    newest: RecoveryPoint | None
    refused: RecoveryPoint | None
    looking: RecoveryPoint | None
    late_at: datetime | None
    looked_at: datetime | None

    @property
    def newest_at(self) -> datetime | None:
        """When what it would start from arrived."""
        return self.newest.arrived_at if self.newest else None


Watched = Archive | Machine


def watched_of(rows: Iterable[Subscription]) -> dict[int, list[Watched]]:
    """Archives and machines together, by row id."""
    asked = list(rows)
    archives, images = archives_of(asked), machines_of(asked)
    return {pk: [*found, *images.get(pk, [])] for pk, found in archives.items()}


def machines_of(rows: Iterable[Subscription]) -> dict[int, list[Machine]]:
    """Each subscription's machines, by row id, in two queries; those without machines are left out."""
    watched = [s for s in rows if machines(s) and _is_watched(s)]
    if not watched:
        return {}
    newest, looks, moment = newest_of(watched), looks_of(watched), now()
    return {
        s.pk: [
            _machine(s, one, newest.get((s.pk, one["name"]), {}), looks.get(s.pk), moment) for one in machines(s)
        ]
        for s in watched
    }


def _machine(
    row: Subscription, agreed: Any, newest: dict[str, RecoveryPoint], look: ImagesLook | None, moment: datetime
) -> Machine:
    """An image that arrived and waits for its look counts as arrived: it is the worker's move, not the town's."""
    usable, refused, looking = (newest.get(s) for s in (PointState.USABLE, PointState.REFUSED, PointState.LOOKING))
    arrived = max((p.arrived_at for p in (usable, looking) if p), default=None)
    first = look.machines.get(agreed["name"]) if look else None
    since = arrived or (datetime.fromisoformat(first) if first else None) or row.activated_at
    assert since is not None
    late_at = since + timedelta(hours=agreed["expected_interval_hours"])
    looked = look.at if look else None
    state = _state(usable.arrived_at if usable else None, late_at, looked or row.activated_at, moment)
    still = refused if refused and (usable is None or refused.arrived_at > usable.arrived_at) else None
    return Machine(
        agreed["name"], agreed["expected_interval_hours"], state, usable, still, looking, late_at, looked
    )


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


def worst(watched: Iterable[Watched]) -> Freshness | None:
    """Of several; None when there is nothing to watch."""
    states = {one.state for one in watched}
    return next((state for state in _WORST_FIRST if state in states), None)


def light_of(watched: Iterable[Watched], drill: DrillDue | None) -> str:
    """green, yellow or red: that of the worst archive or machine; `off` while nothing is expected. Copies that
    arrive are not green while the drill that would show them to start is due.
    """
    state = worst(watched)
    light = LIGHTS[state] if state else "off"
    return "yellow" if light == "green" and drill is not None and drill.due else light


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
    return Archive(name, hours, _state(newest, late_at, looked or began, moment), newest, late_at, looked)


def _state(newest: datetime | None, late_at: datetime, seen: datetime | None, moment: datetime) -> Freshness:
    """`seen`: the last look; before the first, when all began, for nobody is blind to what just began."""
    if seen is None or moment - seen > BLIND_AFTER:
        # What was late when last seen, and is blind now, is told as blind: it may have arrived meanwhile.
        return Freshness.UNKNOWN
    if moment > late_at:
        return Freshness.LATE
    return Freshness.FRESH if newest else Freshness.WAITING
