"""A worker that wakes when others have finished, and sends what it meant to: whatever comes of it, it is found.

Its own clock shows no gap, as when its whole machine stood still: nothing keeps it from sending.
"""

import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest

from provisioning.domain.conditions import State
from provisioning.domain.errors import PlatformDown
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.engine import claims
from provisioning.engine.late import looked_for
from provisioning.engine.targets import Scene
from provisioning.models import Resource, Stack
from tests.provisioning.engine.room import Room

GONE = (State.GONE, "")


def _overtaken(room: Room, sizes: dict[str, int]) -> None:
    """Its lease is over, and the stack was brought to this by others."""
    Stack.objects.update(claim_expires_at=room.time() - timedelta(seconds=1))
    room.approve_over(sizes)
    room.settle()


def _work_late(room: Room, sizes: dict[str, int], fault: str) -> None:
    """A worker sleeps between its intent and its call, of which then becomes what `fault` says."""

    def meanwhile() -> None:
        _overtaken(room, sizes)
        room.writes_fail = [fault]

    room.at["intent create"] = meanwhile
    with patch.object(claims.Claim, "has_time", lambda claim: True):
        room.work()


@pytest.mark.parametrize("fault", ["", "after"])
def test_what_a_late_worker_made_is_removed_whether_it_was_answered_or_not(room: Room, fault: str) -> None:
    room.approve({"project": 1})
    _work_late(room, {}, fault)
    assert len(room.there("project")) == 1
    room.settle()
    assert room.cloud.live() == []
    assert room.state("project") == GONE


def test_what_a_late_worker_did_not_make_is_waited_for_once_more_and_then_gone(room: Room) -> None:
    room.approve({"project": 1})
    _work_late(room, {}, "500")
    assert room.row("project").state == State.PENDING
    began = room.now
    room.settle()
    assert room.state("project") == GONE
    assert room.now - began > room.row("project").declares.grace_s


def test_what_a_late_worker_made_is_looked_for_beside_what_is_gone_by_now(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.work()
    _overtaken(room, {"project": 1, "net": 1})
    project = room.row("project").external_id
    room.approve({})
    room.settle()
    row = room.row("net")
    Resource.objects.filter(pk=row.pk).update(state=State.PENDING, intent="create", intent_at=room.time())
    looked_at = Scene.of(room.stack.pk, "sim").target(room.row("net"))
    assert looked_at.spec
    assert looked_at.spec.declared()["needs"] == project


def test_a_failed_create_of_a_worker_that_holds_its_claim_moves_nothing(room: Room) -> None:
    room.approve({"project": 1})
    claim, row = claims.take(room.stack.pk), room.row("project")
    assert claim
    with pytest.raises(PlatformDown), looked_for(claim, row, "create"):
        raise PlatformDown("No answer.")
    assert (room.row("project").version, room.row("project").intent) == (row.version, "")


def test_what_stands_by_now_is_not_taken_for_what_a_late_worker_made(room: Room) -> None:
    room.approve({"project": 1})
    claim, row = claims.take(room.stack.pk), room.row("project")
    assert claim
    _overtaken(room, {"project": 1})
    with pytest.raises(PlatformDown), looked_for(claim, row, "create"):
        raise PlatformDown("No answer.")
    assert (room.row("project").intent, room.row("project").state) == ("", State.READY)


def test_a_second_object_that_a_late_worker_was_told_of_becomes_a_row_that_removes_it(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    claim, row = claims.take(room.stack.pk), room.row("net")
    assert claim
    _overtaken(room, {"project": 1, "net": 1})
    first = room.row("net").external_id
    double = room.cloud.create("net", "sim.a.net", "sim.a.net", 1, "a")
    claims.record(claim, row, Outcome(external_id=double.id), "sim.a.net", "CreateSent", {})
    assert Resource.objects.get(orphan=True).external_id == double.id
    room.settle()
    assert [thing.id for thing in room.there("net")] == [first]


def test_a_worker_that_lost_its_claim_looks_at_nothing_more(room: Room) -> None:
    room.approve({"project": 1, "key": 1})
    looks: list[Target] = []
    room.looked = lambda target, found: looks.append(target)  # type: ignore[method-assign]
    room.at["observed"] = lambda: Stack.objects.update(claim_token=uuid.uuid4()) and None
    room.work()
    assert len(looks) == 1
