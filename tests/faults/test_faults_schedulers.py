"""T12: three schedulers at once over ten days, killed at random: each slot once in effect, a missed one made up."""

import random
from collections import Counter
from pathlib import Path

import pytest

from mcloud_portal.sweeper import TIMETABLE
from tests.faults.cases import SEED
from tests.faults.stage import Stage
from tests.faults.workflows import BASE

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.real, pytest.mark.fault]

THREE = 3
SLOTS = 6
STEP_S = 36 * 3600
MINUTE_S = 61
# The shortest period is 15 s: what is due more often than this may rightly come twice on a slow machine.
SLOW = {name for name, (seconds, _path) in TIMETABLE.items() if seconds >= 60}
MOST_STATEMENTS = 40


def test_three_schedulers_that_die_have_each_slot_once_in_effect(faults: Stage, tmp_path: Path) -> None:
    dice = random.Random(f"{SEED} schedulers")
    faults.restore("neighbour")
    faults.act("order", terms=BASE)
    faults.act("rest")
    faults.act("back_up", archives=["backup"])
    faults.act("much_to_do")
    faults.database.run("UPDATE provisioning_timedwork SET due_at = '2000-01-01'")
    deaths, looked_at = 0, 0
    for slot in range(SLOTS):
        taken, died = one_slot(
            faults, tmp_path / f"slot-{slot}", dice.randint(1, MOST_STATEMENTS) if slot % 2 else 0
        )
        assert not {name: n for name, n in taken.items() if n > 1 and name in SLOW}, f"slot {slot}: {taken}"
        assert died or set(taken) >= SLOW, f"slot {slot}: nobody took {SLOW - set(taken)}"
        deaths += died
        looked_at += taken["samples"]
        # Who watched before another had sampled saw nothing new: a minute later somebody watches again.
        faults.offset.seconds += MINUTE_S
        faults.act("schedule", into=str(tmp_path / "later"))
        faults.offset.seconds += STEP_S
    one_slot(faults, tmp_path / "the end", 0)
    faults.offset.seconds += 301  # what a dead one had in hand to tell is told by another
    faults.database.run("UPDATE provisioning_timedwork SET due_at = '2000-01-01'")
    one_slot(faults, tmp_path / "after the end", 0)
    found = faults.value("slots")
    assert deaths, "nobody died"
    assert (found["reminders"], found["expiries"]) == (2, 1), found
    assert found["escalations"], "nobody was told of the late copies"
    assert len({tuple(one) for one in found["escalations"]}) * 2 >= len(found["escalations"])
    assert set(found["digests"]) == {1}
    assert (found["untold"], found["chain"]) == (0, True)
    assert max(found["samples"]) <= looked_at + 2, f"{found['samples']} samples of {looked_at} slots"


def one_slot(stage: Stage, file: Path, die_at: int) -> tuple[Counter[str], int]:
    """Three at once, the first of which may be killed before that statement: who took what, and how many died."""
    file.touch()
    pids = [
        stage.start("schedule", strikes={"die_at": die_at} if number == 0 and die_at else {}, into=str(file))
        for number in range(THREE)
    ]
    ended = [stage.wait(pid) for pid in pids]
    assert all("value" in one or "signal" in one for one in ended), ended
    return Counter(file.read_text().split()), sum("signal" in one for one in ended)
