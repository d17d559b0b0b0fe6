"""T5 with real processes: web, workers and region live an hour ahead or behind, PostgreSQL does not.

Towns are taken in, ask, are approved and provisioned; then no moment in the database stands an hour away.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest
from psycopg2 import sql

from lab.fixtures import postgres_lab
from lab.postgres import Postgres
from lab.redis import Redis
from lab.system import Options
from tests.e2e.onboarding import CLERK, SHEET, Api, approving, client, served_portal

__all__ = ["postgres_lab"]

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("onboarding")]

# What every Python of that environment runs first.
CUSTOM: Final = """
import os
from datetime import UTC, datetime, timedelta

import time_machine

ahead = timedelta(seconds=float(os.environ["MACHINE_CLOCK_AHEAD_S"]))
time_machine.travel(datetime.now(UTC) + ahead, tick=True).start()
"""
TOWNS: Final = 2
# The portal is new: whatever it wrote is of the last minutes, or due at a time of its own.
STRANGE: Final = "EXTRACT(EPOCH FROM {column} - now()) BETWEEN {low} AND {high}"
# Slots of the timetable, some of which are an hour apart.
OF_ITS_OWN: Final = {"provisioning_timedwork", "django_session", "django_migrations"}


@contextmanager
def wrong_by(ahead_s: int, folder: Path) -> Iterator[None]:
    """For every Python that is started meanwhile; the monotonic clock goes on, as where a machine's time is set."""
    before = dict(os.environ)
    (folder / "sitecustomize.py").write_text(CUSTOM)
    os.environ.update(PYTHONPATH=str(folder), MACHINE_CLOCK_AHEAD_S=str(ahead_s))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("ahead_s", [3600, pytest.param(-3600, marks=pytest.mark.deep)])
def test_no_moment_is_the_machines(postgres_lab: Postgres, tmp_path: Path, ahead_s: int) -> None:
    redis = Redis(Options(tmp_path, tmp_path / "redis"))
    redis.up()
    name = f"clocks_{os.getpid()}"
    sheet = tmp_path / "comuni.csv"
    sheet.write_text("".join(SHEET.read_text(encoding="utf-8").splitlines(keepends=True)[: TOWNS + 1]))
    try:
        with wrong_by(ahead_s, tmp_path), served_portal(name, postgres_lab.url, redis) as portal:
            assert abs(_time_in(portal) - time.time() - ahead_s) < 300, "the clocks are right"
            clerk = Api(portal, "onboarding@region.example", *CLERK)
            with approving(Api(portal, "approver@region.example", "subscriptions:read", "requests:decide")):
                said, _ = client(portal, clerk.token, sheet, "--wait").communicate(timeout=300)
            rows = clerk.all("/subscriptions/")
            assert [row["state"] for row in rows].count("active") == TOWNS, said
            assert _strange(f"{postgres_lab.url.rpartition('/')[0]}/{name}") == []
    finally:
        redis.down(keep=False)


def _time_in(portal: Any) -> float:
    """What a process of the portal takes for the time."""
    words = [sys.executable, "-c", "import time; print(time.time())"]
    return float(subprocess.run(words, env=portal.environment(), capture_output=True, text=True, check=True).stdout)


def _strange(url: str) -> list[tuple[str, str, int]]:
    """(table, column, rows) of moments about an hour away from the database's."""
    found = []
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type = 'timestamp with time zone' ORDER BY 1, 2"
        )
        for table, column in cursor.fetchall():
            if table in OF_ITS_OWN:
                continue
            near = sql.SQL(" OR ").join(
                sql.SQL(STRANGE).format(
                    column=sql.Identifier(column), low=sql.Literal(low), high=sql.Literal(low + 900)
                )
                for low in (-4050, 3150)
            )
            cursor.execute(sql.SQL("SELECT COUNT(*) FROM {} WHERE {}").format(sql.Identifier(table), near))
            (count,) = cursor.fetchone() or (0,)
            if count:
                found.append((table, column, count))
    connection.close()
    return found
