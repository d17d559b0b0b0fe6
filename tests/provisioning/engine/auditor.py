"""Who watches: what may never be sent, and what must be true at the end, whatever happened in between."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Sum

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.handler import Target
from provisioning.models import CapacityRow, Event, OrphanSighting, Reservation, Resource, Stack
from tests.provisioning.engine.cloud import Cloud, Thing
from tests.provisioning.engine.model_kinds import CALL_S, LATE_S, MODEL, UNIQUE

Wish = Resource.Wish


class Auditor:
    """Sees every call that writes, every look that is answered and every yes that is given."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.accepted = True  # False from a restore until an operator has read the report
        self.generations: Counter[str] = Counter()  # stack key -> newest generation that sent something
        self.intents: Counter[int] = Counter()  # row -> generation of its newest committed intent
        self.purges: list[tuple[float, str, str]] = []  # (when, stack, name) that a plan gave up in words
        self.remade: list[tuple[float, str, str]] = []  # (when, stack, name) that a plan makes again
        self.looks: dict[tuple[str, str], float] = {}
        self.known: set[str] = set()  # ids of data that a row knows of: a look that died with its worker is none
        self.answered_by_people: set[tuple[str, str]] = set()
        self.sends: Counter[str] = Counter()

    # -- while it runs -----------------------------------------------------------------------------------------
    def looked(self, target: Target) -> None:
        """The engine was told what is there."""
        self.looks[target.marker.stack, target.marker.name] = self.world.now

    def kept(self, row: Resource, external_id: str) -> None:
        """The row has that id from now on."""
        if external_id and MODEL[row.kind].bears_data:
            self.known.add(external_id)

    def acts(self, stack: Stack, row: Resource, generation: int, verb: str) -> None:
        """The engine is about to call: is it still allowed to?"""
        if self.intents[row.pk] > generation:
            self.world.violation("older generation sent after a newer intent")
        if not self.accepted and generation < self.generations[stack.key]:
            self.world.violation("write on a restored database")
        self.generations[stack.key] = max(self.generations[stack.key], generation)

    def sent(self, verb: str, kind: str, target: Target) -> None:
        """A call that writes leaves."""
        self.sends[verb] += 1
        self.world.say("send", verb, target.full_name, target.external_id or "")
        if verb == "create":
            self._creates(kind, target)
        if verb == "delete":
            self._deletes(kind, target)

    def _creates(self, kind: str, target: Target) -> None:
        world, stack, name = self.world, target.marker.stack, target.marker.name
        if kind not in UNIQUE and (stack, name) not in self.answered_by_people:
            for other in self._siblings(target):
                if MODEL[kind].repeat == "ask" or world.now - other.asked < CALL_S + LATE_S + 1:
                    world.violation(f"duplicate asked for: {kind}")
        if MODEL[kind].bears_data:
            lost = [
                t for t in world.cloud.things if t.id in self.known and t.origin == stack and t.gone <= world.now
            ]
            for thing in lost:
                if not any(when >= thing.gone - 30 and (s, n) == (stack, name) for when, s, n in self.remade):
                    world.violation("vanished data silently made again")

    def _siblings(self, target: Target) -> Iterator[Thing]:
        return (t for t in self.world.cloud.live(None) if t.marker == str(target.marker))

    def _deletes(self, kind: str, target: Target) -> None:
        world, stack = self.world, target.marker.stack
        since = self.looks.get((stack, target.marker.name), world.now)
        for thing in world.cloud.live(kind):
            if thing.id != target.external_id:
                continue
            if thing.origin != stack and thing.born < since:
                world.violation("foreign object deleted")
            if MODEL[kind].bears_data and thing.origin == stack and self.accepted:
                name = thing.name.split(".")[2]
                if not any(when >= thing.asked and (s, n) == (stack, name) for when, s, n in self.purges):
                    world.violation("data deleted without a purge that was approved")

    # -- at the end --------------------------------------------------------------------------------------------
    def rest(self) -> list[str]:
        """What is wrong, were this the end."""
        rows = list(Resource.objects.select_related("stack").exclude(state=State.GONE))
        cloud: Cloud = self.world.cloud
        bad = [what for row in rows for what in self._row(row, cloud)]
        known = {(row.kind, row.external_id) for row in rows}
        for thing in cloud.live():
            if thing.origin != "stranger" and (thing.kind, thing.id) not in known and not self._reported(thing):
                bad.append(f"orphan: {thing.kind}")
        return sorted({*bad, *self._capacity()})

    def _row(self, row: Resource, cloud: Cloud) -> Iterator[str]:
        thing = cloud.get(row.kind, row.external_id)
        if row.state in (State.BLOCKED, State.FAILED, State.DRIFTED):
            yield f"still {row.state} {row.reason} after answers"
        elif row.wish == Wish.ABSENT:
            yield "delete never finishes"
        elif row.state not in (State.READY, State.RETAINED):
            yield f"stuck without a reason: {row.state} {row.reason}"
        elif thing is None:
            yield "row without object"
        elif thing.origin != row.stack.key:
            yield "row holds a foreign object"
        elif row.wish == Wish.PRESENT and thing.size != row.spec["size"]:
            yield "ready but different"
        elif row.wish == Wish.PRESENT and row.declares.secrets:
            field = row.declares.secrets[0]
            secret = vault.read([row.pk])[row.pk].get(field)
            if secret is None or secret.reveal() != thing.secret:
                yield f"stored secret of {row.kind} is not the cloud's"

    def _reported(self, thing: Thing) -> bool:
        """Data, what carries no marker and what a database forgot are only reported: a person decides."""
        seen = OrphanSighting.objects.filter(kind=thing.kind, external_id=thing.id, settled_at__isnull=True)
        if MODEL[thing.kind].marker and not MODEL[thing.kind].bears_data:
            return seen.filter(kept_since__isnull=False).exists()
        return seen.exists() or Event.objects.filter(reason="OrphanWithData", message__contains=thing.id).exists()

    def _capacity(self) -> Iterator[str]:
        for row in CapacityRow.objects.annotate(held=Sum("reservations__amount")):
            if row.used != (row.held or 0):
                yield "capacity: used is not the sum of the reservations"
        if CapacityRow.objects.filter(used__gt=F("total")).exists():
            yield "capacity oversold"
        for stack in Stack.objects.all():
            needs = sum(n["amount"] for n in stack.manifest.get("needs", ()))
            held = Reservation.objects.filter(stack=stack).aggregate(n=Sum("amount"))["n"] or 0
            if held < needs:
                yield "capacity undersold: a stack holds less than it needs"
