"""T1, T2, T2p, T4, T6 and T25 of a failover and of its end: whatever strikes, each machine of the plan stands once,
none is left when it ends, and the operation that times it ends once.
"""

import uuid
from collections.abc import Callable, Iterator
from itertools import chain

import pytest

from tests.faults.cases import Case, sweep
from tests.faults.drill_auditor import things
from tests.faults.failover_auditor import FailoverRehearsal
from tests.faults.failover_cases import for_good, forgotten, pressed_by_two
from tests.faults.kills import killed, slept, slept_and_died
from tests.faults.wire import once_in_turn
from tests.faults.workflows import FAILOVERS, end_of

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
Rehearsed = Callable[[str], FailoverRehearsal]
NAMES = [workflow.name for workflow in FAILOVERS]
# Of some three hundred cases each: two in make test, and eight.
TWO = 200
EIGHT = 40


def everything(at: FailoverRehearsal) -> Iterator[Case]:
    """All that may strike it."""
    return chain(killed(at), slept(at), slept_and_died(at), once_in_turn(at), for_good(at))


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_a_few_of_all_that_may_strike_change_no_outcome(failovers: Rehearsed, name: str) -> None:
    sweep(everything(failovers(name)), whole=False, part=TWO)


@pytest.mark.fault
def test_a_machine_too_many_or_too_few_would_be_seen(failovers: Rehearsed) -> None:
    at = failovers(NAMES[0])
    at.stage.restore(end_of(NAMES[0]))
    stands = things(at.stage)
    assert list(at.cloud(stands)) == []
    (id, server), (other, _second) = stands["server"].items()
    twice = {**stands["server"], (double := str(uuid.uuid4())): {**server, "id": double}}
    told = " ".join(at.cloud({**stands, "server": twice}))
    assert "1 times too often: server" in told and f"{double} exists and no row knows it" in told
    told = " ".join(at.cloud({**stands, "server": {id: server}}))
    assert "It lacks 1 of: server" in told and f"{other} is in 1 rows, and exists: False" in told


@pytest.mark.deep
def test_some_of_all_that_may_strike_and_a_database_that_forgot_it_change_no_outcome(failovers: Rehearsed) -> None:
    for name in NAMES:  # in one process: what comes before costs more than the cases
        sweep(everything(failovers(name)), whole=False, part=EIGHT)
        sweep(forgotten(failovers(name)), whole=True)


@pytest.mark.fault
@pytest.mark.parametrize("name", NAMES)
def test_a_button_that_two_people_press_is_pressed_once(failovers: Rehearsed, name: str) -> None:
    sweep(pressed_by_two(failovers(name)), whole=True)
