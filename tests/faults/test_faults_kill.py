"""T1 and T4 of the reliability plan: workers that die, and workers that wake up too late."""

from collections.abc import Callable

import pytest

from tests.faults.cases import EIGHTH, deep_part, sweep
from tests.faults.kills import killed, killed_from_the_start, slept
from tests.faults.rehearsal import Rehearsal
from tests.faults.workflows import DEEP, WORKFLOWS

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
Rehearsed = Callable[[str], Rehearsal]
NAMES = [workflow.name for workflow in WORKFLOWS]


@pytest.mark.fault
def test_an_order_comes_out_the_same_wherever_its_worker_is_killed(rehearsed: Rehearsed) -> None:
    sweep(killed_from_the_start(rehearsed("order")), whole=True)


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES[1:])
def test_a_tenth_of_the_places_to_die_changes_no_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(killed(rehearsed(name)), whole=False)


@pytest.mark.deep
@pytest.mark.parametrize("name", DEEP)
def test_no_place_to_die_changes_an_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(killed(rehearsed(name)), whole=name == "order", part=EIGHTH)


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_a_tenth_of_the_late_wakings_changes_no_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(slept(rehearsed(name)), whole=False)


@pytest.mark.deep
@pytest.mark.parametrize("name", DEEP)
def test_no_late_waking_changes_an_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(slept(rehearsed(name)), whole=False, part=deep_part(name))
