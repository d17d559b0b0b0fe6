"""States are derived: every combination of decisions and stack that can occur, and the state it must give."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from elaastic.models import (
    Decision,
    Request,
    RequestState,
    Subscription,
    SubscriptionState,
    request_state,
    subscription_state,
)
from provisioning.domain.conditions import Condition, State

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
DIGEST = "d" * 64
STACKS: list[Condition | None] = [None, *(Condition(state) for state in State), Condition(State.PENDING, "Waiting")]

# (decision, plan due, digest, applied) -> state
REQUESTS: list[tuple[str, bool, str, bool, RequestState]] = [
    (Decision.OPEN, True, "", False, RequestState.PLANNING),  # just asked, or nothing fits yet
    (Decision.OPEN, False, DIGEST, False, RequestState.AWAITING_DECISION),
    (Decision.OPEN, True, DIGEST, False, RequestState.PLANNING),  # the plan went stale: a new one is on its way
    (Decision.APPROVED, False, DIGEST, False, RequestState.APPROVED),
    (Decision.APPROVED, False, DIGEST, True, RequestState.APPLIED),
    (Decision.REJECTED, False, DIGEST, False, RequestState.REJECTED),
    (Decision.REJECTED, False, "", False, RequestState.REJECTED),  # before there was a plan
    (Decision.WITHDRAWN, False, DIGEST, False, RequestState.WITHDRAWN),
    (Decision.WITHDRAWN, False, "", False, RequestState.WITHDRAWN),
    (Decision.SUPERSEDED, False, DIGEST, False, RequestState.SUPERSEDED),
]


@pytest.mark.parametrize(("decision", "due", "digest", "applied", "state"), REQUESTS)
def test_a_request_is_in_the_state_that_its_decision_and_plan_give(
    decision: str, due: bool, digest: str, applied: bool, state: RequestState
) -> None:
    row = Request(
        decision=decision,
        plan_due=WHEN if due else None,
        plan_digest=digest,
        applied_at=WHEN if applied else None,
    )
    assert request_state(row) == state


def test_a_request_whose_plan_was_neither_made_nor_is_due_is_not_shown_as_decidable() -> None:
    assert request_state(Request()) == RequestState.PLANNING


COLUMNS = ("approved_at", "activated_at", "suspended_at", "leave_requested_at", "ended_at", "closed_at")


def subscription(*columns: str) -> Subscription:
    return Subscription(**dict.fromkeys(columns, WHEN))


def expected(columns: tuple[str, ...], stack: Condition | None) -> SubscriptionState:
    """The rule in other words: the last thing that people decided, then what the workers have reached."""
    for column, state in (
        ("closed_at", SubscriptionState.REJECTED),
        ("ended_at", SubscriptionState.ENDED),
        ("leave_requested_at", SubscriptionState.LEAVING),
        ("suspended_at", SubscriptionState.SUSPENDED),
    ):
        if column in columns:
            return state
    if "approved_at" not in columns:
        return SubscriptionState.REQUESTED
    at_work = stack is not None and stack.state in ("pending", "progressing")
    if "activated_at" in columns:
        return SubscriptionState.CHANGING if at_work else SubscriptionState.ACTIVE
    untouched = stack is None or stack == Condition(State.PENDING)
    return SubscriptionState.APPROVED if untouched else SubscriptionState.PROVISIONING


# What can occur: nothing is activated, suspended, leaving or ended that was not approved, nothing closed that was.
OCCURS = [
    (),
    ("closed_at",),
    *(
        ("approved_at", *(name for name, there in zip(COLUMNS[1:5], chosen, strict=True) if there))
        for chosen in product((False, True), repeat=4)
    ),
]


@pytest.mark.parametrize("columns", OCCURS, ids=lambda columns: "+".join(columns) or "asked")
def test_a_subscription_is_in_the_state_that_people_and_workers_give(columns: tuple[str, ...]) -> None:
    for stack in STACKS:
        assert subscription_state(subscription(*columns), stack) == expected(columns, stack), stack


TOLD: list[tuple[tuple[str, ...], Condition | None, str]] = [
    ((), None, "requested"),
    (("approved_at",), None, "approved"),
    (("approved_at",), Condition(State.PENDING), "approved"),
    (("approved_at",), Condition(State.PENDING, "Waiting"), "provisioning"),
    (("approved_at",), Condition(State.BLOCKED, "NameTaken"), "provisioning"),
    (("approved_at",), Condition(State.READY), "provisioning"),  # until the activation is noticed
    (("approved_at", "activated_at"), Condition(State.READY), "active"),
    (("approved_at", "activated_at"), Condition(State.DRIFTED, "Vanished"), "active"),  # the light says the rest
    (("approved_at", "activated_at"), Condition(State.PROGRESSING, "Updating"), "changing"),
    (("approved_at", "activated_at", "suspended_at"), Condition(State.READY), "suspended"),
    (("approved_at", "activated_at", "suspended_at", "leave_requested_at"), Condition(State.READY), "leaving"),
    (("approved_at", "activated_at", "ended_at"), Condition(State.RETAINED), "ended"),
    (("closed_at",), None, "rejected"),
]


@pytest.mark.parametrize(("columns", "stack", "state"), TOLD)
def test_the_states_that_people_meet(columns: tuple[str, ...], stack: Condition | None, state: str) -> None:
    assert subscription_state(subscription(*columns), stack) == state


def test_every_state_has_a_way_to_be_reached() -> None:
    reached = {subscription_state(subscription(*c), stack) for c in OCCURS for stack in STACKS}
    assert reached == set(SubscriptionState)
    # More information is asked for in a later step of the portal.
    asked = {state for *_, state in REQUESTS}
    assert asked == set(RequestState) - {RequestState.MORE_INFORMATION}


def test_a_stack_key_tells_nobody_whose_it_is_and_fits_every_platform() -> None:
    keys: set[Any] = {Subscription().stack_key for _ in range(200)}
    assert len(keys) == 200
    assert all(len(key) == 12 and key.isalnum() and key.islower() and key[0].isalpha() for key in keys)
