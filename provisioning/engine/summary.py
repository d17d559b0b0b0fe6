"""A stack's condition is its worst resource's, in the order below; one pure function."""

from collections.abc import Iterable
from typing import Final

from provisioning.domain.conditions import Condition, State
from provisioning.models import Resource

# What hurts most first; a stack is ready only when every resource is.
_WORST_FIRST: Final = (
    State.FAILED,
    State.BLOCKED,
    State.DRIFTED,
    State.PROGRESSING,
    State.PENDING,
    State.READY,
    State.RETAINED,
    State.GONE,
)


def summarise(rows: Iterable[Resource]) -> Condition:
    """The condition of the whole; an empty stack is pending, one whose rows are all gone is gone."""
    live = [r for r in rows if not r.orphan]
    for state in _WORST_FIRST:
        row = next((r for r in live if r.state == state), None)
        if row is not None:
            return Condition(state, row.reason, f"{row.name}: {row.message}" if row.message else "")
    return Condition(State.PENDING)
