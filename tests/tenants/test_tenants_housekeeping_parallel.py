"""Any number of workers may clean up at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tenants.databases import fresh_database
from tests.tenants.parallel_housekeeping import LIVE

ROOT = Path(__file__).resolve().parents[2]
NOTHING_ELSE = {"failures": [], "past": 0, "live": LIVE}


def test_workers_that_clean_up_together_remove_everything_once_on_a_file_of_sqlite(tmp_path: Path) -> None:
    assert _together(tmp_path) == NOTHING_ELSE


@pytest.mark.real
def test_workers_that_clean_up_together_remove_everything_once_on_postgresql(
    tmp_path: Path, postgres_lab: Any
) -> None:
    with fresh_database(postgres_lab.url) as url:
        assert _together(tmp_path, url) == NOTHING_ELSE


def _together(folder: Path, database_url: str = "") -> dict[str, Any]:
    environment = {**os.environ, "MCLOUD_DATA_DIR": str(folder), "MCLOUD_DATABASE_URL": database_url}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("parallel_housekeeping.py"))],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
