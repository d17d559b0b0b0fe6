"""What the engine does and does not do when answers are lost, late or contradicted, one sentence at a time."""

from typing import Any

import pytest

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Observation, Outcome
from provisioning.domain.secrets import Secret
from provisioning.models import Resource
from provisioning.services import stacks
from tests.provisioning.engine.model_kinds import GRACE_S
from tests.provisioning.engine.provider import ModelHandler
from tests.provisioning.engine.room import Room

READY = ("ready", "")


def test_what_was_approved_is_made_in_the_order_of_its_needs(room: Room) -> None:
    room.approve({"project": 1, "net": 2, "server": 1, "vm": 1, "bucket": 1, "key": 1, "token": 1})
    room.settle()
    assert {r.name: r.state for r in Resource.objects.all()} == dict.fromkeys(
        ["project", "net", "server", "vm", "bucket", "key", "token"], State.READY
    )
    assert len(room.cloud.live()) == 7
    room.unharmed()


def test_a_second_reconcile_and_a_second_plan_find_nothing_to_do(room: Room) -> None:
    sizes = {"project": 1, "net": 2, "server": 1, "bucket": 1, "key": 1, "token": 1}
    room.approve(sizes)
    room.settle()
    before = room.writes()
    stacks.look_now("a")
    room.work()
    assert room.writes() == before
    assert room.plan(sizes).changes == []


def test_whatever_is_removed_behind_our_back_is_found_in_one_cycle_with_its_plan(room: Room) -> None:
    sizes = {"project": 1, "net": 2, "server": 1, "vm": 1, "bucket": 1, "key": 1, "token": 1}
    for name in sizes:
        room.furnish()
        room.approve(sizes)
        room.settle()
        room.cloud.delete(name, room.row(name).external_id)
        room.wait(9)
        stacks.look_now("a")
        room.settle()
        assert room.state(name) == ("drifted", "Vanished"), name
        assert [(c["name"], c["action"]) for c in room.plan(sizes).changes] == [(name, "recreate")]


def test_whatever_is_altered_behind_our_back_is_found_in_one_cycle_with_its_plan(room: Room) -> None:
    sizes = {"project": 1, "net": 2, "server": 1, "vm": 1, "bucket": 1, "key": 1, "token": 1}
    room.approve(sizes)
    room.settle()
    for name, size in sizes.items():
        room.cloud.update(name, room.row(name).external_id, {"size": 9})
        stacks.look_now("a")
        room.settle()
        assert room.state(name) == ("drifted", "NeedsApproval"), name
        assert [(c["name"], c["action"]) for c in room.plan(sizes).changes] == [(name, "update")]
        room.cloud.update(name, room.row(name).external_id, {"size": size})
        stacks.look_now("a")
        room.settle()
        assert room.state(name) == READY


def test_a_field_that_protects_is_set_right_at_once(room: Room) -> None:
    room.approve({"bucket": 1, "project": 1})
    room.settle()
    room.cloud.update("bucket", room.row("bucket").external_id, {"quota": 99})
    stacks.look_now("a")
    room.settle()
    assert room.there("bucket")[0].quota == 1
    assert room.state("bucket") == READY


