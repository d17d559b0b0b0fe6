"""The simulated region for a whole run: the body of every platform that needs nothing installed."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.deadline import wait_until
from provisioning.domain.region import Platform, parse_region

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def simulated_region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its region file."""
    base = tmp_path_factory.mktemp("simulated")
    with (base / "log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab.simulated", "--base", str(base)], cwd=ROOT, stdout=output, stderr=output
        )

    def stands() -> bool:
        assert process.poll() is None, (base / "log").read_text()
        return (base / "region.yaml").exists() and _answers(platform_in(base / "region.yaml", "ceph"))

    try:
        wait_until("the simulated region", stands, timeout_s=20)
        yield base / "region.yaml"
    finally:
        process.terminate()
        process.wait(10)


def platform_in(file: Path, provider: str) -> Platform:
    """The one of that provider in a region file."""
    return next(one for one in parse_region(file.read_text()).platforms if one.provider == provider)


def _answers(platform: Platform) -> bool:
    try:
        urllib.request.urlopen(f"{platform.endpoints['api']}/healthz", timeout=5).close()
    except OSError:
        return False
    return True
