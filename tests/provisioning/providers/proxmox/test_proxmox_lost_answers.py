"""An answer may be lost after any call that changes something, and any call of a look may get a bad one: looking,
then making or mending, ends as declared, once; what is there is never taken for absent.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lab.deadline import wait_until
from lab.proxmox.runbook import ROLE
from provisioning.domain.errors import PlatformDown, ProviderError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Many
from provisioning.kinds import backup_server
from provisioning.kinds.proxmox import GrantSpec, NetworkSpec, PoolSpec, SnapshotSpec, TokenSpec, UserSpec
from tests.provisioning.providers.battery import differs
from tests.provisioning.providers.proxmox.struck import Struck, strike, ways
from tests.provisioning.providers.proxmox.town import POOL, STORE, Settled, Town

pytestmark = pytest.mark.django_db(transaction=True)
USER = "mcloud.town12.operator@pve"
APPLIANCE = "mcloud.town12.appliance@pbs"


def _pool(town: Town) -> Target:
    return town.target("reserve", PoolSpec(("shared",)))


def _user(town: Town) -> Target:
    return town.target("operator", UserSpec())


def _token(town: Town) -> Target:
    town.make("user", "operator", UserSpec())
    return town.target("access", TokenSpec(USER))


def _grant(town: Town) -> Target:
    town.make("user", "operator", UserSpec())
    town.make("pool", "reserve", PoolSpec())
    return town.target("may", GrantSpec(f"/pool/{POOL}", ROLE, USER))


def _network(town: Town) -> Target:
    return town.target("lan", NetworkSpec())


def _image(town: Town) -> Target:
    return town.image_target()


def _guest(town: Town) -> Target:
    return town.guest_target(rules=("in tcp/22 10.20.0.0/24", "out any 0.0.0.0/0"))


def _snapshot(town: Town) -> Target:
    guest = Settled(town.provider.handlers["proxmox.guest"]).create(town.guest_target(running=False))
    return town.target("before", SnapshotSpec(guest.external_id))


def _namespace(town: Town) -> Target:
    return town.target("copies", backup_server.NamespaceSpec(STORE))


def _backup_user(town: Town) -> Target:
    return town.target("appliance", backup_server.UserSpec())


def _backup_token(town: Town) -> Target:
    town.make("backup_user", "appliance", backup_server.UserSpec())
    return town.target("writer", backup_server.TokenSpec(APPLIANCE))


def _backup_grant(town: Town) -> Target:
    town.make("backup_user", "appliance", backup_server.UserSpec())
    return town.target("may", backup_server.GrantSpec(f"/datastore/{STORE}", "DatastoreAudit", APPLIANCE))


def _job(town: Town) -> Target:
    return town.target("prune", backup_server.JobSpec("prune", STORE, "", "daily", keep_last=1))


# How many calls change something until it stands, and until it is gone.
CASES: dict[str, tuple[Callable[[Town], Target], int, int]] = {
    "pool": (_pool, 2, 2),
    "user": (_user, 1, 1),
    "token": (_token, 1, 1),
    "grant": (_grant, 1, 1),
    "network": (_network, 2, 2),
    "image": (_image, 1, 1),
    "guest": (_guest, 5, 2),
    "snapshot": (_snapshot, 1, 1),
    "backup_namespace": (_namespace, 3, 1),
    "backup_user": (_backup_user, 1, 1),
    "backup_token": (_backup_token, 1, 1),
    "backup_grant": (_backup_grant, 1, 1),
    "backup_job": (_job, 1, 1),
}


def _of(town: Town, kind: str) -> list[str]:
    return [one.external_id for one in town.provider.census() if one.kind == f"proxmox.{kind}"]


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, number) for kind, (_, calls, _) in CASES.items() for number in range(calls)]
)
def test_a_create_whose_answer_is_lost_at_any_call_ends_as_declared_and_once(
    town: Town, kind: str, number: int
) -> None:
    target, handler = CASES[kind][0](town), Settled(town.provider.handlers[f"proxmox.{kind}"])
    lost = strike(town.provider, Struck(done=True, writes=True), number)
    with pytest.raises(PlatformDown):
        handler.create(target)
    assert lost.hit
    wait_until("a look", lambda: _once_more(handler.observe, target), timeout_s=60, every_s=0.01)
    if handler.observe(target) == Absent():
        handler.create(target)
    seen = handler.observe(target)
    assert not isinstance(seen, Absent | Many)
    target = replace(target, external_id=seen.external_id)  # type: ignore[union-attr]
    while after := differs(target, handler.observe(target)):
        handler.update(target, after)
    assert _of(town, kind) == [target.external_id] or kind == "snapshot"


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, number) for kind, (_, _, calls) in CASES.items() for number in range(calls)]
)
def test_a_delete_whose_answer_is_lost_is_sent_again(town: Town, kind: str, number: int) -> None:
    target, handler = CASES[kind][0](town), Settled(town.provider.handlers[f"proxmox.{kind}"])
    target = replace(target, external_id=handler.create(target).external_id)
    lost = strike(town.provider, Struck(done=True, writes=True), number)
    with pytest.raises(PlatformDown):
        handler.delete(target)
    assert lost.hit
    wait_until("its end", lambda: _once_more(handler.delete, target), timeout_s=60, every_s=0.01)
    assert handler.observe(target) == Absent()
    assert _of(town, kind) == []


def _once_more(verb: Callable[[Target], object], target: Target) -> bool:
    """What was sent first may still be at work: then it is tried once more, as the engine does."""
    try:
        verb(target)
    except TemporaryError:
        return False
    return True


@pytest.mark.deep
@pytest.mark.parametrize("kind", CASES)
def test_a_bad_answer_to_any_call_of_a_look_is_never_absence(town: Town, kind: str) -> None:
    """Each call gets four of the ways, others with each kind."""
    target, handler = CASES[kind][0](town), Settled(town.provider.handlers[f"proxmox.{kind}"])
    made = handler.create(target)
    for known in (target, replace(target, external_id=made.external_id)):
        number = 0
        while all(_spoiled(town, kind, known, number, way) for way in ways(number + len(kind), 4)):
            number += 1
        assert number >= 1


def _spoiled(town: Town, kind: str, target: Target, number: int, way: str) -> bool:
    """False: the look makes no such call."""
    struck = strike(town.provider, Struck(way), number)
    try:
        assert town.provider.handlers[f"proxmox.{kind}"].observe(target) != Absent(), (struck.hit, way)
    except ProviderError:
        assert struck.hit
        return True
    return bool(struck.hit)


@pytest.mark.parametrize("kind", CASES)
def test_a_worker_that_wakes_late_makes_no_second_one(town: Town, kind: str) -> None:
    """It had decided to create before another one did; its call comes when all is done, or when all is gone."""
    target, handler = CASES[kind][0](town), Settled(town.provider.handlers[f"proxmox.{kind}"])
    made = handler.create(target)
    before = _of(town, kind)
    with pytest.raises(ProviderError):
        handler.handler.create(target)
    assert _of(town, kind) == before
    handler.delete(replace(target, external_id=made.external_id))
    handler.handler.delete(replace(target, external_id=made.external_id))
    assert _of(town, kind) == []


def test_the_late_words_of_a_removal_hit_nobody_else(town: Town) -> None:
    """A VMID is given once: what comes next has another, however long the other worker slept."""
    handler: Any = Settled(town.provider.handlers["proxmox.guest"])
    target = _guest(town)
    first = replace(target, external_id=handler.create(target).external_id)
    handler.delete(first)
    again = replace(target, incarnation=2, full_name=f"{target.full_name}.2")
    second = handler.create(again).external_id
    handler.handler.delete(first)
    assert (_of(town, "guest"), second) == (["5001"], "5001")
