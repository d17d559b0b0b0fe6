"""Changing, pausing, leaving and new keys, as a client plays them."""

from typing import Any

import pytest

from elaastic.services import planning
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.personas import API


def patch(flow: Flow, who: str, id: str, body: dict[str, Any], **headers: str) -> Any:
    client = flow.world[who].client()
    return client.patch(f"{API}/subscriptions/{id}/", body, format="json", headers=headers)


def delete(flow: Flow, who: str, id: str, **headers: str) -> Any:
    return flow.world[who].client().delete(f"{API}/subscriptions/{id}/", headers=headers)


def read(flow: Flow, id: str) -> Any:
    return flow.get("owner", f"/subscriptions/{id}/").json()


def test_other_terms_are_a_request_that_is_followed_and_approved(flow: Flow) -> None:
    row = flow.active()
    answer = patch(flow, "owner", row["id"], {"terms": {**row["terms"], "quota_gib": 150}})
    asked = answer.json()
    assert (answer.status_code, asked["kind"], asked["state"]) == (202, "change", "planning")
    assert answer["Location"].endswith(f"{API}/requests/{asked['id']}/")
    assert read(flow, row["id"])["terms"]["quota_gib"] == 100
    workers_make_plans()
    assert flow.approve(asked["id"]).status_code == 202
    workers_bring_everything_up()
    assert read(flow, row["id"])["terms"]["quota_gib"] == 150
    assert read(flow, row["id"])["state"] == "active"


def test_the_terms_replace_all_of_them(flow: Flow) -> None:
    row = flow.active()
    answer = patch(flow, "owner", row["id"], {"terms": {"quota_gib": 150}})
    assert answer.status_code == 400
    assert {"terms"} <= set(answer.json()["errors"])


def test_what_was_promised_is_told_field_by_field(flow: Flow) -> None:
    row = flow.active(immutability="compliance")
    answer = patch(flow, "owner", row["id"], {"terms": {**row["terms"], "retention_days": 3, "copies": 2}})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"terms.retention_days", "terms.copies"}


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(flow: Flow) -> None:
    row = flow.active()
    tag = flow.get("owner", f"/subscriptions/{row['id']}/")["ETag"]
    assert delete(flow, "owner", row["id"], **{"If-Match": '"another.1"'}).status_code == 412
    body = {"terms": {**row["terms"], "quota_gib": 150}}
    assert patch(flow, "owner", row["id"], body, **{"If-Match": tag}).status_code == 202
    again = patch(flow, "owner", row["id"], body, **{"If-Match": tag})
    assert (again.status_code, again.json()["code"]) == (412, "stale_version")


def test_a_second_request_is_refused_with_the_open_one_named(flow: Flow) -> None:
    row = flow.active()
    first = patch(flow, "owner", row["id"], {"terms": {**row["terms"], "quota_gib": 150}}).json()
    second = delete(flow, "owner", row["id"])
    assert (second.status_code, second.json()["code"], second.json()["request"]) == (
        409,
        "request_open",
        first["id"],
    )


def test_the_same_terms_and_another_level_are_refused(flow: Flow) -> None:
    row = flow.active()
    same = patch(flow, "owner", row["id"], {"terms": row["terms"]})
    assert (same.status_code, same.json()["code"]) == (409, "nothing_changes")
    up = patch(flow, "owner", row["id"], {"level": 2, "terms": row["terms"]})
    assert (up.status_code, up.json()["code"]) == (409, "level_unavailable")


def test_an_end_keeps_what_was_copied_until_its_date(flow: Flow) -> None:
    row = flow.active()
    asked = delete(flow, "owner", row["id"]).json()
    assert asked["kind"] == "end"
    workers_make_plans()
    flow.approve(asked["id"])
    workers_bring_everything_up()
    seen = read(flow, row["id"])
    assert seen["state"] == "leaving"
    assert seen["kept_until"] > seen["leave_requested_at"]
    early = flow.post("owner", f"/subscriptions/{row['id']}/purge/")
    assert (early.status_code, early.json()["code"]) == (409, "still_kept")


def test_an_operator_suspends_and_resumes_without_a_second_person(flow: Flow) -> None:
    row = flow.active()
    for act, state in (("suspend", "suspended"), ("resume", "active")):
        answer = flow.post("operator", f"/subscriptions/{row['id']}/{act}/")
        assert answer.status_code == 202, answer.json()
        planning.tick()
        workers_bring_everything_up()
        assert read(flow, row["id"])["state"] == state
        assert flow.get("operator", f"/requests/{answer.json()['id']}/").json()["decided_by"]["full_name"]


def test_a_new_key_beside_the_old_then_alone(flow: Flow) -> None:
    row = flow.active()
    before = flow.get("owner", f"/subscriptions/{row['id']}/credentials/").json()["items"]
    asked = flow.post("owner", f"/subscriptions/{row['id']}/credentials/writer/rotate/")
    assert (asked.status_code, asked.json()["kind"]) == (202, "keys")
    planning.tick()
    workers_bring_everything_up()
    after = flow.get("owner", f"/subscriptions/{row['id']}/credentials/").json()["items"]
    writer = {"old": next(c for c in before if c["name"] == "writer")}
    writer["new"] = next(c for c in after if c["name"] == "writer")
    assert writer["new"]["access_key"] != writer["old"]["access_key"]
    assert writer["new"]["former_until"] is not None
    assert not writer["new"]["revealed"]
    shown = flow.post("owner", f"/subscriptions/{row['id']}/credentials/writer/reveal/").json()
    assert shown["access_key"] == writer["new"]["access_key"]


@pytest.mark.parametrize("act", ["rotate", "revoke"])
def test_a_credential_that_is_none_is_not_found(flow: Flow, act: str) -> None:
    row = flow.active()
    assert flow.post("owner", f"/subscriptions/{row['id']}/credentials/owner/{act}/").status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("approver", 403), ("auditor", 403), ("stranger", 404), ("nobody", 404)]
)
def test_who_may_not_is_told_so_and_nothing_moves(flow: Flow, who: str, status: int) -> None:
    row = flow.active()
    path = f"/subscriptions/{row['id']}"
    body = {"terms": {**TERMS, "quota_gib": 150}}
    assert patch(flow, who, row["id"], body).status_code == status
    assert delete(flow, who, row["id"]).status_code == status
    for act in ("suspend/", "resume/", "purge/", "credentials/writer/rotate/", "credentials/writer/revoke/"):
        assert flow.post(who, f"{path}/{act}").status_code == status, act
    assert read(flow, row["id"])["request"] is None
