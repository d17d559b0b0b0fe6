"""VMIDs from our own range: given once, to one, also when eight ask at the same instant."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.fixtures import postgres_lab
from provisioning.domain.errors import PermanentError
from provisioning.providers.proxmox.numbers import Numbers
from tests.tenants.databases import fresh_database

__all__ = ["postgres_lab"]
ROOT = Path(__file__).resolve().parents[4]
SERIES = Numbers("pve-an", "VMID", 5000, 5002)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_lab").url))
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
            "MCLOUD_DATA_DIR": str(tmp_path),
            "MCLOUD_DATABASE_URL": url,
        }


def test_eight_at_once_on_two_workers_get_eight_numbers_and_one_holder_one(
    environment: dict[str, str], tmp_path: Path
) -> None:
    go = tmp_path / "go"
    command = [sys.executable, "-m", "tests.provisioning.providers.proxmox.allotting"]
    subprocess.run([*command, "prepare"], env=environment, cwd=ROOT, timeout=300, check=True)
    workers = [_worker([*command, "take", name, str(go)], environment) for name in ("a", "b")]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    go.touch()
    answers = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
    own = [number for answer in answers for number in answer["own"]]
    common = {number for answer in answers for number in answer["common"]}
    assert len(own) == len(set(own)) == 8
    assert len(common) == 1
    assert sorted([*own, *common]) == list(range(5000, 5009))


def _worker(command: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.django_db
class TestNumbers:
    def test_a_holder_keeps_its_number(self) -> None:
        assert SERIES.of("mcloud.a.vm") is None
        assert [SERIES.take(holder) for holder in ("mcloud.a.vm", "mcloud.b.vm", "mcloud.a.vm")] == [
            5000,
            5001,
            5000,
        ]
        assert SERIES.of("mcloud.b.vm") == 5001

    def test_what_a_stranger_has_is_given_to_nobody(self) -> None:
        SERIES.give_up("mcloud.a.vm", SERIES.take("mcloud.a.vm"))
        assert [SERIES.take("mcloud.a.vm"), SERIES.take("mcloud.b.vm")] == [5001, 5002]

    def test_a_late_worker_takes_nobody_elses_number_away(self) -> None:
        """Two met the stranger; the second gives up what is given up already."""
        first = SERIES.take("mcloud.a.vm")
        SERIES.give_up("mcloud.a.vm", first)
        second = SERIES.take("mcloud.a.vm")
        SERIES.give_up("mcloud.a.vm", first)
        assert SERIES.of("mcloud.a.vm") == second

    @pytest.mark.parametrize("series", [SERIES, Numbers("pve-an", "VMID", 0, 0)])
    def test_a_range_that_is_used_up_or_was_never_given_is_the_regions_move(self, series: Any) -> None:
        for holder in ("a", "b", "c") if series.first else ():
            series.take(holder)
        with pytest.raises(PermanentError) as refused:
            series.take("d")
        assert refused.value.reason == "NoNumbers"

    def test_platforms_and_series_do_not_share_numbers(self) -> None:
        others = [Numbers("pve-pu", "VMID", 5000, 5002), Numbers("pve-an", "network", 5000, 5002)]
        assert {one.take("mcloud.a.vm") for one in [SERIES, *others]} == {5000}

    def test_a_range_that_was_moved_goes_on_in_the_new_one(self) -> None:
        SERIES.take("mcloud.a.vm")
        assert Numbers("pve-an", "VMID", 9000, 9001).take("mcloud.b.vm") == 9000
        assert Numbers("pve-an", "VMID", 5000, 5002).take("mcloud.c.vm") == 5001
