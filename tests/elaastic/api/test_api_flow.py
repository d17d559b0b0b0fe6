"""The flow as a client plays it: ask, read the plan, decide, follow."""

from typing import Any

from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.region import SITES, workers_bring_everything_up, workers_make_plans
from tests.personas import API


def test_an_ask_is_accepted_and_says_where_to_follow_it(flow: Flow) -> None:
    answer = flow.ask()
    body = answer.json()
    assert answer.status_code == 202
    assert body["state"] == "requested"
    assert answer["Location"].endswith(f"{API}/subscriptions/{body['id']}/")
    assert flow.get("owner", f"/requests/{body['request']}/").json()["state"] == "planning"
    assert body["terms"] == {**TERMS, "protocols": ["s3"], "immutability": "none"}
    assert body["external_ref"] == "prot. 12"


def test_the_same_ask_under_one_key_has_one_effect(flow: Flow) -> None:
    body = {"authority": str(flow.world.home.public_id), "level": 1, "terms": TERMS}
    key = {"Idempotency-Key": "ask-1"}
    first = flow.post("onboarding", "/subscriptions/", body, **key)
    again = flow.post("onboarding", "/subscriptions/", body, **key)
    assert first.status_code == again.status_code == 202
    assert again["Idempotency-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert again.json() == first.json()
    assert len(flow.get("operator", "/subscriptions/").json()["items"]) == 1


def test_a_second_subscription_is_refused_with_the_first_one_named(flow: Flow) -> None:
    first = flow.ask().json()
    second = flow.ask()
    assert second.status_code == 409
    assert second.json()["code"] == "subscription_exists"
    assert second.json()["subscription"] == first["id"]


def test_the_town_and_the_region_read_the_same_plan(flow: Flow) -> None:
    asked = flow.asked()
    plan = flow.get("owner", f"/requests/{asked['request']}/plan/").json()
    assert plan == flow.get("approver", f"/requests/{asked['request']}/plan/").json()
    assert {(c["action"], c["name"]) for c in plan["changes"]} >= {
        ("create", "writer"),
        ("create", "archive-backup"),
    }
    assert [(e["site"], e["amount"], e["used_after"], e["fits"]) for e in plan["capacity"]] == [
        (site, 100, 100, True) for site in SITES
    ]
    assert len(plan["digest"]) == 64


def test_a_plan_that_is_not_made_yet_is_said_to_be_on_its_way(flow: Flow) -> None:
    answer = flow.get("owner", f"/requests/{flow.ask().json()['request']}/plan/")
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_not_ready")


def test_an_approval_starts_the_work_and_ends_in_an_active_subscription(flow: Flow) -> None:
    asked = flow.asked()
    answer = flow.approve(asked["request"])
    assert answer.status_code == 202
    assert answer["Location"].endswith(f"{API}/requests/{asked['request']}/")
    assert answer.json()["state"] == "approved"
    assert flow.get("owner", f"/subscriptions/{asked['id']}/").json()["state"] == "approved"
    workers_bring_everything_up()
    seen = flow.get("owner", f"/subscriptions/{asked['id']}/").json()
    assert seen["state"] == "active"
    assert seen["request"] is None
    assert seen["verified_at"] is None
    assert [(c["type"], c["state"]) for c in seen["conditions"]] == [("stack", "ready")]
    assert flow.get("owner", f"/requests/{asked['request']}/").json()["state"] == "applied"


def test_an_approved_plan_counts_its_own_reservation_once(flow: Flow) -> None:
    asked = flow.active()
    request = flow.get("owner", "/requests/", subscription=asked["id"]).json()["items"][0]
    plan = flow.get("owner", f"/requests/{request['id']}/plan/").json()
    assert {(e["used"], e["amount"], e["used_after"]) for e in plan["capacity"]} == {(100, 0, 100)}


def test_who_asked_cannot_approve(flow: Flow) -> None:
    home = str(flow.world.home.public_id)
    asked = flow.post("onboarding", "/subscriptions/", {"authority": home, "level": 1, "terms": TERMS}).json()
    workers_make_plans()
    digest = flow.get("approver", f"/requests/{asked['request']}/plan/").json()["digest"]
    body = {"plan_digest": digest}
    assert flow.post("owner", f"/requests/{asked['request']}/approve/", body).json()["code"] == "forbidden"
    _make_approver(flow, "onboarding")
    refused = flow.post("onboarding", f"/requests/{asked['request']}/approve/", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_request")


def test_a_plan_that_nobody_was_shown_is_not_approved(flow: Flow) -> None:
    asked = flow.asked()
    refused = flow.post("approver", f"/requests/{asked['request']}/approve/", {"plan_digest": "0" * 64})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_stale")
    assert flow.get("owner", f"/requests/{asked['request']}/").json()["state"] == "awaiting_decision"


def test_a_plan_overtaken_by_the_world_is_made_again_even_under_an_idempotency_key(flow: Flow) -> None:
    asked = flow.asked()
    path = f"/requests/{asked['request']}"
    digest = flow.get("approver", f"{path}/plan/").json()["digest"]
    _let_the_plan_grow_old()
    refused = flow.post("approver", f"{path}/approve/", {"plan_digest": digest}, **{"Idempotency-Key": "yes"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_stale")
    assert flow.get("owner", f"{path}/").json()["state"] == "planning"
    workers_make_plans()
    assert flow.approve(asked["request"]).status_code == 202


def test_what_no_longer_fits_is_refused_and_nothing_is_reserved(flow: Flow) -> None:
    mine = flow.asked(quota_gib=6000)
    theirs = flow.asked("stranger", quota_gib=6000)
    assert flow.approve(theirs["request"]).status_code == 202
    plan = flow.get("owner", f"/requests/{mine['request']}/plan/").json()
    assert {e["fits"] for e in plan["capacity"]} == {False}
    refused = flow.approve(mine["request"])
    assert (refused.status_code, refused.json()["code"]) == (409, "capacity_exhausted")
    assert {e["used"] for e in flow.get("approver", "/capacity/").json()["items"]} == {6000}


def test_a_rejection_needs_a_reason_and_the_town_reads_it(flow: Flow) -> None:
    asked = flow.asked()
    path = f"/requests/{asked['request']}"
    assert flow.post("approver", f"{path}/reject/").json()["errors"].keys() == {"note"}
    assert flow.post("approver", f"{path}/reject/", {"note": "Too large."}).status_code == 200
    seen = flow.get("owner", f"{path}/").json()
    assert (seen["state"], seen["note"]) == ("rejected", "Too large.")
    assert flow.get("owner", f"/subscriptions/{asked['id']}/").json()["state"] == "rejected"


def test_a_withdrawn_request_makes_room_for_another(flow: Flow) -> None:
    asked = flow.asked()
    assert flow.post("viewer", f"/requests/{asked['request']}/withdraw/").status_code == 403
    answer = flow.post("owner", f"/requests/{asked['request']}/withdraw/")
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert flow.post("owner", f"/requests/{asked['request']}/withdraw/").json()["code"] == "request_decided"
    assert flow.ask().status_code == 202


def test_terms_are_refused_field_by_field(flow: Flow) -> None:
    answer = flow.ask(terms={**TERMS, "quota_gib": 0, "copies": 7, "colour": "red"})
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() >= {"terms.quota_gib", "terms.copies"}
    assert flow.get("owner", "/subscriptions/").json()["items"] == []


def test_levels_that_are_only_announced_cannot_be_asked_for(flow: Flow) -> None:
    assert flow.ask(level=2).json()["code"] == "level_unavailable"
    assert "level" in flow.ask(level=9).json()["errors"]


def test_nothing_is_asked_for_an_authority_that_nobody_verified(flow: Flow) -> None:
    answer = flow.post(
        "onboarding",
        "/subscriptions/",
        {"authority": str(flow.world.pending.public_id), "level": 1, "terms": TERMS},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "authority_not_verified")


def _make_approver(flow: Flow, name: str) -> None:
    from tenants.services.people import grant_region_role

    grant_region_role(user=flow.world[name].user, role="approver", by=flow.world["administrator"].actor)


def _let_the_plan_grow_old() -> None:
    from datetime import timedelta

    from provisioning.models import Plan

    plan: Any = Plan.objects.get()
    Plan.objects.filter(pk=plan.pk).update(created_at=plan.created_at - timedelta(hours=25))
