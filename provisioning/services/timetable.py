"""Work with a time. Whoever moves `due_at` has it; a worker that dies with it costs one slot, never two effects."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from provisioning.models import TimedWork, clock
from provisioning.services import metering, upkeep

log = logging.getLogger(__name__)

# name -> (seconds between two slots, what to do). All of it may be done twice without harm.
TIMETABLE: Final[dict[str, tuple[int, Callable[[], None]]]] = {
    "census": (900, upkeep.take_census),
    "marks": (300, upkeep.push_marks),
    "capacity": (900, upkeep.load_capacity),
    "samples": (300, metering.sample_archives),
    "surplus": (60, upkeep.release_surplus),
}


def run_due() -> None:
    """Do what is due and was not taken by another worker; a missed slot is made up once."""
    now = clock.now()
    known = dict(TimedWork.objects.values_list("name", "due_at"))
    for name, (seconds, work) in TIMETABLE.items():
        if name not in known:
            TimedWork.objects.get_or_create(name=name, defaults={"due_at": now})
            continue
        if known[name] > now:
            continue
        slot = TimedWork.objects.filter(name=name, due_at=known[name])
        if slot.update(due_at=now + timedelta(seconds=seconds)):
            work()
