"""Lists and single objects: filters, tags, waiting, strangers, and a constant number of queries."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from elaastic.models import Request, Subscription
from tenants.models import LocalAuthority
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.region import workers_bring_everything_up
from tests.personas import details


def many(flow: Flow, count: int, first: int = 100) -> None:
    """Towns that asked, without the eight seconds that asking a hundred times would take."""
    from dataclasses import asdict

    by = flow.world["owner"].user
    bodies = [
        LocalAuthority(**asdict(details(first + n)), state="verified", registered_by=by) for n in range(count)
    ]
    rows = [
        Subscription(authority=body, level=1, terms=TERMS, external_ref=f"bulk-{n}")
        for n, body in enumerate(LocalAuthority.objects.bulk_create(bodies), first)
    ]
    asked = Subscription.objects.bulk_create(rows)
    Request.objects.bulk_create(Request(subscription=s, level=1, terms=TERMS, requested_by=by) for s in asked)


@pytest.mark.parametrize("path", ["/subscriptions/", "/requests/", "/subscriptions/?state=active", "/stacks/"])
def test_a_list_costs_the_same_queries_at_10_and_at_100_rows(
    flow: Flow, queries: Callable[[Callable[[], Any]], int], path: str
) -> None:
    client = flow.world["auditor"].client()
    costs = []
    for count, first in ((10, 100), (90, 200)):
        many(flow, count, first)
        from provisioning.models import Stack

        keys = Subscription.objects.values_list("stack_key", flat=True)
        Stack.objects.bulk_create([Stack(key=k) for k in keys], ignore_conflicts=True)
        client.get(f"/rest/elaastic/v1{path}")
        costs.append(queries(lambda: client.get(f"/rest/elaastic/v1{path}", {"limit": 200})))
    assert costs[0] == costs[1]
    assert costs[0] <= 14


def test_words_cost_the_same_queries_at_10_and_at_1000(
    flow: Flow, queries: Callable[[Callable[[], Any]], int]
) -> None:
    from django.utils import timezone

    from elaastic.models import Message

    asked = flow.asked()
    request = Request.objects.get(public_id=asked["request"])
    author, path = flow.world["owner"].user, f"/rest/elaastic/v1/subscriptions/{asked['id']}/messages/"
    client, costs = flow.world["viewer"].client(), []
    for count in (10, 990):
        Message.objects.bulk_create(
            Message(
                subscription=request.subscription, request=request, author=author, from_region=False,
                text=f"Parola {n}", created_at=timezone.now(),
            )
            for n in range(count)
        )  # fmt: skip
        costs.append(queries(lambda: client.get(path, {"limit": 200})))
    assert costs[0] == costs[1]
    page = client.get(path, {"limit": 200}).json()
    assert (len(page["items"]), page["items"][0]["text"]) == (200, "Parola 0")
    assert client.get(page["next"]).json()["items"][0]["text"] == "Parola 190"


def test_subscriptions_are_filtered_by_whose_they_are_and_how_they_stand(flow: Flow) -> None:
    mine, theirs = flow.active(), flow.asked("stranger")
    home = flow.world.home

    def found(**query: str) -> list[str]:
        return [item["id"] for item in flow.get("operator", "/subscriptions/", **query).json()["items"]]

    assert found() == [theirs["id"], mine["id"]]
    assert found(authority=str(home.public_id)) == [mine["id"]]
    assert found(ipa_code=home.ipa_code) == [mine["id"]]
    assert found(external_ref="prot. 12", sort="created_at") == [mine["id"], theirs["id"]]
    assert found(state="active") == [mine["id"]]
    assert found(state="requested") == [theirs["id"]]
    assert flow.get("operator", "/subscriptions/", state="asleep").status_code == 400
    assert flow.get("operator", "/subscriptions/", authority="no-uuid").status_code == 400
    assert flow.get("operator", "/subscriptions/", colour="red").status_code == 400


def test_every_state_that_is_shown_is_found_by_its_filter(flow: Flow) -> None:
    def agree(state: str) -> None:
        shown = flow.get("owner", "/subscriptions/").json()["items"]
        assert [item["state"] for item in shown] == [state]
        assert flow.get("owner", "/subscriptions/", state=state).json()["items"] == shown

    asked = flow.asked()
    agree("requested")
    flow.approve(asked["request"])
    agree("approved")
    workers_bring_everything_up()
    agree("active")
    from provisioning.models import Stack

    Stack.objects.update(state="progressing")
    agree("changing")
    Subscription.objects.update(activated_at=None)
    agree("provisioning")
    from django.utils import timezone

    for column, state in (
        ("suspended_at", "suspended"),
        ("leave_requested_at", "leaving"),
        ("ended_at", "ended"),
        ("closed_at", "rejected"),
    ):
        Subscription.objects.update(**{column: timezone.now()})
        agree(state)


def test_requests_are_filtered_by_their_state(flow: Flow) -> None:
    asked = flow.asked()
    flow.ask("stranger")
    waiting = flow.get("approver", "/requests/", state="awaiting_decision").json()["items"]
    assert [item["id"] for item in waiting] == [asked["request"]]
    assert waiting[0]["next_action"]["who"] == "region"
    assert len(flow.get("approver", "/requests/", state="planning").json()["items"]) == 1
    assert flow.get("approver", "/requests/", state="nonsense").status_code == 400


def test_a_strangers_object_is_exactly_as_absent_as_no_object(flow: Flow) -> None:
    asked = flow.asked()
    nobodys = "00000000-0000-4000-8000-000000000000"
    for kind, object_id, tails in (
        ("subscriptions", asked["id"], ("", "resources/", "events/", "credentials/", "client-config/?tool=rclone")),
        ("requests", asked["request"], ("", "plan/")),
    ):
        for tail in tails:
            foreign = flow.get("stranger", f"/{kind}/{object_id}/{tail}")
            absent = flow.get("stranger", f"/{kind}/{nobodys}/{tail}")
            assert foreign.status_code == absent.status_code == 404, tail
            told = foreign.content.decode().replace(object_id, nobodys)
            assert told == absent.content.decode()
            assert set(foreign.headers) == set(absent.headers)
    for act in ("approve", "reject", "withdraw"):
        assert flow.post("stranger", f"/requests/{asked['request']}/{act}/").status_code == 404
    assert flow.get("stranger", "/subscriptions/").json() == {"items": []}
    assert flow.get("stranger", "/requests/", q=flow.world.home.name).json() == {"items": []}


def test_an_ask_in_a_foreign_name_is_refused_like_one_for_nobody(flow: Flow) -> None:
    foreign = flow.ask("owner", authority=str(flow.world.other.public_id))
    absent = flow.ask("owner", authority="00000000-0000-4000-8000-000000000000")
    assert foreign.status_code == absent.status_code == 400
    assert foreign.content == absent.content
    assert flow.ask("viewer").status_code == 403


def test_a_tag_changes_when_what_is_shown_changes_and_not_before(flow: Flow) -> None:
    asked = flow.ask().json()
    path = f"/rest/elaastic/v1/subscriptions/{asked['id']}/"
    client = flow.world["owner"].client()
    tag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    flow.post("owner", f"/requests/{asked['request']}/withdraw/")
    changed = client.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["state"]) == (200, "rejected")
    assert changed["ETag"] != tag


def test_waiting_returns_at_once_to_who_knows_an_older_state(flow: Flow) -> None:
    asked = flow.ask().json()
    client = flow.world["owner"].client()
    path = f"/rest/elaastic/v1/requests/{asked['request']}/"
    old = client.get(path)["ETag"]
    flow.post("owner", f"/requests/{asked['request']}/withdraw/")
    answer = client.get(path, {"wait": "30"}, headers={"If-None-Match": old})
    assert answer.json()["state"] == "withdrawn"
    assert client.get(path, {"wait": "31"}).status_code == 400


def test_waiting_ends_when_the_state_moves(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The world moves while the server pauses: the pause is where another process would have acted."""
    from elaastic.services.asking import withdraw_request
    from tenants.api import conditions

    asked = flow.ask().json()
    row = Request.objects.get(public_id=asked["request"])
    owner, moved = flow.world["owner"].actor, threading.Event()

    def somebody_acts(_seconds: float) -> None:
        if not moved.is_set():
            withdraw_request(request=row, by=owner)
            moved.set()

    monkeypatch.setattr(conditions.time, "sleep", somebody_acts)
    answer = flow.get("owner", f"/subscriptions/{asked['id']}/", wait="30")
    assert moved.is_set()
    assert answer.json()["state"] == "rejected"


def test_a_token_without_the_scope_is_refused(flow: Flow) -> None:
    for path in ("/subscriptions/", "/requests/", "/stacks/"):
        answer = flow.get("scoped_token", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_a_token_for_one_authority_sees_no_other(flow: Flow) -> None:
    flow.ask()
    theirs = flow.ask("stranger").json()
    narrowed = flow.world["onboarding"].with_token(authority=flow.world.home).client()
    seen = narrowed.get("/rest/elaastic/v1/subscriptions/").json()["items"]
    assert [item["authority"] for item in seen] == [str(flow.world.home.public_id)]
    assert narrowed.get(f"/rest/elaastic/v1/subscriptions/{theirs['id']}/").status_code == 404
    assert narrowed.get("/rest/elaastic/v1/stacks/").status_code == 403
