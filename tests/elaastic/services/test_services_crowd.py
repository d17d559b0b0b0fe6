"""T7: two hundred at once on a real PostgreSQL: see `crowd.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tenants.databases import fresh_database

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.real
def test_two_hundred_at_once_oversell_nothing_undersell_nothing_and_nobody_sees_a_deadlock(
    postgres_lab: Any, tmp_path: Path
) -> None:
    with fresh_database(postgres_lab.url) as url:
        done = subprocess.run(
            [sys.executable, "-m", "tests.elaastic.services.crowd"],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
                "MCLOUD_DATA_DIR": str(tmp_path),
                "MCLOUD_DATABASE_URL": url,
            },
            cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["people"] >= 200
    assert found["bad"] == []
    assert (found["oversold"], found["undersold"], found["wrong_terms"]) == (0, [], 0)
    assert found["renewed_by_half"] == []
    assert found["suspended"] == 10
    assert found["used"] == found["reserved"]
    assert found["approved"] > 50
    assert found["left"] > 20, "there must be too little room for all"
    assert found["accepted"] > 0
    # On a machine that has other work somebody waits too long, is told so, and nothing of it was done.
    assert found["outcomes"].get("busy", 0) + found["many"].get("busy", 0) < found["people"] // 4
    told = {"done", "request_decided", "capacity_exhausted", "plan_stale", "plan_not_ready", "counter_changed"}
    # The second of two operators; the last when the first one's request is carried out while he asks.
    told |= {"request_open", "nothing_changes", "stale_version"}
    allowed = {"busy"} | told
    assert set(found["outcomes"]) <= allowed
    assert set(found["many"]) <= allowed
