"""T1 and T4: a worker dies at a crash point, or sleeps through its lease there and wakes up when all is done."""

import os
import signal
from collections.abc import Iterator

from tests.faults.cases import Case
from tests.faults.rehearsal import Rehearsal, Window

LEASES_OVER = (
    "UPDATE provisioning_stack SET claim_expires_at = '2000-01-01' WHERE claim_token IS NOT NULL",
    "UPDATE provisioning_operation SET claim_until = '2000-01-01' WHERE claim_token IS NOT NULL",
)


def killed(at: Rehearsal) -> Iterator[Case]:
    """One case for each crash point of each window."""
    for window in at.windows:
        for point, name in enumerate(window.points, 1):
            case = f"{window.state}: killed at {point} {name}"
            yield Case(case, lambda w=window, p=point, c=case: _kill(at, w, p, c))


def _kill(at: Rehearsal, window: Window, point: int, case: str) -> list[str]:
    at.stage.restore(window.state)
    at.stage.kill("rest", point)
    return at.conclude(case)


def killed_from_the_start(at: Rehearsal) -> Iterator[Case]:
    """The whole workflow each time, no saved state on the way: what the windows are an abbreviation of."""
    for point, name in enumerate(at.points, 1):
        case = f"{at.workflow.name}: killed at {point} {name}"
        yield Case(case, lambda p=point, c=case: _kill_whole(at, p, c))


def _kill_whole(at: Rehearsal, point: int, case: str) -> list[str]:
    at.stage.restore(at.start)
    at.stage.kill("rest", point)
    return at.conclude(case)


def slept(at: Rehearsal) -> Iterator[Case]:
    """One case for each crash point of each window."""
    for window in at.windows:
        for point, name in enumerate(window.points, 1):
            case = f"{window.state}: asleep at {point} {name}"
            yield Case(case, lambda w=window, p=point, c=case: _sleep(at, w, p, c))


def _sleep(at: Rehearsal, window: Window, point: int, case: str) -> list[str]:
    """Its lease is ended by writing the row; its own monotonic clock shows no gap, which is the worst case."""
    stage = at.stage
    stage.restore(window.state)
    pid = stage.start("rest", strikes={"stop_at": point})
    ended = stage.wait(pid)
    assert "stopped" in ended, ended
    for statement in LEASES_OVER:
        stage.database.run(statement)
    stage.act("rest")
    os.kill(pid, signal.SIGCONT)
    ended = stage.wait(pid)
    if "value" not in ended:
        return [f"[{case}] The one that slept: {ended}"]
    return at.conclude(case)
