"""One platform in two bodies, the simulated region and a real cluster: what holds for one holds for the other."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rgwadmin import RGWAdmin
from rgwadmin.exceptions import NoSuchUser

pytest.register_assert_rewrite("tests.provisioning.providers.ceph.battery")

from lab.deadline import wait_until  # noqa: E402
from lab.fixtures import ceph_lab  # noqa: E402
from provisioning.domain.region import Platform, parse_region  # noqa: E402
from provisioning.providers.ceph.provider import CephProvider, open_platform  # noqa: E402
from tests.provisioning.providers.ceph.town import Town  # noqa: E402

__all__ = ["ceph_lab"]
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def simulated_region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The region file of a simulated region that lives as long as the run."""
    base = tmp_path_factory.mktemp("simulated")
    with (base / "log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab.simulated", "--base", str(base), "--port", "0"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(
            "the simulated region", lambda: _stands(base / "region.yaml", process, base / "log"), timeout_s=20
        )
        yield base / "region.yaml"
    finally:
        process.terminate()
        process.wait(10)


def _stands(file: Path, process: Any, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    if not file.exists():
        return False
    try:
        open_platform(_platform(file)).probe()
    except Exception:
        return False
    return True


def _platform(file: Path) -> Platform:
    return parse_region(file.read_text()).platforms[0]


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.real)])
def ceph_platform(request: pytest.FixtureRequest) -> Platform:
    """The platform under test."""
    if request.param == "simulated":
        return _platform(request.getfixturevalue("simulated_region"))
    return _platform(request.getfixturevalue("ceph_lab").region_file)


@pytest.fixture
def town(ceph_platform: Platform) -> Iterator[Town]:
    """Everything of its tenant is destroyed at the end, by the way that the portal itself refuses to go."""
    found = yaml.safe_load(Path(ceph_platform.credentials_file).read_text())
    server = ceph_platform.endpoints["api"].removeprefix("http://")
    outside = RGWAdmin(found["access_key"], found["secret_key"], server, secure=False)
    stack = f"t{os.getpid():x}-{uuid.uuid4().hex[:8]}"
    made = Town(ceph_platform, CephProvider(ceph_platform), stack, outside, found)
    yield made
    for role in ("owner", "writer", "restore", "probe"):
        try:
            outside.remove_user(uid=f"{made.tenant}${role}", purge_data=True)
        except NoSuchUser:
            continue
