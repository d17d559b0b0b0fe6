"""Real Celery workers that die: how many there are, and where one of them is killed."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lab.deadline import wait_until
from lab.system import LabError
from tests.faults.cases import Case
from tests.faults.kills import LEASES_OVER
from tests.faults.rehearsal import Rehearsal
from tests.faults.stage import CaseFailed, Stage

# Generous: eight sweeps of a second each, on a machine that does other things too.
REST_S = 60


def killed_for_real(at: Rehearsal, workers: int) -> Iterator[Case]:
    """At each crash point: `workers` Celery workers at once, the first of which dies there; another takes over."""
    for point, name in enumerate(at.points, 1):
        case = f"{at.workflow.name}: {workers} Celery workers, one killed at {point} {name}"
        yield Case(case, lambda p=point, c=case: _kill(at, workers, p, c))


def _kill(at: Rehearsal, workers: int, point: int, case: str) -> list[str]:
    stage = at.stage
    stage.restore(at.start)
    with at_work(stage, workers - 1):
        dying = stage.start("serve", strikes={"kill_at": point})
        # With two at work the other may be the one that comes past the point; then this one has nothing to die of.
        _until_rest_or_end(stage, dying)
        stage.database.run(LEASES_OVER[0])  # nobody waits the minute; should the other hold it, it must notice that
        with at_work(stage, 1):
            until_rest(stage)
    return at.conclude(case)


@contextmanager
def at_work(stage: Stage, workers: int) -> Iterator[None]:
    """So many Celery workers, killed at the end."""
    pids = [stage.start("serve") for _ in range(workers)]
    try:
        yield
    finally:
        for pid in pids:
            _end(stage, pid)


def until_rest(stage: Stage) -> None:
    """Time passes whenever nothing is due. CaseFailed with what does not rest."""
    with _telling(stage):
        wait_until("rest", lambda: bool(stage.value("let_time_pass")), timeout_s=REST_S)


def _until_rest_or_end(stage: Stage, pid: int) -> None:
    def over() -> bool:
        return _dead(pid) or bool(stage.value("let_time_pass"))

    with _telling(stage):
        wait_until("the death of the worker, or rest", over, timeout_s=REST_S)
    _end(stage, pid)


@contextmanager
def _telling(stage: Stage) -> Iterator[None]:
    """What holds it up, and the end of the log: whoever reads of it has no other way to know."""
    try:
        yield
    except LabError as over:
        log = stage.logged().decode(errors="replace")[-4000:]
        raise CaseFailed(f"{over} {stage.value('restless')}\n{log}") from None


def _dead(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123  # a zombie is waited for by the warm fork only
        return file.read().rpartition(")")[2].split()[0] == "Z"


def _end(stage: Stage, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    ended = stage.wait(pid)
    if ended.get("signal") != signal.SIGKILL:
        log = stage.logged().decode(errors="replace")[-4000:]
        raise CaseFailed(f"A worker ended by itself: {ended}\n{log}")
