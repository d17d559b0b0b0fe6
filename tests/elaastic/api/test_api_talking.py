"""Question, answer, counter-proposal and many decisions at once, over the API."""

from typing import Any

import pytest

from elaastic.models import Message, Request
from provisioning.models import CapacityRow
from tenants.models import AuditEvent
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.region import workers_make_plans
from tests.personas import API


def request_of(flow: Flow, asked: dict[str, Any], who: str = "owner") -> dict[str, Any]:
    return dict(flow.get(who, f"/requests/{asked['request']}/").json())


def test_a_question_and_its_answer_are_a_state_and_a_thread(flow: Flow) -> None:
    asked = flow.asked()
    where = f"/requests/{asked['request']}"
    found = flow.post("approver", f"{where}/ask/", {"text": "Perché 100?"})
    assert found.status_code == 200
    assert found.json()["state"] == "more_information"
    assert found.json()["next_action"]["who"] == "authority"
    assert flow.get("owner", "/requests/", state="more_information").json()["items"][0]["id"] == asked["request"]
    assert flow.get("owner", "/requests/", state="awaiting_decision").json()["items"] == []
    assert flow.post("owner", f"{where}/answer/", {"text": "Foto."}).json()["state"] == "awaiting_decision"
    assert flow.post("owner", f"{where}/answer/", {"text": "Foto."}).json()["code"] == "nothing_asked"
    thread = flow.get("viewer", f"/subscriptions/{asked['id']}/messages/").json()["items"]
    assert [(m["from_region"], m["text"], m["request"]) for m in thread] == [
        (True, "Perché 100?", asked["request"]),
        (False, "Foto.", asked["request"]),
    ]
    assert flow.get("owner", f"/subscriptions/{asked['id']}/messages/", request=asked["request"]).json()["items"]


def test_foreign_words_are_as_absent_as_the_subscription(flow: Flow) -> None:
    asked = flow.asked()
    flow.post("approver", f"/requests/{asked['request']}/ask/", {"text": "canarino"})
    for path in (f"/subscriptions/{asked['id']}/messages/",):
        assert flow.get("stranger", path).status_code == 404
    for act, body in (
        ("ask", {"text": "x"}),
        ("answer", {"text": "x"}),
        ("counter", {"terms": TERMS, "note": "x"}),
        ("accept", {"counter_digest": "x"}),
    ):
        assert flow.post("stranger", f"/requests/{asked['request']}/{act}/", body).status_code == 404
    for path in ("/requests/", "/requests/?q=canarino", "/subscriptions/?q=canarino"):
        assert "canarino" not in flow.get("stranger", path).content.decode().replace("q=canarino", "")


def test_a_counter_proposal_is_accepted_with_one_post(flow: Flow) -> None:
    asked = flow.asked(quota_gib=500)
    where = f"/requests/{asked['request']}"
    body = {"terms": {**TERMS, "quota_gib": 200}, "note": "Metà dello spazio."}
    found = flow.post("approver", f"{where}/counter/", body).json()
    assert found["counter"]["terms"]["quota_gib"] == 200
    assert found["next_action"]["code"] == "answer_counter"
    assert found["terms"]["quota_gib"] == 500
    wrong = flow.post("owner", f"{where}/accept/", {"counter_digest": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "counter_changed")
    done = flow.post("owner", f"{where}/accept/", {"counter_digest": found["counter"]["digest"]}).json()
    assert (done["state"], done["terms"]["quota_gib"], done["counter"]) == ("planning", 200, None)
    workers_make_plans()
    assert flow.approve(asked["request"]).status_code == 202


@pytest.mark.parametrize("member", ["state", "decided_by", "question_at", "counter", "accepted_by", "plan_digest"])
def test_no_other_member_is_written(flow: Flow, member: str) -> None:
    asked = flow.asked()
    before = list(Request.objects.values())
    for act, body in (
        ("ask", {"text": "x"}),
        ("counter", {"terms": {**TERMS, "quota_gib": 5}, "note": "x"}),
        ("accept", {"counter_digest": "x"}),
        ("answer", {"text": "x"}),
    ):
        who = "approver" if act in ("ask", "counter") else "owner"
        refused = flow.post(who, f"/requests/{asked['request']}/{act}/", {**body, member: "x"})
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {member})
    row = {"request": asked["request"], "decision": "rejected", "note": "No."}
    if member != "plan_digest":
        refused = flow.post("approver", "/requests/decisions/", [{**row, member: "x"}])  # type: ignore[arg-type]
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {f"0.{member}"})
    assert list(Request.objects.values()) == before


