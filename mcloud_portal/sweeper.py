"""Every second each worker process looks at what is due and does it itself.

`TICKS` is the whole list of recurring looks, in order, and `TIMETABLE` of what is done more rarely. A tick claims
its rows by compare-and-swap, so any number of processes may run it at once; one that raises is logged and never
stops the others.
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
    "tenants.services.audit.tick",
)

# name -> (seconds between two slots, what one worker does then). All of it may be done twice without harm.
TIMETABLE: Final = {
    "census": (900, "provisioning.services.upkeep.take_census"),
    "marks": (300, "provisioning.services.upkeep.push_marks"),
    "capacity": (900, "provisioning.services.upkeep.load_capacity"),
    "samples": (300, "provisioning.services.metering.sample_archives"),
    "surplus": (60, "provisioning.services.upkeep.release_surplus"),
    "watch": (60, "elaastic.services.watching.tick"),
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


def start() -> threading.Thread:
    """Start the sweep of this process, once."""
    # Beside the sweep: a platform that does not answer takes its time to be given up.
    threading.Thread(target=_run, args=(AT_START,), name="at-start", daemon=True).start()
    thread = threading.Thread(target=_loop, name="sweeper", daemon=True)
    thread.start()
    return thread
