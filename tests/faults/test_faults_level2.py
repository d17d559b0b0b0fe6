"""T1, T2, T2p, T4, T8 and T25 of an order, a change and an end of level 2: the simulated OpenStack beside Ceph."""

from collections.abc import Callable, Iterator
from itertools import chain

import pytest

from tests.faults.auditor import of_the_cloud
from tests.faults.cases import Case, sweep
from tests.faults.clouds import CloudRehearsal
from tests.faults.kills import killed, slept, slept_and_died
from tests.faults.wire import for_good_in_turn, once_in_turn
from tests.faults.workflows import LEVEL_2, end_of

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
Rehearsed = Callable[[str], CloudRehearsal]
NAMES = [workflow.name for workflow in LEVEL_2]
# Of some two to four hundred cases each: one in make test, and five.
ONE = 10_000
FIVE = 80


def everything(at: CloudRehearsal) -> Iterator[Case]:
    """All that may strike one of them."""
    return chain(killed(at), slept(at), slept_and_died(at), once_in_turn(at), for_good_in_turn(at))


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_one_of_all_that_may_strike_level_2_changes_no_outcome(of_level_2: Rehearsed, name: str) -> None:
    sweep(everything(of_level_2(name)), whole=False, part=ONE)


@pytest.mark.deep
def test_some_of_all_that_may_strike_level_2_change_no_outcome(of_level_2: Rehearsed) -> None:
    for name in NAMES:  # in one process: what comes before costs more than the cases
        sweep(everything(of_level_2(name)), whole=False, part=FIVE)


@pytest.mark.fault
def test_what_an_order_of_level_2_left_is_looked_at_and_not_touched(of_level_2: Rehearsed) -> None:
    at = of_level_2(NAMES[0])
    at.stage.restore(end_of(NAMES[0]))
    at.stage.act("look_again")
    assert at.conclude("looked at twice") == []
    after = [call for call in at.stage.calls() if call["route"] != "keystone_sign_in"]
    assert [call for call in after if of_the_cloud(call)]
    assert {call["method"] for call in after} == {"GET"}
