"""`/operations/`: a restore test from its beginning to its proof, by script alone."""

import hashlib
from typing import Any

import pytest

from elaastic.models import RestoreTest, Subscription, Verification
from provisioning.services.clock import now
from tenants.models import AuditEvent
from tests.elaastic.flow import Flow

KEY = {"Idempotency-Key": "prova-2026"}


def begin(flow: Flow, row: dict[str, Any], who: str = "owner", **more: str) -> Any:
    body = {"kind": "restore_test", "subscription": row["id"], "tool": "restic", **more}
    return flow.post(who, "/operations/", body)


def begun(flow: Flow, who: str = "owner") -> dict[str, Any]:
    answer = begin(flow, flow.active(who), who)
    assert answer.status_code == 202, answer.json()
    return dict(answer.json())


def a_copy_arrived() -> None:
    RestoreTest.objects.update(ready_at=now(), look_due=None)


def test_an_encrypted_archive_is_proven_by_script_alone(flow: Flow) -> None:
    row = flow.active()
    answer = begin(flow, row)
    asked = answer.json()
    assert answer["Location"].endswith(f"/operations/{asked['id']}/")
    assert (asked["state"], asked["archive"], asked["command"]) == ("copying", "backup", "")
    assert (asked["next_action"]["who"], asked["next_action"]["code"]) == ("authority", "copy_proof_file")
    there = f"/operations/{asked['id']}/"
    file = flow.get("owner", f"{there}proof-file/")
    assert file["Content-Disposition"] == f'attachment; filename="{asked["file"]}"'
    a_copy_arrived()
    read = flow.get("owner", there).json()
    assert (read["state"], read["next_action"]["code"]) == ("restoring", "restore")
    assert f"--include {asked['file']}" in read["command"]
    assert flow.get("owner", f"{there}proof-file/").json()["code"] == "no_restore_test"
    ended = flow.post(
        "owner", f"{there}answer/", {"sha256": hashlib.sha256(file.content).hexdigest().upper()}
    ).json()
    assert (ended["state"], ended["command"], ended["next_action"]["code"]) == ("passed", "", "none")
    assert Verification.objects.get().passed
    assert flow.get("owner", f"/subscriptions/{row['id']}/").json()["verified_at"] == ended["ended_at"]
    assert [
        one["id"] for one in flow.get("owner", "/operations/restore-tests/", state="passed").json()["items"]
    ] == [asked["id"]]
    assert flow.get("owner", "/operations/restore-tests/", state="restoring").json()["items"] == []


def test_a_wrong_sum_is_counted_once_under_its_key(flow: Flow) -> None:
    there = f"/operations/{begun(flow)['id']}/answer/"
    a_copy_arrived()
    for _again in range(3):
        told = flow.post("owner", there, {"sha256": "0" * 64}, **KEY)
        assert (told.status_code, told.json()["state"], told.json()["tries_left"]) == (200, "restoring", 4)
    assert AuditEvent.objects.filter(action="restore_test.answered").count() == 1
    for _try in range(4):
        told = flow.post("owner", there, {"sha256": "0" * 64})
    assert (told.json()["state"], told.json()["tries_left"]) == ("failed", 0)
    assert flow.post("owner", there, {"sha256": "0" * 64}).json()["code"] == "no_restore_test"


def test_the_same_ask_under_its_key_begins_one(flow: Flow) -> None:
    body = {"kind": "restore_test", "subscription": flow.active()["id"], "tool": "rclone"}
    first, second = (flow.post("owner", "/operations/", body, **KEY) for _time in range(2))
    assert (second.status_code, second.json(), second["Idempotency-Replayed"]) == (202, first.json(), "true")
    assert first.json()["next_action"]["code"] == "wait_for_sample"
    other = flow.post("owner", "/operations/", body)
    assert (other.status_code, other.json()["code"]) == (409, "restore_test_open")


def test_without_an_archive_it_is_the_one_that_was_proven_the_longest_ago(flow: Flow) -> None:
    archives = [{"name": name, "expected_interval_hours": 24} for name in ("backup", "foto", "protocollo")]
    row = flow.active(archives=archives)
    for expected in ("backup", "foto", "protocollo", "backup"):
        asked = begin(flow, row).json()
        assert asked["archive"] == expected
        a_copy_arrived()
        told = flow.post("owner", f"/operations/{asked['id']}/answer/", {"sha256": RestoreTest.objects.get(
            public_id=asked["id"]).sha256})  # fmt: skip
        assert told.json()["state"] == "passed"


