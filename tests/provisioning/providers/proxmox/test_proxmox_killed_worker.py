"""A worker that is killed in the middle of an import of forty seconds: there is one machine, and never two; in a
drill too.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.provisioning.providers.proxmox import drilled
from tests.provisioning.providers.proxmox.machine import write_region
from tests.provisioning.providers.proxmox.town import Town
from tests.provisioning.providers.simulated import simulated_region

__all__ = ["simulated_region"]

ROOT = Path(__file__).resolve().parents[4]
LONG_S, PACE = 40.0, 0.02
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(town: Town, tmp_path: Path) -> Run:
    """The program, as a process of its own: how it ended, and what it said."""
    region = tmp_path / "region.yaml"
    write_region(town.platform, region)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
        "MCLOUD_DATA_DIR": str(tmp_path),
        "MCLOUD_DATABASE_URL": "",
        "MCLOUD_REGION_FILE": str(region),
    }
    programs = "tests.provisioning.providers.proxmox"

    def ran(*words: str, program: str = "reconciling") -> tuple[int, Any]:
        command = [sys.executable, "-m", f"{programs}.{program}", *words]
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode in (0, -9), done.stderr[-3000:]
        return done.returncode, json.loads(done.stdout) if done.returncode == 0 else None

    return ran


@pytest.mark.parametrize("place", ["sent create", "recorded create"])
def test_it_ends_with_one_machine(town: Town, run: Run, tmp_path: Path, place: str) -> None:
    """`sent create`: the task's UPID died with the worker. `recorded create`: the row has it."""
    run("prepare", str(tmp_path / "disk.raw"))
    town.wire.control("slow_task", type="qmcreate", seconds=LONG_S / PACE)
    code, _ = run("work", "60", place)
    assert code == -9
    _, rows = run("rows")
    assert bool(rows["vm"]["handle"]) is (place == "recorded create")

    began = time.time()
    town.wire.control("clock", stand=began)  # from here the import moves when it is told to
    town.wire.control("clock", stand=began + 30)
    _, rows = run("work", "2")
    assert (rows["vm"]["state"], rows["vm"]["id"]) == ("progressing", "")
    assert [one["vmid"] for one in town.outside.cluster.resources.get(type="vm")] == [5000]
    assert "qmcreate" in rows["vm"]["handle"]

    assert town.wire.control("finish", upid=rows["vm"]["handle"]) == "OK"
    town.wire.control("clock", pace=PACE)
    _, rows = run("work", "60")
    assert (rows["vm"]["state"], rows["vm"]["id"]) == ("ready", "5000")
    (guest,) = town.outside.cluster.resources.get(type="vm")
    assert guest["vmid"] == 5000
    tasks = [one for node in ("pve1", "pve2", "pve3") for one in town.outside.nodes(node).tasks.get(source="all")]
    assert len([one for one in tasks if one["type"] == "qmcreate"]) == 1


def test_a_drill_goes_on_from_it_and_leaves_nothing(
    town: Town, run: Run, tmp_path: Path, simulated_region: Path
) -> None:
    """The UPID died with the worker."""
    drilled.write_region(town, simulated_region, tmp_path / "region.yaml")
    run("prepare", town.stack, program="operating")
    town.wire.control("put", section="guests", id="5000", value={"agent": 1})
    town.wire.control("slow_task", type="qmcreate", seconds=LONG_S / PACE)
    code, _ = run("work", "200", "sent create", program="operating")
    assert code == -9

    began = time.time()
    town.wire.control("clock", stand=began)
    town.wire.control("clock", stand=began + 30)
    _, seen = run("work", "2", program="operating")
    assert (seen["guest"]["state"], seen["guest"]["id"], seen["verdict"]) == ("progressing", "", "")
    assert [one["vmid"] for one in town.outside.cluster.resources.get(type="vm")] == [5000]

    assert town.wire.control("finish", upid=seen["guest"]["handle"]) == "OK"
    town.wire.control("clock", pace=PACE)
    _, seen = run("work", "400", program="operating")
    assert (seen["verdict"], seen["ended"], seen["guest"]["state"]) == ("passed", True, "gone")
    assert town.outside.cluster.resources.get(type="vm") == []
    tasks = [one for node in ("pve1", "pve2", "pve3") for one in town.outside.nodes(node).tasks.get(source="all")]
    assert len([one for one in tasks if one["type"] == "qmcreate"]) == 1
