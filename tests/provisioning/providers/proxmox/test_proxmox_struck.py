"""A whole machine, brought up and taken down by the engine, with one thing wrong: a death at each place, a bad
answer to each call, before the work or after it. It ends as approved, once, and its end leaves nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioning.domain import checkpoint
from provisioning.domain.conditions import State
from provisioning.models import Number, Resource
from provisioning.providers.proxmox.client import api
from provisioning.services import capacity, stacks
from provisioning.services.surroundings import provider
from tests.provisioning.providers.proxmox.machine import Killed, approve, machine, states, work, write_region
from tests.provisioning.providers.proxmox.struck import BAD, BUSY, Struck, strike
from tests.provisioning.providers.proxmox.town import Town

pytestmark = pytest.mark.django_db(transaction=True)
# Of each table `make test` plays every so many'th case, `make test-deep` every fourth.
PART, DEEP_PART = 25, 4
MOST = 400
DEEP = [pytest.param(PART, id="some"), pytest.param(DEEP_PART, id="more", marks=pytest.mark.deep)]
Wrong = Callable[[], Any]


@pytest.fixture
def region(town: Town, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(api, "POLL_S", 0.02)
    settings.REGION_FILE = tmp_path / "region.yaml"
    write_region(town.platform, settings.REGION_FILE)
    capacity.load_totals()
    return town


@contextmanager
def _dying(at: int) -> Iterator[list[str]]:
    """The worker is killed at the `at`th place that it reaches; who works on is not. Gives where that was."""
    left, where = [at], list[str]()

    def reach(name: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            where.append(name)
            raise Killed(name)

    checkpoint.hook = reach
    try:
        yield where
    finally:
        checkpoint.hook = None


@contextmanager
def _answering_badly(at: int, ways: list[str], *, done: bool) -> Iterator[list[str]]:
    """The `at`th call gets the bad answer whose turn it is."""
    opened, where = provider("pve-an"), list[str]()
    struck = strike(opened, Struck(ways[at % len(ways)], done=done), at)  # type: ignore[arg-type]
    try:
        yield where
    finally:
        strike(opened, Struck(), -1)  # type: ignore[arg-type]
        where += [f"{struck.hit} {ways[at % len(ways)]}"] if struck.hit else []


TABLES: dict[str, Callable[[int], Any]] = {
    "a death": _dying,
    "a bad answer": lambda at: _answering_badly(at, [*BAD, *BUSY], done=False),
    "a lost answer": lambda at: _answering_badly(at, ["reset", "596", "500", "truncated", "nothing"], done=True),
}


@pytest.mark.parametrize("part", DEEP)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
def test_it_ends_as_approved_once_and_leaves_nothing(
    region: Town, tmp_path: Path, table: str, down: bool, part: int
) -> None:
    """Until nothing is met any more: the work is over before its turn comes."""
    file, played = tmp_path / "disk.raw", 0
    for at in range(part // 2, MOST, part):
        region.stack = f"town{at}"
        stacks.create_stack(region.stack)
        met = _played(region, file, TABLES[table](at), down=down)
        if not met:
            break
        played += 1
    assert played >= (1 if part == PART else 5)
    assert at < MOST - part


def _played(region: Town, file: Path, wrong: Any, *, down: bool) -> list[str]:
    """What was struck. It is looked over while the machine stands, and when it is gone."""
    met: list[str] = []
    for going_down in (False, True):
        wanted = () if going_down else machine(file)
        approve(region.stack, *wanted, purge=("vm",) if going_down else ())
        if going_down is down:
            with wrong as met:
                work(region.stack)
        work(region.stack)
        assert set(states(region.stack).values()) <= {State.READY}, (met, states(region.stack))
        _nothing_but(region, 0 if going_down else 1, met)
    return met


def _nothing_but(region: Town, machines: int, met: list[str]) -> None:
    """So many guests, each with one disk, one image and one network; all known to a row, and no VMID given up."""
    mine = sorted(one.external_id for one in region.provider.census())
    rows = Resource.objects.exclude(state=State.GONE).filter(stack__key=region.stack)
    assert mine == sorted(rows.values_list("external_id", flat=True)), met
    assert len(region.outside.cluster.resources.get(type="vm")) == machines, met
    assert len(region.outside.nodes("pve1").storage("shared").content.get()) == 2 * machines, met
    assert len(region.outside.cluster.sdn.vnets.get(running=1)) == machines, met
    assert not Number.objects.filter(holder=None).exists(), met
