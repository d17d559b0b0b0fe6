"""pytest fixtures: real systems for tests, shared by all workers of a run.

A lab that a person has up (`python -m lab up …`) is used as it is. Otherwise the first worker to ask brings
one up under `.run/lab-test`, and the last to finish removes it; who is using it stands in a file, by process
identity, so that a killed worker does not count for ever.

A folder's conftest.py takes what it needs: `from lab.fixtures import ceph_lab`.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import cast

import pytest

from lab.ceph.cluster import CephCluster
from lab.deadline import file_lock
from lab.openstack.cloud import OpenStack
from lab.postgres import Postgres
from lab.process import Identity, identify
from lab.redis import Redis
from lab.registry import DEFAULT_BASE, ROOT, load_system
from lab.system import LabError, State, System

TEST_BASE = ROOT / ".run" / "lab-test"


@pytest.fixture(scope="session")
def ceph_lab() -> Iterator[CephCluster]:
    """A healthy cluster; isolate by RGW tenant, and lose a site only through `lost_site`."""
    with borrowed("ceph") as system:
        yield cast(CephCluster, system)


@pytest.fixture(scope="session")
def openstack_lab() -> Iterator[OpenStack]:
    """A healthy cloud; isolate by domain and project."""
    with borrowed("openstack") as system:
        yield cast(OpenStack, system)


@pytest.fixture(scope="session")
def postgres_lab() -> Iterator[Postgres]:
    """A server with a database `mcloud`; `url` is where."""
    with borrowed("postgres") as system:
        yield cast(Postgres, system)


@pytest.fixture(scope="session")
def redis_lab() -> Iterator[Redis]:
    """A server; `url` is where."""
    with borrowed("redis") as system:
        yield cast(Redis, system)


@contextmanager
def borrowed(name: str) -> Iterator[System]:
    """A healthy system called `name`: the person's own, or the test run's."""
    standing = load_system(name, DEFAULT_BASE)
    if _healthy(standing, DEFAULT_BASE / name):
        yield standing
        return
    system = load_system(name, TEST_BASE)
    users = TEST_BASE / f"{name}.users.json"
    lock = TEST_BASE / f"{name}.lock"
    with file_lock(lock):
        if not _healthy(system, TEST_BASE / name):
            system.up()
        _borrows[name] += 1
        _write(users, [*_others(users), _myself()])
    try:
        yield system
    finally:
        with file_lock(lock):
            _borrows[name] -= 1
            others = _others(users)
            _write(users, [*others, *([_myself()] if _borrows[name] else [])])
            if not others and not _borrows[name]:
                system.down(keep=False)


# How often this process has each system now: every folder that imports a fixture has one of its own.
_borrows: Counter[str] = Counter()


def _others(users: Path) -> list[Identity]:
    return [user for user in _living(users) if user != _myself()]


def _healthy(system: System, folder: Path) -> bool:
    try:
        state = system.status().state
        if state is State.DEGRADED:
            # Perhaps another worker has a site down on purpose (see lost_site): look again when it is back.
            with file_lock(folder / "site.lock"):
                state = system.status().state
    except LabError:
        return False
    return state is State.HEALTHY


def _myself() -> Identity:
    identity = identify(os.getpid())
    assert identity is not None
    return identity


def _living(users: Path) -> list[Identity]:
    if not users.exists():
        return []
    return [user for user in (Identity(**fields) for fields in json.loads(users.read_text())) if user.alive()]


def _write(users: Path, identities: list[Identity]) -> None:
    users.write_text(json.dumps([asdict(identity) for identity in identities]))
