"""Plans are what people see before they say yes, and a yes is kept whole or not at all."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from provisioning.domain.conditions import State
from provisioning.domain.errors import AlreadyRevealed, CapacityExhausted, PlanStale, StackBusy
from provisioning.domain.manifest import Manifest
from provisioning.models import CapacityRow, Event, Mark, Plan, Reservation, Resource, Stack
from provisioning.services import capacity, secrets, stacks, upkeep
from tests.provisioning.engine.database import file_database
from tests.provisioning.engine.room import Room


def _held(room: Room) -> tuple[int, int]:
    """What the site's row says is promised, and what the stack's reservations add up to."""
    return CapacityRow.objects.get().used, sum(Reservation.objects.values_list("amount", flat=True))


def test_a_plan_that_was_not_shown_is_not_approved(room: Room) -> None:
    plan = room.plan({"project": 1})
    with pytest.raises(PlanStale):
        stacks.approve_plan(plan.pk, "another digest")
    assert not Resource.objects.exists()
    assert room.stack.generation == 0


def test_a_plan_older_than_another_yes_is_not_approved(room: Room) -> None:
    old = room.plan({"project": 1})
    room.approve({"key": 1})
    Plan.objects.filter(pk=old.pk).update(state=Plan.State.PROPOSED, row_versions={"key": room.row("key").version})
    with pytest.raises(PlanStale):
        stacks.approve_plan(old.pk, old.digest)


def test_a_plan_whose_resources_moved_is_not_approved(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    plan = room.plan({"project": 2})
    Resource.objects.update(version=99)
    with pytest.raises(PlanStale):
        stacks.approve_plan(plan.pk, plan.digest)
    assert room.row("project").spec["size"] == 1
    assert room.stack.generation == 1


def test_a_plan_is_not_made_inside_a_transaction(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    with pytest.raises(RuntimeError), transaction.atomic():
        room.plan({"project": 2})


def test_a_plan_older_than_a_day_is_not_approved(room: Room) -> None:
    plan = room.plan({"project": 1})
    room.wait(24 * 3600 + 1)
    with pytest.raises(PlanStale):
        stacks.approve_plan(plan.pk, plan.digest)


def test_a_plan_is_approved_once(room: Room) -> None:
    plan = room.approve({"project": 1})
    with pytest.raises(PlanStale):
        stacks.approve_plan(plan.pk, plan.digest)


def test_what_does_not_fit_is_refused_and_nothing_of_it_is_stored(room: Room) -> None:
    plan = room.plan({"project": 1}, held=31)
    before = (Mark.objects.count(), Event.objects.count())
    with pytest.raises(CapacityExhausted):
        stacks.approve_plan(plan.pk, plan.digest)
    assert (Mark.objects.count(), Event.objects.count()) == before
    assert not Resource.objects.exists()
    assert _held(room) == (0, 0)
    assert room.stack.generation == 0


def test_the_last_room_of_a_site_is_promised_once(room: Room) -> None:
    stacks.create_stack("b")
    first = room.plan({"project": 1}, held=20)
    Plan.objects.filter(pk=first.pk).update(stack=Stack.objects.get(key="b"))
    second = room.plan({"project": 1}, held=20)
    stacks.approve_plan(first.pk, first.digest)
    with pytest.raises(CapacityExhausted):
        stacks.approve_plan(second.pk, second.digest)
    assert _held(room) == (20, 20)


def test_the_larger_of_old_and_new_is_held_until_the_smaller_was_seen(room: Room) -> None:
    room.approve({"project": 3, "net": 3})
    room.settle()
    assert _held(room) == (6, 6)
    room.approve({"project": 1})
    assert _held(room) == (6, 6)
    upkeep.release_surplus()
    assert _held(room) == (6, 6)
    room.settle()
    upkeep.release_surplus()
    assert _held(room) == (1, 1)


def test_what_is_retained_keeps_its_share(room: Room) -> None:
    room.approve({"project": 1, "bucket": 3})
    room.settle()
    room.approve({})
    room.settle()
    upkeep.release_surplus()
    assert room.stack.state == State.RETAINED
    assert _held(room) == (4, 4)
    room.approve({}, purge=["bucket"])
    room.settle()
    room.approve({})
    room.settle()
    upkeep.release_surplus()
    assert _held(room) == (0, 0)


def test_where_nothing_is_left_a_stack_that_retains_elsewhere_holds_nothing(room: Room) -> None:
    room.approve({"project": 1, "bucket": 3})
    room.settle()
    elsewhere = CapacityRow.objects.create(platform="elsewhere", site="site", resource="vcpus", total=8, used=2)
    Reservation.objects.create(stack=room.stack, row=elsewhere, amount=2)
    room.approve({})
    upkeep.release_surplus()
    assert CapacityRow.objects.get(pk=elsewhere.pk).used == 2  # it was not yet seen to be gone
    room.settle()
    upkeep.release_surplus()
    assert room.stack.state == State.RETAINED
    assert CapacityRow.objects.get(pk=elsewhere.pk).used == 0
    assert not Reservation.objects.filter(row=elsewhere).exists()
    assert CapacityRow.objects.get(resource="disk").used == 4


def test_a_plan_is_made_at_rest(room: Room) -> None:
    room.approve({"project": 1})
    with pytest.raises(StackBusy):
        room.plan({"project": 2})


def test_a_step_up_takes_nothing_away(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle()
    changes = room.plan({"project": 2, "net": 1, "server": 1}).changes
    assert [(c["name"], c["action"]) for c in changes] == [("project", "update"), ("server", "create")]


def test_a_newer_plan_takes_the_place_of_the_one_shown(room: Room) -> None:
    first = room.plan({"project": 1})
    room.plan({"project": 2})
    with pytest.raises(PlanStale):
        stacks.approve_plan(first.pk, first.digest)


def test_the_plan_of_a_purge_says_so_in_words(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    change = next(c for c in room.plan({"project": 1}, purge=["bucket"]).changes if c["name"] == "bucket")
    assert (change["action"], change["purge"]) == ("delete", True)
    assert "with all its data, for good" in change["reason"]


def test_the_plan_of_vanished_data_says_that_it_will_be_empty(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.cloud.delete("bucket", "sim.a.bucket")
    changes = room.plan({"project": 1, "bucket": 1}).changes
    assert [c["action"] for c in changes] == ["recreate"]
    assert "empty" in changes[0]["reason"]


def test_a_platform_that_cannot_be_looked_at_is_named(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.reads_fail = "500"
    assert room.plan({"project": 1}).unseen == ["cloud"]


def test_what_was_to_go_and_is_wanted_again_stands_in_the_plan(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.approve({})
    room.settle()
    changes = room.plan({"project": 1, "bucket": 1}).changes
    assert [(c["name"], c["action"]) for c in changes] == [("project", "update"), ("bucket", "update")]


def test_a_change_whose_answer_was_lost_stands_in_the_plan(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.writes_fail = ["denied"]
    room.approve({"project": 2})
    room.settle()
    room.cloud.update("project", room.row("project").external_id, {"size": 2})
    assert room.row("project").intent == "update"
    assert [c["action"] for c in room.plan({"project": 2}).changes] == ["update"]


def test_an_approval_is_marked_on_the_platform_before_its_first_write(room: Room) -> None:
    room.approve({"project": 1})
    newest = Mark.objects.order_by("-text").first()
    assert newest
    seen: list[bool] = []
    room.at["intent create"] = lambda: seen.append(newest.text in room.cloud.marks)
    room.settle()
    assert seen == [True]


def test_a_yes_to_an_end_is_marked_as_well(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    before = set(Mark.objects.values_list("text", flat=True))
    room.approve({})
    room.settle()
    assert (set(Mark.objects.values_list("text", flat=True)) - before) & set(room.cloud.marks)


def test_an_approval_moves_the_version_of_every_row(room: Room) -> None:
    room.approve({"project": 1, "key": 1})
    room.settle()
    before = dict(Resource.objects.values_list("name", "version"))
    room.approve({"project": 2, "key": 1})
    assert all(room.row(name).version > version for name, version in before.items())


def test_a_secret_is_shown_once(room: Room) -> None:
    room.approve({"key": 1})
    room.settle()
    assert secrets.reveal("a", "key")["secret_key"].reveal() == room.there("key")[0].secret
    with pytest.raises(AlreadyRevealed):
        secrets.reveal("a", "key")


def test_a_surplus_computed_before_an_approval_takes_nothing_from_it(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    stale = Stack.objects.get(state=State.READY)
    room.approve({"project": 9})
    capacity.release_surplus(stale, Manifest.parse(stale.manifest).needs)
    assert _held(room) == (9, 9)


def test_of_two_who_ask_at_once_one_sees_the_secret(django_db_blocker: Any, tmp_path: Path) -> None:
    seen, refused, gate = [], [], threading.Barrier(2)

    def ask() -> None:
        gate.wait(10)
        try:
            seen.append(secrets.reveal("a", "key"))
        except AlreadyRevealed:
            refused.append(True)
        finally:
            connection.close()

    with django_db_blocker.unblock(), file_database(tmp_path / "portal.sqlite3"):
        stack = Stack.objects.create(key="a")
        Resource.objects.create(stack=stack, name="key", kind="ceph.key", platform="cloud", state=State.READY)
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert (len(seen), len(refused)) == (1, 1)
