"""T1, T2, T2p, T4, T6, T8 and T25 of a drill: it always ends, leaves nothing, and never blames the backup.

A drill takes a second or two where an order takes a twentieth, so that not all of the table is played by the clock.
Deep plays a quarter of the deaths, every late create (with a worker that lives, and with one that dies of it) and
an OpenStack that goes away at any step; of all other late wakings and of single bad answers a twentieth, of lasting
faults a fifth. `FAULTS_WHOLE=1` plays all of them, and some twenty minutes of one core.
"""

import pytest

from tests.faults.cases import QUARTER, TWENTIETH, sweep
from tests.faults.drill_auditor import DrillRehearsal, of_the_cloud
from tests.faults.drill_wire import down, for_good, lasting, once
from tests.faults.kills import killed, slept, slept_and_died

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real]
# Two cases of each table.
FEW = 120
FIFTH = 5


@pytest.mark.fault
def test_a_few_places_to_die_change_no_drill(drill: DrillRehearsal) -> None:
    sweep(killed(drill), whole=False, part=FEW)


@pytest.mark.deep
def test_no_place_to_die_changes_a_drill(drill_by_steps: DrillRehearsal) -> None:
    sweep(killed(drill_by_steps), whole=False, part=QUARTER)


@pytest.mark.fault
def test_a_few_late_wakings_change_no_drill(drill: DrillRehearsal) -> None:
    sweep(slept(drill), whole=False, part=FEW)


@pytest.mark.deep
def test_no_create_that_comes_late_changes_a_drill(drill_by_steps: DrillRehearsal) -> None:
    sweep(slept(drill_by_steps, point="intent create"), whole=True)


@pytest.mark.deep
def test_some_of_the_late_wakings_change_no_drill(drill_by_steps: DrillRehearsal) -> None:
    sweep(slept(drill_by_steps), whole=False, part=TWENTIETH)


@pytest.mark.fault
def test_what_is_made_late_by_a_worker_that_dies_of_it_is_found_by_the_census(drill: DrillRehearsal) -> None:
    sweep(slept_and_died(drill), whole=False, part=FEW)


@pytest.mark.deep
def test_whatever_is_made_late_by_workers_that_die_of_it_is_found(drill_by_steps: DrillRehearsal) -> None:
    sweep(slept_and_died(drill_by_steps), whole=True)


@pytest.mark.fault
def test_a_few_single_bad_answers_change_no_drill(drill: DrillRehearsal) -> None:
    sweep(once(drill), whole=False, part=FEW)


@pytest.mark.deep
def test_some_of_the_single_bad_answers_change_no_drill(drill_by_steps: DrillRehearsal) -> None:
    sweep(once(drill_by_steps), whole=False, part=TWENTIETH)


@pytest.mark.fault
def test_a_few_lasting_faults_are_told_and_blame_no_backup(drill: DrillRehearsal) -> None:
    sweep(for_good(drill), whole=False, part=FEW // 2)


@pytest.mark.deep
def test_some_of_the_lasting_faults_are_told_and_blame_no_backup(drill_by_steps: DrillRehearsal) -> None:
    sweep(for_good(drill_by_steps), whole=False, part=FIFTH)


@pytest.mark.fault
def test_without_its_openstack_a_drill_could_not_test(drill: DrillRehearsal) -> None:
    sweep(down(drill), whole=True)


@pytest.mark.deep
def test_an_openstack_that_goes_away_at_any_step_is_no_bad_backup(drill_by_steps: DrillRehearsal) -> None:
    sweep(down(drill_by_steps), whole=True)


@pytest.mark.fault
def test_a_console_that_comes_without_its_text_is_no_silent_machine(drill: DrillRehearsal) -> None:
    assert lasting(drill, drill.start, ["servers_action"], "missing field", "no console") == []


@pytest.mark.fault
def test_what_a_drill_left_standing_is_looked_at_and_not_touched(drill: DrillRehearsal) -> None:
    stage = drill.stage
    stage.restore(drill.start)
    stage.act("rest")
    done = len(stage.calls())
    stage.act("look_again")
    assert drill.conclude("looked at twice") == []
    after = [call for call in stage.calls()[done:] if call["route"] != "keystone_sign_in"]
    assert [call for call in after if of_the_cloud(call)]
    assert {call["method"] for call in after} == {"GET"}
