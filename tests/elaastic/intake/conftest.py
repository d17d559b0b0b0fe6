"""A town of level 2 whose images lie on the simulated region, and on a real cluster; its machines are memory."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from rgwadmin import RGWAdmin

from lab.deadline import wait_until
from lab.fixtures import ceph_lab
from provisioning.domain.region import Platform
from provisioning.models import clock
from provisioning.providers import open_platform
from provisioning.services import capacity, surroundings
from provisioning.signals import doorbell
from tests.elaastic.intake.town import Town
from tests.elaastic.region import MemoryProvider, machines_platform
from tests.elaastic.services.town import Later
from tests.personas import World, world

__all__ = ["ceph_lab", "world"]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def simulated_region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The region file of a simulated region that lives as long as the run."""
    base = tmp_path_factory.mktemp("simulated")
    with (base / "log").open("wb") as output:
        words = [sys.executable, "-m", "lab.simulated", "--base", str(base), "--port", "0"]
        process = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=output)
    try:
        wait_until("the simulated region", (base / "region.yaml").exists, timeout_s=60)
        yield base / "region.yaml"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.real)])
def storage(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the region file of the storage says."""
    simulated = request.param == "simulated"
    file = (
        request.getfixturevalue("simulated_region")
        if simulated
        else request.getfixturevalue("ceph_lab").region_file
    )
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


@pytest.fixture
def town(
    storage: dict[str, Any], db: None, world: World, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    """Active, its keys collected; what it made goes at the end."""
    ceph = next(one for one in storage["platforms"] if one["provider"] == "ceph")
    serial = uuid.uuid4().hex[:6]
    ceph = {**ceph, "id": f"ceph-{serial}"}
    reserve = machines_platform("proxmox", ceph["sites"][0], vcpus=64, ram_mib=262144, storage_gib=20000)
    settings.REGION_FILE = tmp_path / "region.yaml"
    platforms = [ceph, {**reserve, "credentials_file": ceph["credentials_file"]}]
    content = {**storage, "installation": f"i{serial}", "platforms": platforms}
    settings.REGION_FILE.write_text(yaml.safe_dump(content))
    memory, later = MemoryProvider(), Later()

    def opened(platform: Platform) -> Any:
        return memory if platform.provider == "proxmox" else open_platform(platform)

    monkeypatch.setattr(surroundings, "open_platform", opened)
    monkeypatch.setattr(surroundings, "_opened", {})
    monkeypatch.setattr(doorbell, "deliver", lambda task, id, queue: None)
    monkeypatch.setattr(connection, "_mcloud_test_atomic", True, raising=False)
    monkeypatch.setattr(clock, "source", later)
    capacity.load_totals()
    made = Town.active(world, ceph, later)
    yield made
    keys = yaml.safe_load(Path(ceph["credentials_file"]).read_text())
    server = ceph["endpoints"]["api"].removeprefix("http://")
    outside = RGWAdmin(keys["access_key"], keys["secret_key"], server, secure=False)
    for role in ("writer", "restore", "probe", "owner"):
        with suppress(Exception):
            outside.remove_user(uid=f"{made.tenant}${role}", purge_data=True)
