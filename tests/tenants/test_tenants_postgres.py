"""What depends on the database, once more on a real PostgreSQL: triggers, locks, clocks, JSON."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tenants.databases import fresh_database

ROOT = Path(__file__).resolve().parents[2]
# Those with SQL of our own: triggers, compare-and-swap, the database's clock, searches in JSON.
OWN_SQL = (
    "tests/tenants/test_tenants_audit.py",
    "tests/tenants/test_tenants_housekeeping.py",
    "tests/tenants/test_tenants_mandates.py",
    "tests/tenants/test_tenants_registering.py",
    "tests/security/test_security_tokens.py",
)
# What goes through the ORM alone; make test-deep plays it here as well.
BY_THE_ORM = (
    "tests/tenants/test_tenants_api.py",
    "tests/tenants/test_tenants_authorities.py",
    "tests/tenants/test_tenants_members.py",
    "tests/tenants/test_tenants_people.py",
)
BATTERIES = [
    pytest.param(OWN_SQL, id="with SQL of our own"),
    pytest.param(BY_THE_ORM, id="by the ORM", marks=pytest.mark.deep),
]


@pytest.mark.real
@pytest.mark.parametrize("battery", BATTERIES)
def test_the_batteries_hold_on_postgresql(battery: tuple[str, ...], tmp_path: Path, postgres_lab: Any) -> None:
    with fresh_database(postgres_lab.url) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", *battery],
            # A busy machine may stop a statement for long; what is tested here is not how long.
            env={
                **os.environ,
                "MCLOUD_DATA_DIR": str(tmp_path),
                "MCLOUD_DATABASE_URL": url,
                "MCLOUD_STATEMENT_TIMEOUT_S": "120",
            },
            cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
