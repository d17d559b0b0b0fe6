"""Waiting for a condition, or for one's turn, instead of sleeping and hoping."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.system import LabError


def wait_until(what: str, condition: Callable[[], object], *, timeout_s: float = 60, every_s: float = 0.05) -> None:
    """Returns as soon as `condition` is true; raises `LabError` naming `what` when the time is up."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"{what}: did not happen within {timeout_s:g} s.")
        time.sleep(every_s)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """One process at a time between here and the end; the kernel lets go when a holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
