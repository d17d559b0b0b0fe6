"""One town's level 1 on a real Ceph, used with the tools that a town has and the files that the portal gives it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.ceph.cluster import CephCluster
from tests.lab.flow.tools import Computer, make_files, prints
from tests.lab.flow.town import Town, Towns
from tests.lab.flow.wire import refusal, s3
from tests.lab.workers import LivePortal

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("flow")]

TOOLS = ("restic", "rclone", "s3cmd", "awscli")
FORBIDDEN = {"AccessDenied"}
ABSENT = {"NoSuchBucket", "404"}


@pytest.fixture(scope="module")
def worker(portal: LivePortal) -> None:
    portal.start_worker("a", concurrency=2)


@pytest.fixture(scope="module")
def town(worker: None, towns: Towns) -> Town:
    return towns.ready()


@pytest.fixture(scope="module")
def stranger(worker: None, towns: Towns) -> Town:
    return towns.ready(archives=[{"name": "altro", "expected_interval_hours": 24}])


@pytest.fixture(scope="module")
def computer(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Computer:
    return Computer(tmp_path_factory.mktemp("town") / "home", town.keys)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_files(tmp_path_factory.mktemp("data") / "archivio", mib=100, count=7)


@pytest.mark.parametrize("tool", TOOLS)
def test_100_mib_come_back_byte_identical_with_the_restore_key(
    computer: Computer, files: Path, tmp_path: Path, tool: str
) -> None:
    computer.back_up(tool, files)
    restored = computer.restore(tool, files, tmp_path / "restored")
    assert prints(restored) == prints(files)