def many(flow: Flow, rows: list[dict[str, Any]], who: str = "approver", **headers: str) -> Any:
    return flow.post(who, "/requests/decisions/", rows, **headers)  # type: ignore[arg-type]


def yes(flow: Flow, asked: dict[str, Any]) -> dict[str, Any]:
    digest = flow.get("approver", f"/requests/{asked['request']}/plan/").json()["digest"]
    return {"request": asked["request"], "decision": "approved", "plan_digest": digest}


def test_many_are_decided_at_once_with_a_result_each(flow: Flow) -> None:
    first, second = flow.asked(), flow.asked("stranger")
    rows = [yes(flow, first), {**yes(flow, second), "plan_digest": "0" * 64}]
    answer = many(flow, rows)
    assert answer.status_code == 200, answer.json()
    done, refused = answer.json()["items"]
    assert (done["request"], done["state"]) == (first["request"], "approved")
    assert (done["done"], done["refusal"]) == (True, None)
    assert (refused["done"], refused["refusal"]["code"]) == (False, "plan_stale")
    no = {"request": second["request"], "decision": "rejected"}
    assert many(flow, [no]).json()["items"][0]["refusal"]["errors"] == {
        "note": ["Scrivi il motivo: l'ente lo legge."]
    }
    assert many(flow, [{**no, "note": "No."}]).json()["items"][0]["state"] == "rejected"
    assert AuditEvent.objects.filter(action="request.approved").count() == 1


def test_what_does_not_fit_refuses_itself_and_stops_no_other(flow: Flow) -> None:
    first, second = flow.asked(), flow.asked("stranger")
    rows = [yes(flow, first), yes(flow, second)]
    CapacityRow.objects.filter(site="pesaro").update(total=150)
    items = many(flow, rows).json()["items"]
    assert [i["done"] for i in items] == [True, False]
    assert items[1]["refusal"]["code"] == "capacity_exhausted"
    assert CapacityRow.objects.get(site="pesaro").used == 100


def test_the_same_call_again_changes_nothing_and_says_the_same(flow: Flow) -> None:
    rows = [yes(flow, flow.asked()), {**yes(flow, flow.asked("stranger")), "note": "Bene."}]
    first = many(flow, rows, **{"Idempotency-Key": "k-1"})
    again = many(flow, rows, **{"Idempotency-Key": "k-1"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert many(flow, rows[:1], **{"Idempotency-Key": "k-1"}).status_code == 422
    assert many(flow, rows).json() == first.json(), "without a key, too"
    assert AuditEvent.objects.filter(action="request.approved").count() == 2


def test_a_call_that_died_is_taken_up_again_under_its_key(flow: Flow) -> None:
    from datetime import timedelta

    from django.db.models import F

    from tenants.models import IdempotencyRecord

    rows = [yes(flow, flow.asked())]
    many(flow, rows, **{"Idempotency-Key": "k-2"})
    IdempotencyRecord.objects.filter(key="k-2").update(status=0, body="")
    running = many(flow, rows, **{"Idempotency-Key": "k-2"})
    assert (running.status_code, running.json()["code"]) == (409, "idempotency_running")
    IdempotencyRecord.objects.filter(key="k-2").update(created_at=F("created_at") - timedelta(minutes=11))
    assert many(flow, rows, **{"Idempotency-Key": "k-2"}).json()["items"][0]["done"]


def test_a_list_that_makes_no_sense_is_refused_whole(flow: Flow) -> None:
    row = yes(flow, flow.asked())
    for body, named in (
        ({}, None),
        ([row] * 201, None),
        ([row, row], {"1.request"}),
        ([row, {"request": row["request"], "decision": "perhaps"}], {"1.decision"}),
        ([{**row, "request": "12345678-1234-4234-8234-123456789012"}], {"0.request"}),
        ([row, 7], {"1"}),
    ):
        refused = many(flow, body)  # type: ignore[arg-type]
        assert refused.status_code == 400, body
        assert named is None or set(refused.json()["errors"]) == named
    assert not Request.objects.exclude(decision="").exists()
    assert many(flow, [row], who="operator").status_code == 403
    none = flow.world["approver"].client().post(f"{API}/requests/decisions/", [], format="json")
    assert none.json() == {"items": []}
    assert not Message.objects.exists()
