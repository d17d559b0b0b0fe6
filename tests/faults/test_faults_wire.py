"""T2 and T2p: the region answers badly, once or for good."""

from collections.abc import Callable

import pytest

from tests.faults.auditor import Region
from tests.faults.cases import EIGHTH, FORTIETH, TWENTIETH, WHOLE, Share, deep_part, shares, sweep
from tests.faults.rehearsal import Rehearsal
from tests.faults.stage import Stage
from tests.faults.wire import for_good, once
from tests.faults.workflows import DEEP, WORKFLOWS

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
Rehearsed = Callable[[str], Rehearsal]
NAMES = [workflow.name for workflow in WORKFLOWS]
# An order is played with one of each kin of bad answers at each call, of that a half; of the others an eighth.
HALF = shares(2 if WHOLE else 4)[:2]
SHARED = [("order", share) for share in HALF] + [(name, Share()) for name in DEEP if name != "order"]


def _part(name: str) -> int:
    """Less of what make test-deep plays whole."""
    return FORTIETH if name in DEEP else TWENTIETH


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_some_of_the_single_bad_answers_change_no_outcome(rehearsed: Rehearsed, name: str) -> None:
    sweep(once(rehearsed(name)), whole=False, part=_part(name))


@pytest.mark.deep
@pytest.mark.parametrize(("name", "share"), SHARED, ids=str)
def test_no_single_bad_answer_changes_an_outcome(rehearsed: Rehearsed, name: str, share: Share) -> None:
    sweep(once(rehearsed(name), every=WHOLE), whole=name == "order", share=share, part=EIGHTH)


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_some_of_the_lasting_faults_are_told_and_mended(rehearsed: Rehearsed, name: str) -> None:
    sweep(for_good(rehearsed(name)), whole=False, part=_part(name))


@pytest.mark.deep
@pytest.mark.parametrize("name", DEEP)
def test_a_lasting_fault_is_told_to_a_person_and_a_retry_mends_it(rehearsed: Rehearsed, name: str) -> None:
    sweep(for_good(rehearsed(name), every=WHOLE), whole=False, part=deep_part(name))


@pytest.mark.fault
def test_an_archive_that_seems_never_versioned_is_set_right_and_nothing_else_changes(faults: Stage) -> None:
    faults.restore("neighbour")
    before = Region.read(faults).without("nobody")
    faults.control("fault", kind="missing", missing="Status", route="get_versioning")
    faults.act("look_again")
    told = faults.value("rest")
    assert "put_versioning" in {call["route"] for call in faults.calls()}
    assert {state for state, *_ in told["rows"].values()} == {"ready"}
    assert Region.read(faults).without("nobody") == before
