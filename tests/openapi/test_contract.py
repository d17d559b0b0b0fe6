"""The published contract, operation by operation, against a portal that is served (T14).

What is tested and what is not stands in `schemathesis.toml` and `hooks.py`. To look into a failure, run this test:
its message has the whole report, with a `curl` for each case.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.deadline import wait_until
from lab.ports import answers, free_block
from lab.process import Daemons
from tests.elaastic.region import write_region_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = Path(sys.executable).parent
# Four minutes of one core; this is for a loaded machine.
LONGEST_S = 1800


# What is played, by persona: cases an operation, and phases. The edges of each field are the contract's and not a
# person's: the two who may do most play them for all.
EVERYTHING, MADE_UP = "coverage,fuzzing,stateful", "fuzzing"
OTHERS = ("viewer", "stranger", "approver", "auditor", "administrator", "narrow_token")
PLAYED = {"owner": (15, EVERYTHING), "operator": (15, EVERYTHING), **dict.fromkeys(OTHERS, (5, MADE_UP))}


@pytest.fixture(params=PLAYED)
def persona(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def portal(tmp_path: Path, persona: str) -> Iterator[dict[str, str]]:
    """A seeded portal, served; the environment in which it is called."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.openapi.settings",
        "MCLOUD_DATA_DIR": str(tmp_path / "data"),
        "MCLOUD_DATABASE_URL": "",
        "MCLOUD_REGION_FILE": str(write_region_file(tmp_path)),
        "PYTHONPATH": str(ROOT),
    }
    seeded = subprocess.run(
        [sys.executable, str(HERE / "seed.py"), persona],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert seeded.returncode == 0, seeded.stderr
    address = f"127.0.0.1:{free_block(1)}"
    command = ["mcloud_portal.wsgi:application", "--config", "python:mcloud_portal.serving", "--bind", address]
    daemons = Daemons(tmp_path)
    daemons.spawn("web", [str(BIN / "gunicorn"), *command], cwd=ROOT, env=env)
    try:
        wait_until("the web answering", lambda: daemons.check() or answers(int(address.rpartition(":")[2])))
        yield {**env, "OPENAPI_URL": f"http://{address}", "OPENAPI_TOKEN": seeded.stdout.split()[-1]}
    finally:
        daemons.stop()


@pytest.mark.deep
def test_every_operation_answers_as_its_contract_says(portal: dict[str, str], persona: str, tmp_path: Path) -> None:
    cases, phases = PLAYED[persona]
    command = [str(BIN / "schemathesis"), "--config-file", str(HERE / "schemathesis.toml"), "--no-color", "run"]
    how = ["--url", portal["OPENAPI_URL"], "--max-examples", str(cases), "--phases", phases]
    done = subprocess.run(
        [*command, str(ROOT / "docs" / "openapi.json"), *how],
        cwd=tmp_path, env={**portal, "OPENAPI_FOLDER": str(HERE)},
        capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
