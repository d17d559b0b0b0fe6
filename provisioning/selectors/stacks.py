"""Stacks as the rest of the portal sees them: frozen, without secrets, at a constant number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, Count, QuerySet, When, Window

from provisioning.domain.conditions import Condition, State
from provisioning.domain.manifest import Placement
from provisioning.models import Event, Plan, Resource, Stack


@dataclass(frozen=True)
class Left:
    """Of what is removed in pieces, when last counted: objects, earlier versions and deletion marks too; bytes."""

    objects: int
    bytes: int
    at: datetime


@dataclass(frozen=True)
class ResourceView:
    """One resource: what it is, how it stands, what others may know of it."""

    name: str
    kind: str
    platform: str
    external_id: str
    condition: Condition
    wish: str
    outputs: Mapping[str, Any]
    seen: Mapping[str, Any]
    revealed_at: datetime | None
    next_look: datetime | None
    orphan: bool
    left: Left | None


@dataclass(frozen=True)
class StackView:
    """One stack's summary."""

    key: str
    generation: int
    condition: Condition
    placement: Placement
    next_look: datetime | None


@dataclass(frozen=True)
class EventView:
    """One line of the timeline; `id` grows."""

    id: int
    at: datetime
    resource: str
    reason: str
    message: str


@dataclass(frozen=True)
class PlanView:
    """A plan as shown before a decision."""

    id: int
    stack_key: str
    digest: str
    state: str
    changes: list[dict[str, Any]]
    needs: list[dict[str, Any]]
    placement: Placement
    unseen: list[str]
    created_at: datetime


def stack_view(row: Stack) -> StackView:
    """A row as those above see it."""
    said = Condition(State(row.state), row.reason, row.message)
    return StackView(row.key, row.generation, said, Placement.parse(row.placement), row.next_look)


def stacks(keys: Iterable[str]) -> dict[str, StackView]:
    """Summaries by key, in one query."""
    columns = ("key", "generation", "state", "reason", "message", "placement", "next_look")
    rows = Stack.objects.filter(key__in=list(keys)).order_by().values_list(*columns)
    return {
        key: StackView(key, generation, Condition(State(state), *said), Placement.parse(placement), next_look)
        for key, generation, state, *said, placement, next_look in rows
    }


def stacks_in(states: Iterable[str] = ()) -> QuerySet[Stack]:
    """Rows to count, to narrow or to page through, in no order: every stack, or those in these states."""
    chosen = list(states)
    return Stack.objects.filter(state__in=chosen) if chosen else Stack.objects.all()


def most_urgent(states: Iterable[str] = (), *, limit: int) -> tuple[list[StackView], int]:
    """At most `limit` stacks, those that wait for a person first; and how many there are. One query."""
    order = (State.FAILED, State.BLOCKED, State.DRIFTED, State.PROGRESSING, State.PENDING)
    whens = [When(state=state, then=place) for place, state in enumerate(order)]
    rows = stacks_in(states).annotate(total=Window(Count("pk"))).order_by(Case(*whens, default=len(order)), "pk")
    found = list(rows[:limit])
    return [stack_view(row) for row in found], found[0].total if found else 0


def resources(key: str) -> list[ResourceView]:
    """What the stack consists of, in the order of its manifest; what is gone is left out."""
    rows = Resource.objects.filter(stack__key=key).exclude(state=State.GONE).values_list(*_COLUMNS)
    return [
        ResourceView(
            name, kind, platform, external_id, Condition(State(state), reason, message), wish, outputs, seen,
            revealed_at, next_look, orphan, _left(wish, *left),
        )
        for (
            name, kind, platform, external_id, state, reason, message, wish, outputs, seen, revealed_at, next_look,
            orphan, *left,
        ) in rows
    ]  # fmt: skip


def _left(wish: str, objects: int | None, size: int | None, at: datetime | None) -> Left | None:
    """None unless something is on its way out and a worker has counted."""
    if wish != Resource.Wish.ABSENT or objects is None or size is None or at is None:
        return None
    return Left(objects, size, at)


_COLUMNS: Final = (
    *("name", "kind", "platform", "external_id", "state", "reason", "message"),
    *("wish", "outputs", "seen", "revealed_at", "next_look", "orphan"),
    *("left_objects", "left_bytes", "left_at"),
)


def events(key: str, after: int = 0, limit: int = 200) -> list[EventView]:
    """The timeline from the oldest, after an id."""
    rows = Event.objects.filter(stack__key=key, pk__gt=after)[:limit]
    return [EventView(e.pk, e.at, e.resource, e.reason, e.message) for e in rows]


def plan(id: int) -> PlanView | None:
    """A plan, or None."""
    return plans([id]).get(id)


def plans(ids: Iterable[int]) -> dict[int, PlanView]:
    """Several, by id, in one query."""
    rows = Plan.objects.select_related("stack").filter(pk__in=list(ids))
    return {row.pk: _plan_view(row) for row in rows}


def _plan_view(row: Plan) -> PlanView:
    return PlanView(
        id=row.pk,
        stack_key=row.stack.key,
        digest=row.digest,
        state=row.state,
        changes=row.changes,
        needs=row.manifest.get("needs", []),
        placement=Placement.parse(row.placement),
        unseen=row.unseen,
        created_at=row.created_at,
    )
