"""What the region file promises is asked of the real platform when a worker starts, and by a command."""

import subprocess
import sys

import pytest
import yaml

from lab.deadline import wait_until
from lab.registry import ROOT
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real

PROMISED = "Platform {} has no placement target four-sites; make it there or take it out of the region file."


def check_region(portal: LivePortal) -> tuple[int, str]:
    words = [sys.executable, "manage.py", "check_region"]
    done = subprocess.run(
        words, cwd=ROOT, env=portal.environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_placement_target_that_the_cluster_lacks_is_named_at_start(portal: LivePortal) -> None:
    assert check_region(portal) == (0, "Every platform has what the region file says.\n")
    document = yaml.safe_load(portal.region_file.read_text())
    document["platforms"][0]["placement_targets"].append({"id": "four-sites", "sites": ["an"], "copies": 1})
    portal.region_file.write_text(yaml.safe_dump(document))
    code, said = check_region(portal)
    assert code == 1
    assert PROMISED.format(portal.platform) in said
    portal.start_worker("a")
    log = portal.daemons.log("worker-a")
    wait_until("the worker saying so", lambda: PROMISED.format(portal.platform) in log.read_text(), timeout_s=20)
