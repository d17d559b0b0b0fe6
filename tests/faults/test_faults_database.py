"""T2d: the database fails under a worker."""

from collections.abc import Callable

import pytest

from tests.faults.cases import WHOLE, deep_part, sweep
from tests.faults.rehearsal import Rehearsal
from tests.faults.statements import failed
from tests.faults.workflows import DEEP, WORKFLOWS

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
Rehearsed = Callable[[str], Rehearsal]
NAMES = [workflow.name for workflow in WORKFLOWS]


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_a_tenth_of_the_failing_statements_changes_no_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(failed(rehearsed(name), every=False), whole=False)


@pytest.mark.deep
@pytest.mark.parametrize("name", DEEP)
def test_no_failing_statement_changes_an_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(failed(rehearsed(name), every=WHOLE), whole=False, part=deep_part(name))
