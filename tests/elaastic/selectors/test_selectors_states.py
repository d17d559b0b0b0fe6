"""The query for a state gives exactly the rows whose state it is."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elaastic.models import Decision, Request, RequestState, Subscription, request_state
from elaastic.selectors.subscriptions import (
    overviews,
    requests_in_state,
    requests_readable_by,
    subscriptions_readable_by,
)
from tests.personas import World

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
times = st.sampled_from([None, WHEN])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "decision": st.sampled_from([decision.value for decision in Decision]),
            "plan_due": times,
            "question_at": times,
            "plan_digest": st.sampled_from(["", "d" * 64]),
            "applied_at": times,
            "planning_problem": st.sampled_from(["", "NoRoom"]),
            "alone": st.booleans(),
        }
    ),
    max_size=8,
)


@given(found=rows)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_the_query_for_a_state_gives_the_rows_of_that_state_and_no_other(
    world: World, found: list[dict[str, Any]]
) -> None:
    Request.objects.all().delete()
    Subscription.objects.all().delete()
    approver = world["approver"].user
    for columns in found:
        subscription = Subscription.objects.create(authority=world.home, level=1, closed_at=WHEN)
        decided = approver if columns["decision"] else None
        people = {"decided_by": decided, "preapproved_by": approver if columns.pop("alone") else None}
        Request.objects.create(subscription=subscription, level=1, terms={}, **people, **columns)
    by_state = {state: set(requests_in_state(Request.objects.all(), state)) for state in RequestState}
    shown = {state: {r for r in Request.objects.all() if request_state(r) == state} for state in RequestState}
    assert by_state == shown
    assert sum(map(len, by_state.values())) == len(found)


def subscribe(authority: Any, count: int) -> None:
    for n in range(count):
        closed = WHEN if n else None
        made = Subscription.objects.create(authority=authority, level=1, closed_at=closed)
        Request.objects.create(subscription=made, level=1, terms={})


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("owner", {"home"}),
        ("viewer", {"home"}),
        ("stranger", {"other"}),
        ("nobody", set()),
        ("narrowed_token", {"home"}),
        ("operator", {"home", "other"}),
        ("approver", {"home", "other"}),
        ("auditor", {"home", "other"}),
    ],
)
def test_everybody_sees_the_own_ones_and_the_region_all(world: World, who: str, sees: set[str]) -> None:
    subscribe(world.home, 2)
    subscribe(world.other, 1)
    actor, names = world[who].actor, {world.home.pk: "home", world.other.pk: "other"}
    assert {names[s.authority_id] for s in subscriptions_readable_by(actor)} == sees
    assert {names[r.subscription.authority_id] for r in requests_readable_by(actor)} == sees


def test_summaries_cost_the_same_for_one_and_for_thirty(world: World) -> None:
    costs = []
    for count in (1, 29):
        subscribe([world.home, world.other][len(costs)], count)
        with CaptureQueriesContext(connection) as seen:
            shown = overviews(Subscription.objects.select_related("authority"))
        costs.append(len(seen.captured_queries))
        assert all(one.open_request is not None and one.condition.state == "pending" for one in shown)
    assert costs == [4, 4]
