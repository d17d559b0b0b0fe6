"""What the login pages count is counted once for all web processes, and outlives them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.fixtures import postgres_lab
from tests.security.parallel_guesses import GUESSES, THREADS
from tests.tenants.databases import fresh_database

__all__ = ["postgres_lab"]

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 10  # ACCOUNT_RATE_LIMITS, of one person in a quarter of an hour
WAIT_S = 120


def test_two_processes_judge_no_more_codes_than_one_on_a_file_of_sqlite(tmp_path: Path) -> None:
    _guess_twice(tmp_path, "")


@pytest.mark.real
def test_two_processes_judge_no_more_codes_than_one_on_postgresql(tmp_path: Path, postgres_lab: Any) -> None:
    with fresh_database(postgres_lab.url) as url:
        _guess_twice(tmp_path, url)


def _guess_twice(folder: Path, database_url: str) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
        "MCLOUD_DATA_DIR": str(folder),
        "MCLOUD_DATABASE_URL": database_url,
        "PYTHONPATH": str(ROOT),
    }
    prepared = _start("prepare", env)
    assert prepared.wait(timeout=WAIT_S) == 0, prepared.communicate()[1]
    assert 2 * THREADS * GUESSES > 2 * LIMIT, "both would judge their ten, if each counted for itself"
    assert sum(_judged(env, processes=2)) == LIMIT
    assert sum(_judged(env, processes=1)) == 0, "a restart forgets nothing"


def _judged(env: dict[str, str], *, processes: int) -> list[int]:
    """How many codes each process held against the seed; they begin together."""
    guessing = [_start("guess", env) for _ in range(processes)]
    for process in guessing:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in guessing:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=WAIT_S) for process in guessing]
    assert not any(process.returncode for process in guessing), said
    return [int(out) for out, _err in said]


def _start(verb: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("parallel_guesses.py")), verb],
        env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
