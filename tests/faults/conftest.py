"""One stage a session: a region, a database and a warm fork of its own; states are prepared when first needed."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

import pytest

pytest.register_assert_rewrite(
    "tests.faults.auditor", "tests.faults.drill_auditor", "tests.faults.clouds", "tests.faults.failover_auditor"
)

from lab.fixtures import postgres_lab, redis_lab  # noqa: E402
from lab.postgres import Postgres  # noqa: E402
from tests.faults.clouds import CloudRehearsal  # noqa: E402
from tests.faults.databases import PostgresDatabase  # noqa: E402
from tests.faults.drill_auditor import DrillRehearsal  # noqa: E402
from tests.faults.failover_auditor import FailoverRehearsal  # noqa: E402
from tests.faults.rehearsal import R, Rehearsal, rehearse  # noqa: E402
from tests.faults.stage import Stage, stage  # noqa: E402
from tests.faults.workflows import DRILL, FAILOVERS, LEVEL_2, WORKFLOWS, Workflow  # noqa: E402

__all__ = ["postgres_lab", "redis_lab"]


@pytest.fixture(scope="session")
def faults(postgres_lab: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """On PostgreSQL."""
    database = PostgresDatabase(postgres_lab.url, f"faults_{os.getpid()}")
    with stage(tmp_path_factory.mktemp("faults") / "stage", database) as made:
        yield made


@pytest.fixture(scope="session")
def rehearsed(faults: Stage) -> Callable[[str], Rehearsal]:
    """A workflow by name, rehearsed once."""
    by_name = {workflow.name: workflow for workflow in WORKFLOWS}

    @cache
    def find(name: str) -> Rehearsal:
        return rehearse(faults, by_name[name], Rehearsal)

    return find


@pytest.fixture(scope="session")
def drill(faults: Stage) -> DrillRehearsal:
    """A town's drill, as one window: cutting it takes longer than the few cases that are played of it. Its states
    have names of their own, since both may be played in one session.
    """
    return rehearse(faults, replace(DRILL, name="whole drill"), DrillRehearsal, whole=True)


@pytest.fixture(scope="session")
def drill_by_steps(faults: Stage) -> DrillRehearsal:
    """The same, cut."""
    return rehearse(faults, DRILL, DrillRehearsal)


@pytest.fixture(scope="session")
def of_level_2(faults: Stage) -> Callable[[str], CloudRehearsal]:
    """An order, a change or an end of level 2 by name, as one window; rehearsed once."""
    return _as_one_window(faults, LEVEL_2, CloudRehearsal)


@pytest.fixture(scope="session")
def failovers(faults: Stage) -> Callable[[str], FailoverRehearsal]:
    """A failover, or its end, by name; as one window, rehearsed once."""
    return _as_one_window(faults, FAILOVERS, FailoverRehearsal)


def _as_one_window(faults: Stage, workflows: Iterable[Workflow], kind: type[R]) -> Callable[[str], R]:
    by_name = {workflow.name: workflow for workflow in workflows}
    return cache(lambda name: rehearse(faults, by_name[name], kind, whole=True))
