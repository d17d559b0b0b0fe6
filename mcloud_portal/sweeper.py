"""Every second each worker process looks at what is due and does it itself.

`TICKS` is the whole list of recurring looks, in order, and `TIMETABLE` of what is done more rarely. A tick claims
its rows by compare-and-swap, so any number of processes may run it at once; one that raises is logged and never
stops the others. `LONG` is what may take an hour: each has a thread of its own, so that it holds up nothing.
"""

import logging
import tempfile
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from django.db import close_old_connections

log = logging.getLogger(__name__)

# "At most a second late" is what the rows promise when no doorbell rings (design: reliability, T9).
PERIOD_S: Final = 1.0

TICKS: Final = (
    "provisioning.services.sweep.tick",
    "mcloud_portal.sweeper.keep_timetable",
    "elaastic.services.planning.tick",
    "elaastic.services.failover_work.tick",
    "elaastic.services.arriving.tick",
    "tenants.services.audit.tick",
    "tenants.services.mailing.tick",
)

# Each takes one row, if one waits, and keeps its claim alive for as long as it takes.
LONG: Final = (
    "elaastic.services.inspecting.read_next",
    "provisioning.services.operations.carry_on_next",
)

# name -> (seconds between two slots, what one worker does then). All of it may be done twice without harm.
TIMETABLE: Final = {
    "census": (900, "provisioning.services.upkeep.take_census"),
    "marks": (300, "provisioning.services.upkeep.push_marks"),
    "capacity": (900, "provisioning.services.upkeep.load_capacity"),
    "samples": (300, "provisioning.services.metering.sample_archives"),
    "platforms": (30, "provisioning.services.platforms.sample_platforms"),
    "surplus": (60, "provisioning.services.upkeep.release_surplus"),
    "watch": (60, "elaastic.services.watching.tick"),
    "agreements": (300, "elaastic.services.agreeing.tick"),
    "escalations": (60, "elaastic.services.escalating.tick"),
    "digests": (300, "elaastic.services.escalating.digest"),
    "images": (300, "elaastic.services.intake.tick"),
    "readings": (60, "elaastic.services.arriving.read_next"),
    "messages": (15, "elaastic.services.telling.tick"),
    "drills": (15, "elaastic.services.drilling.tick"),
    "exports": (15, "elaastic.services.exporting.tick"),
    "drills_due": (300, "elaastic.services.drills_due.tick"),
    "minutes": (60, "elaastic.tasks.make_minutes"),
    "emergencies": (15, "elaastic.services.emergency.tick"),
    "mandates": (300, "tenants.services.mandate_news.tick"),
    "drafts": (3600, "elaastic.services.drafting.forget_old"),
    "housekeeping": (300, "tenants.services.housekeeping.remove_expired"),
}

AT_START: Final = ("provisioning.services.upkeep.report_region",)


def _load(path: str) -> Callable[[], None]:
    module, _, name = path.rpartition(".")
    tick: Callable[[], None] = getattr(import_module(module), name)
    return tick


def heartbeat() -> Path:
    """Touched at each look; `alive.py` reads its age."""
    return Path(tempfile.gettempdir()) / "mcloud-sweeper"


def run_once() -> None:
    """One look at everything that is due."""
    heartbeat().touch()
    _run(TICKS)


def keep_timetable() -> None:
    """Do what has a time and was not taken by another worker."""
    from provisioning.services.timetable import take_due  # `alive.py` reads this file without Django

    for name in take_due({name: seconds for name, (seconds, _path) in TIMETABLE.items()}):
        _run((TIMETABLE[name][1],))


def _run(paths: tuple[str, ...]) -> None:
    for path in paths:
        try:
            close_old_connections()
            _load(path)()
        except Exception:
            log.exception("%s failed; it is looked at again when it is due.", path)


def _loop() -> None:
    while True:
        began = time.monotonic()
        run_once()
        time.sleep(max(0.0, PERIOD_S - (time.monotonic() - began)))


def _loop_long(path: str) -> None:
    while True:
        _run((path,))
        time.sleep(PERIOD_S)


def start() -> threading.Thread:
    """Start the sweep of this process, once."""
    # Beside the sweep: a platform that does not answer takes its time to be given up.
    threading.Thread(target=_run, args=(AT_START,), name="at-start", daemon=True).start()
    for path in LONG:
        threading.Thread(target=_loop_long, args=(path,), name=path, daemon=True).start()
    thread = threading.Thread(target=_loop, name="sweeper", daemon=True)
    thread.start()
    return thread
