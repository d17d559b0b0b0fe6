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


def slept(at: Rehearsal, *, point: str = "") -> Iterator[Case]:
    """One case for each crash point of each window; or for those of this name."""
    for window in at.windows:
        for number, name in enumerate(window.points, 1):
            if point in ("", name):
                case = f"{window.state}: asleep at {number} {name}"
                yield Case(case, lambda w=window, n=number, c=case: _sleep(at, w, n, c))


def _sleep(at: Rehearsal, window: Window, point: int, case: str) -> list[str]:
    pid = _asleep(at, window, {"stop_at": point})
    os.kill(pid, signal.SIGCONT)
    ended = at.stage.wait(pid)
    if "value" not in ended:
        return [f"[{case}] The one that slept: {ended}"]
    return at.conclude(case)


def _asleep(at: Rehearsal, window: Window, strikes: dict[str, int]) -> int:
    """The pid of a worker that stopped, and slept while others finished everything. Its lease is ended by writing
    the row; its own monotonic clock shows no gap, which is the worst case.
    """
    stage = at.stage
    stage.restore(window.state)
    pid = stage.start("rest", strikes=strikes)
    ended = stage.wait(pid)
    assert "stopped" in ended, ended
    for statement in LEASES_OVER:
        stage.database.run(statement)
    stage.act("rest")
    at.others_finished()
    return pid


def slept_and_died(at: Rehearsal) -> Iterator[Case]:
    """It slept before a create, and dies at the next crash point: what it made late it tells nobody, and the census
    finds it.
    """
    for window in at.windows:
        for point, name in enumerate(window.points, 1):
            if name == "intent create":
                case = f"{window.state}: asleep at {point} {name}, and dead at the next"
                yield Case(case, lambda w=window, p=point, c=case: _sleep_and_die(at, w, p, c))


def _sleep_and_die(at: Rehearsal, window: Window, point: int, case: str) -> list[str]:
    pid = _asleep(at, window, {"stop_at": point, "kill_at": point + 1})
    os.kill(pid, signal.SIGCONT)
    ended = at.stage.wait(pid)
    if ended.get("signal") != signal.SIGKILL:
        return [f"[{case}] The one that slept: {ended}"]
    at.stage.act("look_for_orphans")
    return at.conclude(case)
