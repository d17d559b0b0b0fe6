"""The model cloud's provider: the engine's contract over `Cloud`, and every way in which a call may go wrong."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from django.db import connection

from provisioning.domain.errors import AlreadyExists, PermanentError, PlatformDown, TemporaryError
from provisioning.domain.handler import Sample, Target
from provisioning.domain.observation import (
    Absent,
    InProgress,
    Many,
    Observation,
    Outcome,
    Present,
    Sighting,
)
from provisioning.domain.secrets import Secret
from tests.provisioning.engine.cloud import Cloud, Conflict, Thing
from tests.provisioning.engine.model_kinds import CALL_S, LATE_S, MODEL, UNIQUE


class Wire(Protocol):
    """What a call asks of the world: time, dice, and somebody who watches what is sent."""

    cloud: Cloud
    now: float
    rng: Any

    def sleep(self, seconds: float) -> None:
        """Time passes for this worker; others may run."""

    def fault(self, *, write: bool) -> str:
        """What goes wrong with this call; '' when nothing does."""

    def later(self, seconds: float, effect: Callable[[], object]) -> None:
        """The effect of a call nobody waits for any more."""

    def sent(self, verb: str, kind: str, target: Target) -> None:
        """A writing call leaves for the platform."""

    def looked(self, target: Target, found: Thing | None) -> None:
        """A look was answered."""

    def violation(self, what: str) -> None:
        """Something that must never happen has happened."""


def call(wire: Wire, effect: Callable[[], Any], *, write: bool = False) -> Any:
    """One call on the wire: it takes time, and may fail before, after or long after its effect."""
    if connection.in_atomic_block:
        wire.violation("outside call inside a transaction")
    wire.sleep(wire.rng.uniform(0.02, 0.3))
    fault = wire.fault(write=write)
    if fault == "refused":
        raise PlatformDown("Connection refused.", unsent=True)
    if fault == "busy":
        raise TemporaryError("429", retry_after=3.0, unsent=True)
    if fault == "500":
        raise TemporaryError("500 before anything was done.")
    if fault == "denied":
        raise PermanentError("403", reason="Forbidden")
    if fault == "lost":
        wire.sleep(CALL_S)
        raise PlatformDown("No answer.")
    if fault == "late":
        wire.later(wire.rng.uniform(0, LATE_S), effect)
        wire.sleep(CALL_S)
        raise PlatformDown("No answer; it is still at it.")
    answer = effect()
    if fault == "after":
        wire.sleep(CALL_S * wire.rng.random())
        raise TemporaryError("Reset after success.")
    wire.sleep(wire.rng.uniform(0.02, 0.3))
    return answer


class ModelHandler:
    """Four verbs and a poll for one model kind."""

    def __init__(self, wire: Wire, kind: str) -> None:
        self.wire, self.kind = wire, kind

    def observe(self, target: Target) -> Observation:
        """By id, else by name; kinds without unique names are listed by their marker as well."""
        found = call(self.wire, lambda: self._find(target))
        self.wire.looked(target, found[0] if found else None)
        if not found:
            return Absent()
        if len(found) > 1:
            return Many(tuple(t.id for t in found), frozenset(t.id for t in found if self.kind == "net"))
        thing = found[0]
        return Present(
            thing.id, {"size": thing.size, "quota": thing.quota}, {"id": thing.id}, ours=self._ours(thing, target)
        )

    def _find(self, target: Target) -> list[Thing]:
        cloud = self.wire.cloud
        known = cloud.get(self.kind, target.external_id) if target.external_id else None
        if self.kind in UNIQUE:
            found = known if target.external_id else cloud.named(self.kind, target.full_name)
            return [found] if found else []
        marker = str(target.marker)
        others = [t for t in cloud.list(self.kind) if t.marker == marker and t.id != target.external_id]
        return ([known] if known else []) + others

    def _ours(self, thing: Thing, target: Target) -> bool:
        if MODEL[self.kind].marker:
            return thing.marker == str(target.marker)
        secret = target.secrets.get("secret_key")
        return secret is not None and secret.reveal() == thing.secret

    def create(self, target: Target) -> Outcome:
        """Ours by marker or by the secret that was stored with the intent."""
        self.wire.sent("create", self.kind, target)
        asked, stored = self.wire.now, target.secrets.get("secret_key")
        secret = stored.reveal() if stored else ""

        def effect() -> Thing:
            return self.wire.cloud.create(
                self.kind,
                target.full_name,
                str(target.marker),
                target.spec.size,
                target.marker.stack,
                secret=secret,
                asked=asked,
            )

        try:
            thing = call(self.wire, effect, write=True)
        except Conflict as taken:
            raise AlreadyExists(str(taken)) from taken
        if self.kind == "vm":
            return Outcome(handle="task-" + thing.id.rpartition("-")[2])
        once = {"token_secret": Secret(thing.secret)} if self.kind == "token" else {}
        return Outcome(external_id=thing.id, secrets=once)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """In place."""
        self.wire.sent("update", self.kind, target)
        call(
            self.wire, lambda: self.wire.cloud.update(self.kind, target.external_id or "", dict(after)), write=True
        )
        return Outcome()

    def delete(self, target: Target) -> Outcome:
        """By id; success when it is gone already."""
        self.wire.sent("delete", self.kind, target)
        call(self.wire, lambda: self.wire.cloud.delete(self.kind, target.external_id or ""), write=True)
        return Outcome()

    def poll(self, target: Target) -> Observation:
        """Tasks are forgotten now and then, as real platforms do after a restart."""
        return call(self.wire, lambda: self._poll(target))

    def _poll(self, target: Target) -> Observation:
        ends, id = self.wire.cloud.tasks.get(target.handle or "", (0.0, ""))
        if id == "" or self.wire.fault(write=False) == "lost":
            return Absent()
        if self.wire.now < ends:
            return InProgress(target.handle or "", 2.0)
        if id is None:
            raise PermanentError("The task ended badly.", reason="TaskFailed")
        return Present(id)


class ModelProvider:
    """The one platform of the simulation."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.handlers = {kind: ModelHandler(wire, kind) for kind in MODEL}

    def probe(self) -> None:
        """The cheapest read."""
        call(self.wire, lambda: None)

    def marks(self, after: str) -> list[str]:
        """Append-only."""
        return call(self.wire, lambda: sorted(m for m in self.wire.cloud.marks if m > after))

    def push_mark(self, mark: str) -> None:
        """One more."""
        call(self.wire, lambda: self.wire.cloud.marks.append(mark), write=True)

    def census(self) -> Iterator[Sighting]:
        """What lists show; a key carries no marker and is known by its name."""
        for thing in call(self.wire, self.wire.cloud.list):
            name = ".".join(thing.name.split(".")[:3])
            marker = thing.marker or (name if thing.kind == "key" else "")
            yield Sighting(thing.kind, thing.id, marker)

    def capacity(self) -> list[Sample]:
        """Not sampled here."""
        return []