@pytest.mark.parametrize(("outcome", "rows"), [("stopped", 0), ("failed", 1)])
def test_giving_up_is_a_result_only_when_it_was_tried(flow: Flow, outcome: str, rows: int) -> None:
    there = f"/operations/{begun(flow)['id']}/cancel/"
    assert flow.post("owner", there, {"outcome": "failed"}).json()["code"] == "no_restore_test"
    a_copy_arrived()
    assert flow.post("owner", there, {"outcome": outcome}).json()["state"] == outcome
    assert Verification.objects.filter(passed=False).count() == rows


@pytest.mark.parametrize(
    ("sent", "at_fault"),
    [
        ({"kind": "drill"}, {"kind"}),
        ({"tool": "floppy"}, {"tool"}),
        ({"archive": "foto"}, {"archive"}),
        ({"archive": "", "when": "now"}, {"archive", "when"}),
        ({"subscription": "00000000-0000-4000-8000-000000000000"}, {"subscription"}),
    ],
)
def test_what_cannot_be_meant_is_named_by_field(flow: Flow, sent: dict[str, str], at_fault: set[str]) -> None:
    refused = begin(flow, flow.active(), **sent)
    assert (refused.status_code, set(refused.json()["errors"])) == (400, at_fault)
    assert not RestoreTest.objects.exists()


@pytest.mark.parametrize("sent", ["", "0" * 63, "0" * 65, " " + "0" * 64, "g" * 64, "0" * 64 + "\n"])
def test_what_is_no_sum_is_not_counted(flow: Flow, sent: str) -> None:
    there = f"/operations/{begun(flow)['id']}/answer/"
    a_copy_arrived()
    refused = flow.post("owner", there, {"sha256": sent})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"sha256"})
    assert RestoreTest.objects.get().wrong == 0


def test_what_is_suspended_says_whose_move_it_is(flow: Flow) -> None:
    asked = begun(flow)
    Subscription.objects.update(mode={"suspended": True})
    move = flow.get("owner", f"/operations/{asked['id']}/").json()["next_action"]
    assert (move["who"], move["code"]) == ("region", "writing_stopped")
    flow.post("owner", f"/operations/{asked['id']}/cancel/")
    refused = begin(flow, {"id": asked["subscription"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "writing_stopped")
    assert begin(flow, {"id": asked["subscription"]}, tool="rclone").status_code == 202


def test_who_may_not_act_reads_and_does_nothing(flow: Flow) -> None:
    row = flow.active()
    asked = begin(flow, row).json()
    there = f"/operations/{asked['id']}/"
    for who in ("viewer", "auditor", "operator"):
        assert flow.get(who, there).status_code == 200
        assert [one["id"] for one in flow.get(who, "/operations/").json()["items"]] == [asked["id"]]
        assert begin(flow, row, who).status_code == 403
        assert flow.get(who, f"{there}proof-file/").status_code == 403
        for act, body in (("answer/", {"sha256": "0" * 64}), ("cancel/", {})):
            assert flow.post(who, there + act, body).status_code == 403
    assert flow.get("stranger", "/operations/").json()["items"] == []
    for act in ("", "proof-file/"):
        assert flow.get("stranger", there + act).status_code == 404
    for act, body in (("answer/", {"sha256": "0" * 64}), ("cancel/", {})):
        assert flow.post("stranger", there + act, body).status_code == 404
    assert RestoreTest.objects.get().ended_at is None


def test_a_long_list_costs_what_a_short_one_does(flow: Flow, queries: Any) -> None:
    begun(flow)
    test = RestoreTest.objects.get()

    def page() -> None:
        assert flow.get("auditor", "/operations/restore-tests/", limit=200).status_code == 200

    page()
    few = queries(page)
    like = {"subscription": test.subscription, "archive": "backup", "tool": "restic", "asked_by": test.asked_by}
    RestoreTest.objects.bulk_create(
        RestoreTest(**like, asked_at=now(), ended_at=now(), outcome="stopped") for _n in range(1000)
    )
    assert queries(page) == few
