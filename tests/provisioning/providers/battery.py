"""What every kind of every provider must do, on each region there is of it; each kind's test file inherits it.

A town has a `provider` and the `platform` that it was opened for.
"""

from typing import Any

import pytest

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, Many, Observation, Present
from provisioning.domain.plan import difference


def present(seen: Observation) -> Present:
    """It is there, and ours."""
    assert isinstance(seen, Present)
    assert seen.ours
    return seen


def differs(target: Target, seen: Observation) -> dict[str, Any]:
    """The declared fields that are not as wanted, with the wanted values."""
    return difference(target.spec.declared(), present(seen).attributes)[1]


class Battery:
    """A kind says how to make its target, and how a stranger takes its name."""

    kind = ""

    @pytest.fixture
    def target(self, town: Any) -> Target:
        raise NotImplementedError

    def take_name(self, town: Any, target: Target) -> None:
        """Make somebody else's object under the target's name."""
        raise NotImplementedError

    @pytest.fixture
    def handler(self, town: Any) -> Handler:
        return town.provider.handlers[self.kind]

    def test_what_was_never_made_is_absent(self, handler: Handler, target: Target) -> None:
        assert handler.observe(target) == Absent()

    def test_what_was_made_is_there_as_declared(self, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        seen = present(handler.observe(target))
        assert seen.external_id == made.external_id
        assert seen.outputs
        assert differs(target, seen) == {}

    def test_each_declared_field_that_can_change_is_seen(self, handler: Handler, target: Target) -> None:
        handler.create(target)
        seen = present(handler.observe(target))
        assert set(seen.attributes) <= set(target.spec.declared())
        assert seen.attributes

    def test_made_twice_is_refused_and_harmless(self, handler: Handler, target: Target) -> None:
        handler.create(target)
        before = handler.observe(target)
        with pytest.raises(AlreadyExists):
            handler.create(target)
        assert handler.observe(target) == before

    def test_another_worker_sees_the_same(self, town: Any, handler: Handler, target: Target) -> None:
        handler.create(target)
        other = type(town.provider)(town.platform).handlers[self.kind]
        assert other.observe(target) == handler.observe(target)

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        self.take_name(town, target)
        seen = handler.observe(target)
        assert isinstance(seen, Present)
        assert not seen.ours
        with pytest.raises(AlreadyExists):
            handler.create(target)

    def test_what_was_removed_is_absent_and_removing_it_again_succeeds(
        self, town: Any, handler: Handler, target: Target
    ) -> None:
        made = handler.create(target)
        recorded = self.recorded(target, made.external_id)
        handler.delete(recorded)
        assert handler.observe(recorded) == Absent()
        handler.delete(recorded)

    @staticmethod
    def recorded(target: Target, external_id: str | None) -> Target:
        """The target once its row knows the id."""
        assert external_id
        return Target(**{**vars(target), "external_id": external_id})


class ChangeableBattery(Battery):
    """And for what has a shape that somebody could spoil."""

    def spoil(self, town: Any, target: Target) -> None:
        """Change something that is declared."""
        raise NotImplementedError

    def test_a_change_behind_our_back_shows_and_is_mended(
        self, town: Any, handler: Handler, target: Target
    ) -> None:
        target = self.recorded(target, handler.create(target).external_id)
        self.spoil(town, target)
        after = differs(target, handler.observe(target))
        assert after
        handler.update(target, after)
        assert differs(target, handler.observe(target)) == {}


class NamelessBattery(ChangeableBattery):
    """And for what has no name of its own on the far side: the marker finds it, and two creates make two."""

    def test_made_twice_is_refused_and_harmless(self, handler: Handler, target: Target) -> None:
        """There are two: which is recorded stays, the other is known as empty and may go, by its id."""
        first, second = (handler.create(target).external_id for _ in range(2))
        seen = handler.observe(target)
        assert isinstance(seen, Many)
        assert set(seen.ids) == seen.empty == {first, second}
        handler.delete(self.recorded(target, second))
        assert present(handler.observe(target)).external_id == first
        assert present(handler.observe(self.recorded(target, first))).external_id == first

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """It takes nothing away: ours is made beside it, and only ours is met."""
        self.take_name(town, target)
        assert handler.observe(target) == Absent()
        made = handler.create(target)
        assert present(handler.observe(target)).external_id == made.external_id

    def test_one_whose_marker_somebody_took_off_is_ours_no_more(
        self, town: Any, handler: Handler, target: Target
    ) -> None:
        made = handler.create(target)
        target = self.recorded(target, made.external_id)
        self.unmark(town, target)
        seen = handler.observe(target)
        assert isinstance(seen, Present)
        assert not seen.ours

    def unmark(self, town: Any, target: Target) -> None:
        """Take the marker off the object of that id."""
        raise NotImplementedError
