"""T24: a database from an hour ago. What it forgot is found again or left alone."""

from collections.abc import Callable

import pytest

from tests.faults.cases import sweep
from tests.faults.rehearsal import Rehearsal
from tests.faults.restores import forgotten_steps, put_back
from tests.faults.stage import Stage
from tests.faults.workflows import DEEP, WORKFLOWS

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
Rehearsed = Callable[[str], Rehearsal]


@pytest.mark.fault
def test_a_restored_database_writes_nothing_unread_and_deletes_nothing_at_all(faults: Stage) -> None:
    sweep(put_back(faults, every=False), whole=True)


@pytest.mark.deep
def test_whatever_happened_since_a_restored_database_deletes_nothing(faults: Stage) -> None:
    sweep(put_back(faults, every=True), whole=True)


@pytest.mark.fault
def test_a_step_that_the_database_forgot_is_found_and_not_done_twice(rehearsed: Rehearsed) -> None:
    sweep(forgotten_steps(rehearsed(WORKFLOWS[0].name)), whole=False)


@pytest.mark.deep
@pytest.mark.parametrize("name", DEEP)
def test_no_step_that_the_database_forgot_is_done_twice(rehearsed: Rehearsed, name: str) -> None:
    sweep(forgotten_steps(rehearsed(name)), whole=True)
