"""T1 with real Celery workers: on SQLite with a folder for a broker, one and two at once, and on Redis."""

import os
from collections.abc import Iterator

import pytest

from lab.postgres import Postgres
from lab.redis import Redis
from tests.faults.cases import sweep
from tests.faults.crowds import killed_for_real
from tests.faults.databases import PostgresDatabase, SqliteDatabase
from tests.faults.rehearsal import Rehearsal, rehearse
from tests.faults.stage import stage
from tests.faults.workflows import WORKFLOWS

pytestmark = [pytest.mark.xdist_group("workers"), pytest.mark.real]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """What `make up` starts: a file, a folder, no servers."""
    folder = tmp_path_factory.mktemp("embedded")
    with stage(folder / "stage", SqliteDatabase(folder / "portal.sqlite3")) as made:
        yield rehearse(made, WORKFLOWS[0], Rehearsal)


@pytest.fixture(scope="module")
def served(
    postgres_lab: Postgres, redis_lab: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rehearsal]:
    """What production has."""
    database = PostgresDatabase(postgres_lab.url, f"workers_{os.getpid()}")
    folder = tmp_path_factory.mktemp("served")
    with stage(folder / "stage", database, MCLOUD_BROKER_URL=redis_lab.url) as made:
        yield rehearse(made, WORKFLOWS[0], Rehearsal)


@pytest.mark.fault
@pytest.mark.parametrize("workers", [1, 2])
def test_the_embedded_portal_survives_a_tenth_of_its_workers_deaths(embedded: Rehearsal, workers: int) -> None:
    sweep(killed_for_real(embedded, workers), whole=False)


@pytest.mark.deep
@pytest.mark.parametrize("workers", [1, 2])
def test_the_embedded_portal_survives_every_death_of_a_worker(embedded: Rehearsal, workers: int) -> None:
    sweep(killed_for_real(embedded, workers), whole=True)


@pytest.mark.fault
def test_postgresql_and_redis_survive_a_tenth_of_the_deaths_of_two_workers(served: Rehearsal) -> None:
    sweep(killed_for_real(served, 2), whole=False)


@pytest.mark.deep
def test_postgresql_and_redis_survive_every_death_of_two_workers(served: Rehearsal) -> None:
    sweep(killed_for_real(served, 2), whole=True)
