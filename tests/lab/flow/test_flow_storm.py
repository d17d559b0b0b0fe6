"""Workers killed again and again in the middle of some towns: everything stands in the end, once."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.ceph.cluster import CephCluster
from lab.deadline import wait_until
from tests.lab.flow.town import Town, Towns, active, collect, rows
from tests.lab.flow.wire import s3
from tests.lab.workers import LivePortal, Stage, live_portal

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Size:
    """So many towns are being made, and in so many rounds somebody is killed."""

    towns: int
    rounds: int
    waits: bool  # a lone dead worker's claims are left to run out by themselves


SIZES = [
    pytest.param(Size(5, 3, waits=False), id="five towns"),
    pytest.param(Size(10, 5, waits=True), id="ten towns", marks=pytest.mark.deep),
]
IDENTITIES = ("owner", "probe", "restore", "writer")
# A lone dead worker's claims are waited for: they last 60 s.
AFTER_A_LEASE_S = 150


@pytest.fixture
def portal(ceph_lab: CephCluster, stage: Stage, tmp_path: Path, django_db_blocker: Any) -> Iterator[LivePortal]:
    """One for each size: everything in it is counted."""
    with django_db_blocker.unblock(), live_portal(ceph_lab, stage, tmp_path / "portal") as made:
        yield made


@pytest.mark.parametrize("size", SIZES)
def test_towns_stand_once_although_both_workers_are_killed_again_and_again(portal: LivePortal, size: Size) -> None:
    towns = Towns(portal)
    portal.start_worker("a")
    portal.start_worker("b")
    asked = [towns.ask() for _ in range(size.towns)]
    for _, request in asked:
        towns.decide(request)
    made = [town for town, _ in asked]
    kills = storm(portal, random.Random(20261122), size)
    for town in made:
        active(town, timeout_s=AFTER_A_LEASE_S)
    assert kills >= size.rounds
    nothing_twice_and_nothing_lost(portal, made)
    nothing_promised_that_is_not_held(made)
    for town in made:
        collect(town)
        s3(town.keys["writer"]).put_object(Bucket=town.bucket, Key="prova", Body=b"prova")


def storm(portal: LivePortal, chance: random.Random, size: Size) -> int:
    """Kill -9 after some steps of progress, at a moment nobody chose; how many workers died in mid-work.

    In most rounds both die, as in a power cut. Leases are then ended in the rows, which is what 60 s of waiting
    would do; also of who still lives, where nobody waits for a lone dead worker's to run out.
    """
    kills, whole = 0, size.towns * 9
    for _ in range(size.rounds):
        if standing() >= whole:
            break
        further = standing() + chance.randint(2, 12)
        wait_until("some progress", progress(min(further, whole)), timeout_s=AFTER_A_LEASE_S)
        victims = chance.choice([["a", "b"], ["a", "b"], ["b"]])
        for name in victims:
            portal.kill(f"worker-{name}")
        kills += len(victims)
        if len(victims) == 2 or not size.waits:
            rows(
                "UPDATE provisioning_stack SET claim_expires_at = clock_timestamp()"
                " WHERE claim_expires_at IS NOT NULL RETURNING id"
            )
        for name in victims:
            portal.start_worker(name, wait=False)
    return kills


def progress(further: int) -> Callable[[], bool]:
    return lambda: standing() >= further


def standing() -> int:
    """Resources that are ready."""
    return int(rows("SELECT count(*) FROM provisioning_resource WHERE state = 'ready'")[0][0])


def nothing_twice_and_nothing_lost(portal: LivePortal, made: list[Town]) -> None:
    """What the gateway has is exactly what the rows say, seen with the lab administrator's eyes."""
    expected = sorted(f"{town.tenant}${role}" for town in made for role in IDENTITIES)
    assert portal.users_on_cluster() == expected
    assert portal.buckets_on_cluster() == sorted(f"{town.tenant}/{town.bucket}" for town in made)
    keys = {uid: portal.keys_on_cluster(uid) for uid in expected}
    assert {len(found) for found in keys.values()} == {1}
    known = rows("SELECT external_id FROM provisioning_resource WHERE kind = 'ceph.key' AND state = 'ready'")
    assert sorted(key for found in keys.values() for key in found) == sorted(key for (key,) in known)
    assert rows("SELECT count(*) FROM provisioning_resource WHERE orphan") == [(0,)]


def nothing_promised_that_is_not_held(made: list[Town]) -> None:
    """`used` is the sum of the reservations, and of what the towns asked for."""
    asked = sum(town.subscription.terms["quota_gib"] for town in made)
    used = rows("SELECT c.used, (SELECT sum(amount) FROM provisioning_reservation WHERE row_id = c.id) FROM"
                " provisioning_capacityrow c WHERE resource = 'storage_gib'")  # fmt: skip
    assert used == [(asked, asked)] * 3