def test_a_permit_is_used_up_when_its_change_stands(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.approve({"project": 2})
    room.settle()
    room.cloud.update("project", room.row("project").external_id, {"size": 9})
    stacks.look_now("a")
    room.settle()
    assert room.there("project")[0].size == 9
    assert room.state("project") == ("drifted", "NeedsApproval")


def test_an_update_that_does_not_last_is_given_up_after_three(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.writes_fail = []
    room.provider.handlers["project"].update = lambda target, after: (
        room.sent("update", "project", target) or Outcome()
    )  # type: ignore[method-assign]
    room.approve({"project": 2})
    room.settle()
    assert room.state("project") == ("blocked", "DoesNotStick")
    assert room.audit.sends["update"] == 3


def test_a_lost_create_of_a_server_asks_and_both_answers_end_well(room: Room) -> None:
    for fault, adopt in (("lost", False), ("after", True), ("late", True)):
        room.furnish()
        room.writes_fail = ["", "", fault]
        room.approve({"project": 1, "net": 1, "server": 1})
        room.settle(GRACE_S + 60)
        if room.state("server") == ("blocked", "AmbiguousCreate"):
            if adopt:
                stacks.adopt("a", "server", room.there("server")[0].id)
            else:
                stacks.retry("a", "server")
            room.settle()
        assert room.state("server") == READY, fault
        assert len(room.there("server")) == 1, fault
    room.unharmed()


def test_a_server_whose_create_is_lost_is_not_made_twice_by_itself(room: Room) -> None:
    room.writes_fail = ["", "", "lost"]
    room.approve({"project": 1, "net": 1, "server": 1})
    room.settle(GRACE_S + 60)
    assert room.state("server") == ("blocked", "AmbiguousCreate")
    assert room.audit.sends["create"] == 3


def test_a_name_that_is_taken_but_does_not_show_yet_is_looked_at_again(room: Room) -> None:
    room.writes_fail = ["after"]
    room.rng.uniform = lambda low, high: high  # the task takes its longest
    room.approve({"vm": 1})
    room.settle()
    assert room.state("vm") == READY
    assert len(room.there("vm")) == 1
    assert room.audit.sends["create"] > 1


def test_a_net_is_not_made_again_before_its_grace_has_passed(room: Room) -> None:
    room.writes_fail = ["", "late"]
    room.approve({"project": 1, "net": 1})
    room.settle()
    assert room.state("net") == READY
    assert len(room.there("net")) == 1
    assert room.audit.sends["create"] == 2


def test_of_two_nets_the_recorded_one_stays_and_its_double_goes(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle()
    kept = room.row("net").external_id
    room.cloud.create("net", "sim.a.net", "sim.a.net", 1, "a")
    room.wait(10)
    stacks.look_now("a")
    room.settle()
    assert [t.id for t in room.there("net")] == [kept]


def test_a_refused_look_does_not_forget_that_a_create_is_under_way(room: Room) -> None:
    room.writes_fail = ["", "", "lost"]
    room.approve({"project": 1, "net": 1, "server": 1})
    room.at["intent create"] = lambda: None
    while room.audit.sends["create"] < 3:
        room.work()
        room.wait(1)
    room.reads_fail = "refused"
    for _ in range(3):
        room.wait(3)
        room.work()
    room.reads_fail = ""
    room.wait(60)
    room.work()
    assert room.row("server").intent == "create"
    room.settle()
    assert room.state("server") == ("blocked", "AmbiguousCreate")


def test_a_create_that_was_not_sent_takes_back_only_its_own_intent(room: Room) -> None:
    room.late_s = 20.0
    room.writes_fail = ["late", "refused"]
    room.approve({"vm": 1})
    while room.audit.sends["create"] < 2:
        room.work()
        room.wait(0.5)
    room.approve_over({})
    room.settle()
    room.wait(30)
    room.settle()
    assert room.there("vm") == []
    assert room.row("vm").state == State.GONE


def test_teardown_of_a_pending_create_waits_for_it(room: Room) -> None:
    room.late_s = 40.0
    room.writes_fail = ["", "late", "refused", "refused", "refused", "refused", "refused", "refused"]
    room.approve({"project": 1, "bucket": 1})
    while room.audit.sends["create"] < 2:
        room.work()
        room.wait(0.5)
    room.writes_fail = []
    room.approve_over({}, purge=["bucket"])
    room.settle()
    room.wait(50)
    assert room.there("bucket") == []
    assert room.row("bucket").state == State.GONE


def test_data_that_nobody_knew_of_is_kept_when_its_row_is_torn_down(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.approve({"project": 1, "bucket": 1})
    room.cloud.create("bucket", "sim.a.bucket", "sim.a.bucket", 1, "a")
    room.approve_over({"project": 1})
    room.settle()
    assert room.state("bucket")[0] == State.RETAINED
    assert len(room.there("bucket")) == 1
    room.unharmed()


def test_one_look_is_not_enough_to_say_that_something_vanished(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    thing = room.cloud.things[0]
    thing.gone = room.now
    stacks.look_now("a")
    room.work()
    assert room.state("project") == ("progressing", "Confirming")
    thing.gone = float("inf")
    room.wait(11)
    room.settle()
    assert room.state("project") == READY


def test_data_that_vanished_is_made_again_only_by_a_plan_and_under_a_new_name(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    first = room.row("bucket").external_id
    room.cloud.delete("bucket", first)
    stacks.look_now("a")
    room.settle()
    assert room.there("bucket") == []
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    assert room.state("bucket") == READY
    assert room.there("bucket")[0].id == f"{first}.2"
    room.unharmed()


def test_an_id_that_was_recorded_and_never_seen_counts_as_vanished_too(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.at["recorded create"] = lambda: setattr(room, "reads_fail", "500")
    room.settle(3)
    room.at["recorded create"] = lambda: room.cloud.delete("bucket", "sim.a.bucket")
    room.reads_fail = ""
    room.settle()
    assert room.state("bucket") == ("drifted", "Vanished")


def test_a_strangers_object_of_our_name_is_neither_kept_nor_removed(room: Room) -> None:
    for kind in ("project", "key"):
        room.furnish()
        room.cloud.create(kind, f"sim.a.{kind}", "", 7, "stranger")
        room.approve({kind: 1})
        room.settle()
        assert room.state(kind) == ("blocked", "NameTaken")
        room.approve({})
        room.settle()
        assert [t.origin for t in room.cloud.live()] == ["stranger"]
        assert room.row(kind).state == State.GONE
    room.unharmed()


def test_an_object_adopted_by_mistake_is_not_ours_and_not_deleted(room: Room) -> None:
    room.writes_fail = ["", "", "lost"]
    room.approve({"project": 1, "net": 1, "server": 1})
    room.settle(GRACE_S + 60)
    theirs = room.cloud.create("server", "web", "other.a.server", 1, "stranger")
    stacks.adopt("a", "server", theirs.id)
    room.settle()
    assert room.state("server") == ("blocked", "NameTaken")
    room.approve({})
    room.settle()
    assert [t.id for t in room.cloud.live("server")] == [theirs.id]


def test_a_lost_token_is_followed_by_the_next_one_and_removed(room: Room) -> None:
    room.writes_fail = ["", "after"]
    room.approve({"project": 1, "token": 1})
    room.settle()
    assert [t.id for t in room.there("token")] == ["sim.a.token.2"]
    _token_is_the_clouds(room)


def test_a_token_that_vanished_takes_its_secret_with_it(room: Room) -> None:
    room.approve({"project": 1, "token": 1})
    room.settle()
    room.cloud.delete("token", "sim.a.token")
    stacks.look_now("a")
    room.settle()
    room.writes_fail = ["after"]
    room.approve({"project": 1, "token": 1})
    room.settle()
    _token_is_the_clouds(room)


def test_a_token_wanted_again_does_not_inherit_the_former_ones_secret(room: Room) -> None:
    room.approve({"project": 1, "token": 1})
    room.settle()
    room.approve({"project": 1})
    room.settle()
    room.writes_fail = ["after"]
    room.approve({"project": 1, "token": 1})
    room.settle()
    _token_is_the_clouds(room)
    assert len(room.there("token")) == 1


def test_a_secret_is_stored_before_it_is_sent(room: Room) -> None:
    room.writes_fail = ["after"]
    room.approve({"key": 1})
    room.settle()
    stored = vault.read([room.row("key").pk])[room.row("key").pk]["secret_key"]
    assert stored.reveal() == room.there("key")[0].secret
    assert room.state("key") == READY


def _token_is_the_clouds(room: Room) -> None:
    row = room.row("token")
    stored = vault.read([row.pk])[row.pk]["token_secret"]
    assert stored == Secret(room.there("token")[0].secret)
    assert room.state("token") == READY
    room.unharmed()


def test_a_defect_of_ours_is_said_and_holds_up_nobody_else(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ModelHandler.observe

    def broken(handler: ModelHandler, target: Target) -> Observation:
        if target.name == "project":
            raise ZeroDivisionError
        return real(handler, target)

    with monkeypatch.context() as patch:
        patch.setattr(ModelHandler, "observe", broken)
        room.approve({"project": 1, "key": 1})
        room.work()
    assert room.state("project") == ("blocked", "Defect")
    assert room.state("key") == READY
    stacks.retry("a")
    room.settle()
    assert room.state("project") == READY
    room.unharmed()


def test_a_removal_that_does_not_last_is_told_after_four_minutes(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    handler = room.provider.handlers["project"]
    handler.delete = lambda target: room.sent("delete", "project", target) or Outcome()  # type: ignore[method-assign]
    room.approve({})
    room.settle(280)
    assert room.state("project") == ("blocked", "DoesNotGo")
    assert room.audit.sends["delete"] == 8


def test_an_update_that_is_refused_as_a_conflict_is_tried_again_and_told(room: Room) -> None:
    _conflict(room, "update", {"project": 2})
    assert room.row("project").state == State.READY


def test_a_removal_that_is_refused_as_a_conflict_is_tried_again_and_told(room: Room) -> None:
    _conflict(room, "delete", {})
    assert room.row("project").state == State.GONE


def _conflict(room: Room, verb: str, then: dict[str, int]) -> None:
    """The platform answers 409 to every such call, until a person was told; then it no longer does."""
    room.approve({"project": 1})
    room.settle()
    handler = room.provider.handlers["project"]
    honest = getattr(handler, verb)

    def conflict(*_: Any) -> Outcome:
        raise AlreadyExists("HTTP 409")

    setattr(handler, verb, conflict)
    room.approve(then)
    room.settle(900)
    assert room.state("project") == ("blocked", "PlatformBusy")
    setattr(handler, verb, honest)
    room.wait(1000)
    room.settle()
