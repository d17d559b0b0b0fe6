"""Which cases run: a seeded part, or all; one alone with `FAULTS_CASE`. A failing case prints its name.

FAULTS_CASE='order/3: call 5 admin_put_quota: reset after' pytest tests/faults -m 'fault or deep'
FAULTS_SEED=7 pytest tests/faults -m fault          another tenth, and other luck in all waits
FAULTS_WHOLE=1 pytest tests/faults -m deep          every case of every workflow, each fault in each way
FAULTS_WHOLE=1 pytest tests/faults -m deep -k drill all of what deep itself plays a part of
"""

import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from zlib import crc32

SEED: Final = os.environ.get("FAULTS_SEED", "1")
# `make test-deep` plays what fits into its time; this plays all there is, in each way, and takes hours.
WHOLE: Final = bool(os.environ.get("FAULTS_WHOLE"))
QUARTER: Final = 4
EIGHTH: Final = 8
TENTH: Final = 10
TWENTIETH: Final = 20
# Of what takes long and make test-deep plays whole.
FORTIETH: Final = 40
# Enough to see a pattern, few enough that a broken engine does not hold up the run.
MOST_FAILURES: Final = 8


@dataclass(frozen=True)
class Case:
    """`name` says what happens where; `play` answers with the violations."""

    name: str
    play: Callable[[], list[str]]


@dataclass(frozen=True)
class Share:
    """One of `of` shares of all cases, so that the processes of a run divide them. A name is in one share only."""

    number: int = 0
    of: int = 1

    def holds(self, case: Case) -> bool:
        """Is it in this share?"""
        return crc32(case.name.encode()) % self.of == self.number

    def __str__(self) -> str:
        return f"{self.number + 1} of {self.of}"


def deep_part(workflow: str) -> int:
    """Of an order every other case; of what else `make test-deep` plays, every eighth."""
    return 2 if workflow == "order" else EIGHTH


def shares(of: int) -> list[Share]:
    """All of them."""
    return [Share(number, of) for number in range(of)]


def sweep(cases: Iterable[Case], *, whole: bool, share: Share = Share(), part: int = TENTH) -> None:
    """Play them, or one of `part`; AssertionError with every violation and the name to replay it by."""
    found = list(cases)
    assert found, "There is no case: the rehearsal met nothing."
    played, failures = 0, list[str]()
    for case in _chosen(found, share, part, whole=whole):
        played += 1
        failures += case.play()
        if len(failures) >= MOST_FAILURES:
            break
    print(f"{played} of {len(found)} cases, {len(failures)} violations")  # noqa: T201
    assert not failures, "\n".join([f"{len(failures)} violations; FAULTS_CASE='<what stands in []>'", *failures])


def _chosen(cases: list[Case], share: Share, part: int, *, whole: bool) -> list[Case]:
    if asked := os.environ.get("FAULTS_CASE"):
        return [case for case in cases if case.name == asked and share.holds(case)]
    if whole or WHOLE:
        return [case for case in cases if share.holds(case)]
    dice = random.Random(f"{SEED} {cases[0].name}")
    return dice.sample(cases, -(-len(cases) // part))
