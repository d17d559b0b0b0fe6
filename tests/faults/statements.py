"""T2d: every statement and every commit of a worker fails once, in each way that PostgreSQL knows."""

from collections.abc import Iterator

from tests.faults.cases import Case
from tests.faults.rehearsal import Rehearsal, Window
from tests.faults.strikes_list import COMMITS, STATEMENTS


def failed(at: Rehearsal, *, every: bool) -> Iterator[Case]:
    """`every`: each statement in each way; otherwise the ways take turns over the statements."""
    for window in at.windows:
        for number in range(1, window.statements + 1):
            ways = STATEMENTS if every else (STATEMENTS[number % len(STATEMENTS)],)
            for way in ways:
                yield _case(at, window, number, way, "statement")
        for number in range(1, window.commits + 1):
            for way in COMMITS:
                yield _case(at, window, number, way, "commit")


def _case(at: Rehearsal, window: Window, number: int, way: str, what: str) -> Case:
    name = f"{window.state}: {what} {number}: {way}"

    def play() -> list[str]:
        at.stage.restore(window.state)
        at.stage.act("rest", strikes={"statement": number, "fault": way})
        return at.conclude(name)

    return Case(name, play)
