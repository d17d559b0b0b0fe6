"""The systems of the flow: one cluster and one database server for all, one portal of real processes a module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.ceph.cluster import CephCluster
from tests.lab.flow.town import Towns
from tests.lab.workers import LivePortal, Stage, live_portal, make_stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A PostgreSQL of our own: tests stop it."""
    made = make_stage(tmp_path_factory.mktemp("stage"))
    try:
        made.prepare()
        yield made
    finally:
        made.postgres.down(keep=False)


@pytest.fixture(scope="module")
def portal(
    ceph_lab: CephCluster, stage: Stage, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[LivePortal]:
    """No process yet: each module starts the workers that it wants."""
    folder: Path = tmp_path_factory.mktemp("portal")
    with django_db_blocker.unblock(), live_portal(ceph_lab, stage, folder) as made:
        yield made


@pytest.fixture(scope="module")
def towns(portal: LivePortal) -> Towns:
    """Who asks and who decides."""
    return Towns(portal)
