"""T5: whatever the machines of web and workers take for the time, leases, schedules, dates and freshness go by the
database's. The batteries that are about time, on PostgreSQL, with the machine's clock an hour ahead and behind.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tenants.databases import fresh_database

ROOT = Path(__file__).resolve().parents[3]
AHEAD_S = (3600, -3600)
HERE = "tests/elaastic/services"
SHORT = (f"{HERE}/test_services_hours.py",)
LONG = (
    *SHORT,
    f"{HERE}/test_services_agreeing.py",
    f"{HERE}/test_services_watching.py",
    "tests/tenants/test_tenants_mandates.py",
    "tests/tenants/test_tenants_registering.py",
    "tests/security/test_security_tokens.py",
)


def played(server: str, folder: Path, ahead_s: int, battery: tuple[str, ...]) -> None:
    with fresh_database(server) as url:
        words = ["-q", "-p", "no:xdist", "-p", "tests.wrong_clock", "-m", "not real", *battery]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            env={
                **os.environ,
                "MACHINE_CLOCK_AHEAD_S": str(ahead_s),
                "MCLOUD_DATA_DIR": str(folder),
                "MCLOUD_DATABASE_URL": url,
                "MCLOUD_STATEMENT_TIMEOUT_S": "120",
            },
            cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.real
def test_a_machine_an_hour_ahead_decides_nothing(postgres_lab: Any, tmp_path: Path) -> None:
    played(postgres_lab.url, tmp_path, AHEAD_S[0], SHORT)


@pytest.mark.real
@pytest.mark.deep
@pytest.mark.parametrize("ahead_s", AHEAD_S)
def test_no_battery_about_time_goes_by_the_machines_clock(postgres_lab: Any, tmp_path: Path, ahead_s: int) -> None:
    played(postgres_lab.url, tmp_path, ahead_s, LONG)
