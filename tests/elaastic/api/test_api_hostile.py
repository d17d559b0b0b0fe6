"""What nobody sends in earnest: each gets a sentence, none an error of ours, and nothing is stored."""

import json
from typing import Any

import pytest

from elaastic.models import Subscription
from tests.elaastic.flow import TERMS, Flow
from tests.personas import API

HUGE = 10**400
NAMES = ["../../etc", "a;rm -rf /", "$(id)", "a\x00b", "\u202egnp", "x" * 10_000, "-a-", "A", "", "\ud800", "è"]
TERM_FAULTS: list[dict[str, Any]] = [
    *({"archives": [{"name": name, "expected_interval_hours": 24}]} for name in NAMES),
    {"quota_gib": HUGE},
    {"quota_gib": -1},
    {"quota_gib": True},
    {"quota_gib": "100"},
    {"quota_gib": 1.5},
    {"quota_gib": None},
    {"archives": None},
    {"archives": 7},
    {"archives": {"name": "backup"}},
    {"protocols": None},
    {"archives": []},
    {"archives": [{"name": "backup", "expected_interval_hours": 24}] * 2},
    {"archives": ["backup"]},
    {"protocols": ["nfs"]},
    {"immutability": "forever"},
    {"colour": "red"},
    {"\ud800": 1},
    {"a\x00b": 1},
]


@pytest.mark.parametrize("fault", TERM_FAULTS, ids=lambda fault: json.dumps(fault)[:40])
def test_wrong_terms_are_refused_by_field(flow: Flow, fault: dict[str, Any]) -> None:
    answer = _send(flow, {"level": 1, "terms": {**TERMS, **fault}})
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"]
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"level": HUGE, "terms": TERMS},
        {"level": "one", "terms": TERMS},
        {"level": 1, "terms": []},
        {"level": 1, "terms": None},
        {"level": 1, "terms": TERMS, "external_ref": "x" * 101},
        {"level": 1, "terms": TERMS, "external_ref": "a\x00b"},
        {"level": 1, "terms": TERMS, "external_ref": "\ud800"},
        {"level": 1, "terms": TERMS, "state": "active"},
        {"level": 1, "terms": TERMS, "stack": "abc"},
        {"level": 1, "terms": TERMS, "authority": "nobody"},
        {"level": 1},
    ],
    ids=lambda body: json.dumps(body)[:50],
)
def test_a_wrong_ask_is_refused(flow: Flow, body: dict[str, Any]) -> None:
    answer = _send(flow, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Subscription.objects.exists()


def test_a_whole_number_with_a_point_is_that_number(flow: Flow) -> None:
    answer = _send(flow, {"level": 1, "terms": {**TERMS, "quota_gib": 5.0, "copies": 3.0}})
    assert answer.status_code == 202
    assert json.dumps(answer.json()["terms"]["quota_gib"]) == "5"


@pytest.mark.parametrize("cursor", ["x", "%00", "YWZ0ZXI6", "é", "a" * 5000, "YWZ0ZXI6bm9ib2R5"])
@pytest.mark.parametrize("path", ["/stacks/", "/capacity/", "/subscriptions/", "/requests/", "/levels/"])
def test_a_cursor_of_ones_own_making_is_refused(flow: Flow, path: str, cursor: str) -> None:
    answer = flow.get("operator", path, cursor=cursor)
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {"cursor"}


@pytest.mark.parametrize(
    "body", [{"resource": "a\x00b"}, {"resource": ["x"]}, {"colour": 1}, {"resource": "x" * 61}]
)
def test_a_wrong_retry_is_refused(flow: Flow, body: dict[str, Any]) -> None:
    key = flow.active()["stack"]
    assert flow.post("operator", f"/stacks/{key}/retry/", body).status_code == 400


@pytest.mark.parametrize("digest", ["", "\ud800", "a\x00b", "0" * 65, None, 7, ["x"]])
def test_a_wrong_digest_approves_nothing(flow: Flow, digest: Any) -> None:
    asked = flow.asked()
    client = flow.world["approver"].client()
    body = json.dumps({"plan_digest": digest})
    answer = client.generic(
        "POST", f"{API}/requests/{asked['request']}/approve/", body, content_type="application/json"
    )
    assert answer.status_code in (400, 409)
    assert flow.get("owner", f"/requests/{asked['request']}/").json()["state"] == "awaiting_decision"


def _send(flow: Flow, body: dict[str, Any]) -> Any:
    """As bytes: a client library would refuse to send some of these."""
    full = {"authority": str(flow.world.home.public_id), **body}
    client = flow.world["owner"].client()
    return client.generic("POST", f"{API}/subscriptions/", json.dumps(full), content_type="application/json")
