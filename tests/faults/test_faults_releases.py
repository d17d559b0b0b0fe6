"""T22: what an earlier release left half done, today's code finishes; and its database becomes today's."""

from pathlib import Path

import pytest

from lab.postgres import Postgres
from tests.faults.auditor import Region, tenant_of
from tests.faults.releases.recorded import COMES_TO, half_done, releases, taken_up
from tests.faults.stage import Stage

pytestmark = [pytest.mark.real, pytest.mark.fault]


def test_there_is_something_to_finish() -> None:
    assert releases()


@pytest.mark.parametrize("name", releases())
def test_what_an_earlier_release_left_half_done_is_finished(
    name: str, tmp_path: Path, postgres_lab: Postgres
) -> None:
    with taken_up(name, tmp_path / "stage", postgres_lab) as stage:
        stage.act("migrate")
        stage.database.open()
        before = stage.value("towns_shown")
        moving = [town for town, shown in before.items() if shown["state"] in ("pending", "progressing")]
        assert len(moving) >= 4, f"Little is half done: {before}"
        assert half_done(stage), "Nobody died in the middle of a step."
        came_to = stage.value("towns_finish")
        assert came_to["rests"], came_to["rows"]
        assert came_to["chain"]["holds"]
        found = stage.value("towns_shown")
        assert {t: (s["rows"], s["held"]) for t, s in found.items()} == {
            town: (rows, [gib] * 3 if gib else []) for town, (rows, gib) in COMES_TO.items()
        }
        for town, shown in found.items():
            one_to_one(stage, town, shown["stack"])


def one_to_one(stage: Stage, town: str, stack: str) -> None:
    """What is in the region is what is in the rows."""
    region, tenant = Region.read(stage), tenant_of(stack)
    there = [u for u in region.users if u.startswith(f"{tenant}$")]
    there += [k for k, (uid, _secret) in region.keys.items() if uid.startswith(f"{tenant}$")]
    there += [b["id"] for b in region.buckets if b["tenant"] == tenant]
    rows = stage.database.rows(
        "SELECT r.external_id FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id"
        f" WHERE s.key = '{stack}' AND r.state <> 'gone'"
    )
    assert sorted(there) == sorted(external_id for (external_id,) in rows), town
