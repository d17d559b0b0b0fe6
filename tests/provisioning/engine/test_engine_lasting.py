"""A call that lasts longer than a lease: whoever sends keeps the stack, and stops when it is somebody else's."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from provisioning.domain.conditions import State
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.engine import claims
from provisioning.models import Stack
from tests.provisioning.engine.provider import ModelHandler
from tests.provisioning.engine.room import Room

PIECE_S = 10


def _lasts(monkeypatch: pytest.MonkeyPatch, room: Room, seconds: int, meanwhile: Callable[[], None]) -> None:
    """The first create takes so long, a piece after the other."""
    create = ModelHandler.create

    def slowly(self: ModelHandler, target: Target) -> Outcome:
        monkeypatch.setattr(ModelHandler, "create", create)
        for _piece in range(seconds // PIECE_S):
            room.sleep(PIECE_S)
            meanwhile()
            target.hold()
        return create(self, target)

    monkeypatch.setattr(ModelHandler, "create", slowly)


def test_who_sends_for_five_minutes_keeps_the_stack(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[object] = []
    room.approve({"project": 1})
    _lasts(monkeypatch, room, 300, lambda: taken.append(claims.take(room.stack.pk)))
    room.work()
    assert taken == [None] * 30
    assert room.writes() == 1
    room.settle()
    assert room.state("project") == (State.READY, "")
    room.unharmed()


@pytest.mark.parametrize("sizes", [{"project": 1}, {}])
def test_who_lost_the_stack_while_he_sent_sends_no_more_of_it(
    room: Room, monkeypatch: pytest.MonkeyPatch, sizes: dict[str, int]
) -> None:
    """Others brought it to its end, whichever that was, and it stays so."""

    def overtaken() -> None:
        Stack.objects.update(claim_expires_at=room.time() - timedelta(seconds=1))
        room.approve_over(sizes)
        room.settle()

    room.approve({"project": 1})
    _lasts(monkeypatch, room, 300, overtaken)
    room.work()
    assert room.writes() == len(sizes)
    room.settle()
    assert len(room.there("project")) == len(sizes)
    assert room.state("project")[0] == (State.READY if sizes else State.GONE)
    room.unharmed()
