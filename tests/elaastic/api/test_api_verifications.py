"""`/verifications/` and `verified_at`: one's own, and nobody else's."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from elaastic.models import RestoreTest, Subscription, Verification
from elaastic.services import proving
from elaastic.services.ledger import enter
from provisioning.services.clock import now
from tests.elaastic.bundles import checked, unpacked
from tests.elaastic.flow import Flow


def proven(flow: Flow, who: str = "owner") -> Subscription:
    """A proof file came back."""
    row = Subscription.objects.get(public_id=flow.active(who)["id"])
    by = flow.world[who].actor
    test = proving.begin_restore_test(subscription=row, archive="backup", tool="restic", by=by)
    RestoreTest.objects.filter(pk=test.pk).update(ready_at=now())
    ready = RestoreTest.objects.get(pk=test.pk)
    proving.answer_restore_test(test=ready, sha256=hashlib.sha256(test.proof_text.encode()).hexdigest(), by=by)
    return row


def test_a_proof_is_listed_and_dates_the_subscription(flow: Flow) -> None:
    row = proven(flow)
    [shown] = flow.get("owner", "/verifications/").json()["items"]
    assert (shown["kind"], shown["passed"], shown["archive"]) == ("restored", True, "backup")
    read = flow.get("owner", f"/subscriptions/{row.public_id}/").json()
    assert read["verified_at"] == shown["at"]
    assert read["state"] == "active"


def test_nobody_reads_a_strangers_proof(flow: Flow) -> None:
    row = proven(flow)
    theirs = proven(flow, "stranger")
    seen = {
        who: {v["subscription"] for v in flow.get(who, "/verifications/").json()["items"]}
        for who in ("owner", "stranger", "auditor")
    }
    assert seen == {
        "owner": {str(row.public_id)},
        "stranger": {str(theirs.public_id)},
        "auditor": {str(row.public_id), str(theirs.public_id)},
    }
    assert flow.get("owner", "/verifications/", subscription=str(theirs.public_id)).json()["items"] == []


def test_a_long_ledger_costs_what_a_short_one_does(flow: Flow, queries: object) -> None:
    row = proven(flow)

    def page() -> None:
        assert flow.get("auditor", "/verifications/", limit=200).status_code == 200

    page()
    few = queries(page)  # type: ignore[operator]
    like = {"subscription": row, "archive": "backup", "kind": "readable", "passed": True, "seconds": 1}
    Verification.objects.bulk_create(
        Verification(**like, at=now() - timedelta(days=n), evidence={}, number=n + 2) for n in range(1000)
    )
    assert queries(page) == few  # type: ignore[operator]


def bundle(flow: Flow, who: str, **asked: str) -> Path:
    return unpacked(flow.get(who, "/verifications/export/", **asked))


def test_what_is_listed_is_what_the_bundle_has_line_by_line(flow: Flow) -> None:
    proven(flow)
    [shown] = flow.get("owner", "/verifications/").json()["items"]
    folder = bundle(flow, "owner")
    [line] = (folder / "verifications.jsonl").read_bytes().splitlines()
    assert hashlib.sha256(line).hexdigest() == shown["hash"]
    assert json.loads(line)["id"] == shown["id"]
    assert (shown["number"], shown["previous_hash"]) == (1, "0" * 64)
    [head] = map(json.loads, (folder / "heads.jsonl").read_text(encoding="utf-8").splitlines())
    assert (head["number"], head["hash"], head["ipa_code"]) == (1, shown["hash"], flow.world.home.ipa_code)
    for name in ("LEGGIMI.txt", "README.txt"):
        assert "python3 check.py" in (folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("tamper", ["change", "delete", "reorder", "cut"])
def test_a_bundle_that_was_tampered_with_says_so(flow: Flow, tamper: str) -> None:
    row = proven(flow)
    for number in range(4):
        enter(
            subscription=row, archive="backup", kind="readable", passed=True, at=now(), seconds=number, evidence={}
        )
    folder = bundle(flow, "owner")
    assert checked(folder) == (0, "5 verifications, 1 chains: OK\n")
    file = folder / "verifications.jsonl"
    lines = file.read_bytes().splitlines()
    if tamper == "change":
        lines[2] = lines[2].replace(b'"passed":true', b'"passed":false')
    elif tamper == "delete":
        del lines[2]
    elif tamper == "reorder":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        del lines[-1]
    file.write_bytes(b"\n".join(lines) + b"\n")
    code, said = checked(folder)
    assert code == 1
    assert said.startswith(f"BROKEN {row.public_id}: ")


def test_an_older_bundle_shows_an_end_that_was_cut_off_and_written_anew(flow: Flow) -> None:
    row = proven(flow)
    told: dict[str, Any] = {
        "subscription": row,
        "archive": "backup",
        "kind": "readable",
        "seconds": 1,
        "evidence": {},
    }
    enter(**told, passed=False, at=now())
    older = bundle(flow, "auditor")
    enter(**told, passed=True, at=now())
    newer = bundle(flow, "auditor")
    assert checked(newer, older) == (0, "3 verifications, 1 chains: OK\n")
    (newer / "verifications.jsonl").write_bytes(
        (older / "verifications.jsonl").read_bytes().splitlines()[0] + b"\n"
    )
    first = (newer / "verifications.jsonl").read_bytes().strip()
    head = {"subscription": str(row.public_id), "number": 1, "hash": hashlib.sha256(first).hexdigest()}
    (newer / "heads.jsonl").write_text(json.dumps(head) + "\n", encoding="utf-8")
    assert checked(newer)[0] == 0, "from the inside a clean cut cannot be seen"
    assert checked(newer, older)[0] == 1


def test_a_bundle_has_nobody_elses_chains(flow: Flow) -> None:
    row, theirs = proven(flow), proven(flow, "stranger")
    assert str(theirs.public_id) not in (bundle(flow, "owner") / "verifications.jsonl").read_text(encoding="utf-8")
    for asked in ({"subscription": str(theirs.public_id)}, {"authority": str(theirs.authority.public_id)}):
        assert checked(bundle(flow, "owner", **asked))[1].startswith("0 verifications")
        assert checked(bundle(flow, "auditor", **asked)) == (0, "1 verifications, 1 chains: OK\n")
    assert checked(bundle(flow, "auditor")) == (0, "2 verifications, 2 chains: OK\n")
    refused = flow.get("owner", "/verifications/export/", subscription=f"{row.public_id}x")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"subscription"})
