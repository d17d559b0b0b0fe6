"""Every second each worker process looks at what is due and does it itself.

`TICKS` is the whole list of recurring looks, in order. A tick claims its rows by compare-and-swap, so
any number of processes may run it at once; one that raises is logged and never stops the others.
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
    "elaastic.services.planning.tick",
    "tenants.services.audit.tick",
)

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


def _run(paths: tuple[str, ...]) -> None:
    for path in paths:
        try:
            close_old_connections()
            _load(path)()
        except Exception:
            log.exception("The tick %s failed; the next look is in %.0f s.", path, PERIOD_S)


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
