"""T12: what one of three schedulers does, and what its looks came to."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from elaastic.models import Digest, Escalation, Reminder, Request, RequestKind, Subscription
from elaastic.selectors.today import today
from mcloud_portal import sweeper
from provisioning.models import ArchiveSample, TimedWork, clock
from tests.faults import acts

JOBS = {path: name for name, (_seconds, path) in sweeper.TIMETABLE.items()}


def much_to_do() -> None:
    """One agreement ends soon and the neighbour's grace is over; everything recurring is due."""
    acts.begin()
    mine = acts._subscription()
    _agreed(Subscription.objects.filter(pk=mine.pk), 20)
    _agreed(Subscription.objects.exclude(pk=mine.pk), -31)


def _agreed(rows: Any, days: int) -> None:
    last = today() + timedelta(days=days)
    rows.update(agreed_until=last, writes_until=last + timedelta(days=30))


def schedule(into: str) -> None:
    """Two looks, as a worker takes them; each job of the timetable that it took is a line in the file."""
    acts.begin()
    real = sweeper._load

    def noted(path: str) -> Callable[[], None]:
        if path in JOBS:
            with open(into, "a") as file:  # noqa: PTH123  # one short line, appended whole
                file.write(f"{JOBS[path]}\n")
                file.flush()
                os.fsync(file.fileno())
        return real(path)

    sweeper._load = noted
    for _look in range(2):
        sweeper.run_once()


def slots() -> dict[str, Any]:
    """What is left to do, and what was done."""
    acts.begin()
    expired = Request.objects.filter(kind=RequestKind.EXPIRE)
    return {
        "due": sorted(TimedWork.objects.filter(due_at__lte=clock.now()).values_list("name", flat=True)),
        "samples": sorted(_count(ArchiveSample.objects.values_list("resource_id", flat=True))),
        "reminders": Reminder.objects.count(),
        "expiries": expired.count(),
        "escalations": [[e.step, e.role] for e in Escalation.objects.order_by("pk")],
        "digests": sorted(_count(Digest.objects.values_list("week", "subscription"))),
        "untold": sum(model.objects.filter(told_at=None).count() for model in (Reminder, Escalation, Digest)),
        "chain": acts.chain()["holds"],
    }


def _count(values: Any) -> list[int]:
    found: dict[Any, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return list(found.values())
