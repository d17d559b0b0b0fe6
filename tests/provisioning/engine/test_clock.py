"""The database's clock, carried by a process's own between two readings."""

import sys
from datetime import UTC, datetime, timedelta
from types import TracebackType

import pytest

from provisioning.models.clock import DatabaseSource

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A server whose answer takes `takes` seconds: it says the time of its middle."""

    vendor = "postgresql"

    def __init__(self) -> None:
        self.passed = 0.0
        self.takes = 0.0

    def cursor(self) -> "World":
        return self

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        return None

    def execute(self, _statement: str) -> None:
        self._said = BEGAN + timedelta(seconds=self.passed + self.takes / 2)
        self.passed += self.takes

    def fetchone(self) -> tuple[datetime]:
        return (self._said,)


class Source(DatabaseSource):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def monotonic(self) -> float:
        return self._world.passed


def test_a_slow_answer_lets_no_later_time_be_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(sys.modules[DatabaseSource.__module__], "connection", world)
    source = Source(world)
    world.takes = 0.9
    seen = [source.now()]
    world.takes = 0.0
    for _look in range(25):
        world.passed += 0.1
        seen.append(source.now())
        assert seen[-1] <= BEGAN + timedelta(seconds=world.passed)
    assert seen == sorted(seen)
