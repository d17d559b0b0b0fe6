"""How things end: torn down, kept, given up in words, and wanted again."""

from provisioning.domain.conditions import State
from provisioning.domain.errors import StillAtWork
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.models import Resource
from provisioning.services import stacks
from tests.provisioning.engine.room import Room

READY = ("ready", "")


def test_a_failed_task_is_tried_again_and_given_up_after_three(room: Room) -> None:
    room.storm = True
    room.rng.random = lambda: 0.0  # every task fails
    room.approve({"vm": 1})
    room.settle()
    assert room.state("vm") == ("failed", "TaskFailed")
    assert room.audit.sends["create"] == 3
    room.storm = False
    stacks.retry("a")
    room.settle()
    assert room.state("vm") == READY


def test_a_teardown_removes_what_depends_first_and_everything_at_last(room: Room) -> None:
    room.approve({"project": 1, "net": 2, "server": 1, "key": 1, "token": 1})
    room.settle()
    room.approve({})
    deleted: list[str] = []
    room.provider.wire.say = lambda *words: deleted.append(words[2]) if words[:2] == ("send", "delete") else None  # type: ignore[method-assign]
    room.settle()
    assert room.cloud.live() == []
    assert deleted.index("sim.a.server") < deleted.index("sim.a.net") < deleted.index("sim.a.project")
    assert room.stack.state == State.GONE


def test_what_was_never_made_goes_without_a_question(room: Room) -> None:
    room.writes_fail = ["500"] * 50
    room.approve({"project": 1, "net": 1, "bucket": 1})
    room.work()
    room.approve_over({})
    room.writes_fail = []
    room.settle()
    assert {r.state for r in Resource.objects.all()} == {State.GONE}


def test_data_is_kept_with_what_it_stands_on_until_a_purge_is_approved(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.approve({})
    room.settle()
    assert room.state("bucket")[0] == room.state("project")[0] == State.RETAINED
    assert len(room.cloud.live()) == 2
    room.approve({}, purge=["bucket"])
    room.settle()
    assert room.there("bucket") == []


def test_data_wanted_again_after_its_deletion_began_is_the_next_one(room: Room) -> None:
    room.late_s = 20.0
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.approve({}, purge=["bucket"])
    room.writes_fail = ["late", *["refused"] * 8]
    while not room.audit.sends["delete"]:
        room.work()
        room.wait(0.5)
    room.writes_fail = []
    room.approve_over({"project": 1, "bucket": 1})
    room.settle()
    room.wait(30)
    stacks.look_now("a")
    room.settle()
    assert room.state("bucket") == READY
    assert [t.id for t in room.there("bucket")] == ["sim.a.bucket.2"]


def test_data_wanted_again_after_its_end_has_a_new_name(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.approve({}, purge=["bucket"])
    room.settle()
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    assert [t.id for t in room.there("bucket")] == ["sim.a.bucket.2"]


def test_what_is_removed_in_pieces_is_gone_on_with_and_is_no_trouble(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    handler = room.provider.handlers["project"]
    honest, left = handler.delete, iter(range(20))

    def piece(target: Target) -> Outcome:
        if (piece := next(left, None)) is None:
            return honest(target)
        assert room.row("project").trouble_since is None
        assert room.row("project").left_objects == (20 - piece if piece else None), "what the piece before left"
        raise StillAtWork("More is left.", left_objects=19 - piece, left_bytes=2**20 * (19 - piece))

    handler.delete = piece  # type: ignore[method-assign]
    room.approve({})
    room.settle()
    assert room.row("project").state == State.GONE
