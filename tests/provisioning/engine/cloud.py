"""The model cloud: what really exists, and how late and how badly it says so. Knows nothing of Django."""

import copy
import itertools
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.provisioning.engine.model_kinds import LAG_S, MODEL, NAMED_ID, UNIQUE

FOREVER = float("inf")


class Conflict(Exception):
    """The far side says: that name is taken."""


class World(Protocol):
    """What the cloud asks of the simulation around it."""

    now: float
    storm: bool
    rng: Any

    def violation(self, what: str) -> None:
        """Something that must never happen has happened."""


@dataclass
class Thing:
    """One object. `origin` is the stack that really asked for it, whatever its marker says."""

    id: str
    kind: str
    name: str
    marker: str
    origin: str
    size: int
    secret: str
    born: float
    listed: float
    asked: float
    quota: int = 1
    gone: float = FOREVER
    unlisted: float = FOREVER


@dataclass
class Cloud:
    """Reads by id and by unique name are exact; lists lag both ways."""

    world: World
    things: list[Thing] = field(default_factory=list)
    tasks: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def live(self, kind: str | None = None) -> list[Thing]:
        """What exists now."""
        now = self.world.now
        return [t for t in self.things if t.born <= now < t.gone and kind in (None, t.kind)]

    def get(self, kind: str, id: str) -> Thing | None:
        """Exact."""
        return next((copy.copy(t) for t in self.live(kind) if t.id == id), None)

    def named(self, kind: str, name: str) -> Thing | None:
        """Exact, for kinds whose names are unique."""
        return next((copy.copy(t) for t in self.live(kind) if t.name == name), None)

    def list(self, kind: str | None = None) -> list[Thing]:
        """Late to show what is new, late to hide what is gone."""
        now = self.world.now
        shown = (t for t in self.things if t.listed <= now < t.unlisted)
        return [copy.copy(t) for t in shown if kind in (None, t.kind)]

    def create(
        self, kind: str, name: str, marker: str, size: int, origin: str, *, secret: str = "", asked: float = 0.0
    ) -> Thing:
        """Make one; Conflict when a unique name is taken, also by what is still being made."""
        now, rng = self.world.now, self.world.rng
        if kind in UNIQUE and any(t.kind == kind and t.name == name and now < t.gone for t in self.things):
            raise Conflict(name)
        number = next(self.numbers)
        born = now + (rng.uniform(1, 30) if kind == "vm" else 0.0)
        lag = rng.uniform(0, LAG_S) if rng.random() < 0.7 else 0.0
        thing = Thing(
            id=name if kind in NAMED_ID else f"{kind}-{number}",
            kind=kind,
            name=name,
            marker=marker if MODEL[kind].marker else "",
            origin=origin,
            size=size,
            secret=secret or f"made-there-{number}",
            born=born,
            listed=born + lag,
            asked=asked,
        )
        if kind == "vm":
            fails = self.world.storm and rng.random() < 0.15
            self.tasks[f"task-{number}"] = (born, None if fails else thing.id)
            if fails:
                return copy.copy(thing)
        self.things.append(thing)
        return copy.copy(thing)

    def update(self, kind: str, id: str, changes: dict[str, Any]) -> None:
        """In place; nothing happens to what is gone."""
        for thing in self.live(kind):
            if thing.id == id:
                vars(thing).update({k: v for k, v in changes.items() if k in ("size", "quota")})

    def delete(self, kind: str, id: str) -> None:
        """By id; already gone is fine."""
        for thing in self.things:
            if thing.kind == kind and thing.id == id and thing.gone == FOREVER:
                thing.gone = self.world.now
                thing.unlisted = self.world.now + self.world.rng.uniform(0, LAG_S)
