"""Waiting for a condition instead of sleeping and hoping."""

import time
from collections.abc import Callable

from lab.system import LabError


def wait_until(
    what: str, condition: Callable[[], object], *, timeout_s: float = 60, every_s: float = 0.05
) -> None:
    """Returns as soon as `condition` is true; raises `LabError` naming `what` when the time is up."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"{what}: did not happen within {timeout_s:g} s.")
        time.sleep(every_s)
