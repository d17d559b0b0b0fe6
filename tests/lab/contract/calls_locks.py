"""Object Lock calls of the recorded scenario; quota and suspension at the end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lab.deadline import wait_until
from tests.lab.contract.calls_admin import JSON, USER

if TYPE_CHECKING:
    from tests.lab.contract.scenario import Stage

LOCK = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{}</ObjectLockConfiguration>"
RULE = "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
BYPASS = {"x-amz-bypass-governance-retention": "true"}


def days(number: int) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def retention(mode: str, until: str) -> bytes:
    return f"<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>".encode()


def hold(status: str) -> bytes:
    return f"<LegalHold><Status>{status}</Status></LegalHold>".encode()


def play(stage: Stage) -> None:
    what = {"object-lock": ""}
    stage.call("get_object_lock", "never enabled", "owner", "GET", "/backup", what)
    stage.call("put_object_lock", "never enabled", "owner", "PUT", "/backup", what, LOCK.format("").encode())
    stage.call("get_object_lock", "without a rule", "owner", "GET", "/locked", what)
    stage.call("put_object_lock", "a day by default", "owner", "PUT", "/locked", what, LOCK.format(RULE).encode())
    stage.call("get_object_lock", "a day by default", "owner", "GET", "/locked", what)
    _governance(stage)
    _compliance(stage)
    _refused_writes(stage)


def _governance(stage: Stage) -> None:
    key = "/locked/g"
    made = stage.call("put_object", "retained by default", "owner", "PUT", key, body=b"1")
    version = {"versionId": made.headers["x-amz-version-id"]}
    stage.call("head_object", "retained", "owner", "HEAD", key)
    stage.call("get_retention", "governance", "owner", "GET", key, {"retention": "", **version})
    stage.call("get_legal_hold", "never said", "owner", "GET", key, {"legal-hold": "", **version})
    stage.call("delete_object", "retained version", "owner", "DELETE", key, version)
    short = {"retention": "", **version}
    sooner = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.call("put_retention", "shorter", "owner", "PUT", key, short, retention("GOVERNANCE", sooner))
    stage.call(
        "put_retention", "in the past", "owner", "PUT", key, short, retention("GOVERNANCE", "2020-01-01T00:00:00Z")
    )
    stage.call("put_retention", "longer", "owner", "PUT", key, short, retention("GOVERNANCE", days(9)))
    stage.call(
        "put_retention", "shorter with bypass", "owner", "PUT", key, short, retention("GOVERNANCE", days(2)), BYPASS
    )
    stage.call("delete_object", "retained, a marker", "owner", "DELETE", key)
    stage.call("delete_object", "retained version with bypass", "owner", "DELETE", key, version, headers=BYPASS)
    stage.call("delete_object", "a version that is gone", "owner", "DELETE", key, version)


def _compliance(stage: Stage) -> None:
    key = "/locked/c"
    # Seconds enough for the calls below, on a loaded machine too; the end is waited for.
    until = datetime.now(UTC) + timedelta(seconds=4)
    stamp = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    lock = {"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": stamp}
    made = stage.call("put_object", "in compliance mode", "owner", "PUT", key, body=b"1", headers=lock)
    version = {"versionId": made.headers["x-amz-version-id"]}
    half = {"x-amz-object-lock-mode": "COMPLIANCE"}
    stage.call("put_object", "with half a lock", "owner", "PUT", "/locked/half", body=b"1", headers=half)
    stage.call("put_object", "locked where no lock is", "stranger", "PUT", "/backup/x", body=b"1", headers=lock)
    stage.call("delete_object", "compliance with bypass", "owner", "DELETE", key, version, headers=BYPASS)
    what = {"retention": "", **version}
    stage.call("put_retention", "compliance weakened", "owner", "PUT", key, what, retention("GOVERNANCE", days(9)))
    stage.call(
        "put_retention",
        "not there",
        "owner",
        "PUT",
        "/locked/none",
        {"retention": ""},
        retention("GOVERNANCE", days(9)),
    )
    stage.call("put_legal_hold", "on", "owner", "PUT", key, {"legal-hold": "", **version}, hold("ON"))
    stage.call("get_legal_hold", "on", "owner", "GET", key, {"legal-hold": "", **version})
    stage.call("head_object", "retained and held", "owner", "HEAD", key)
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1.1)
    stage.call("delete_object", "held after its retention", "owner", "DELETE", key, version)
    stage.call("put_legal_hold", "off", "owner", "PUT", key, {"legal-hold": "", **version}, hold("OFF"))
    stage.call("delete_object", "free again", "owner", "DELETE", key, version)


def _refused_writes(stage: Stage) -> None:
    quota = {
        "quota": "",
        **JSON,
        "uid": stage.uid("owner"),
        "quota-type": "user",
        "max-size-kb": "1",
        "enabled": "true",
    }
    stage.call("admin_put_quota", "smaller than what is there", "portal", "PUT", USER, quota)
    much = b"q" * 5000
    # The real gateway reads quotas again every 2 s (`rgw bucket quota ttl`).
    wait_until("the gateway reading the quota", lambda: not stage.try_to_put("writer", "/backup/q", much))
    stage.call("put_object", "over the owner's quota", "writer", "PUT", "/backup/q", body=much)
    stage.call("admin_put_quota", "off", "portal", "PUT", USER, {**quota, "enabled": "false"})
    writer = {**JSON, "uid": stage.uid("writer")}
    stage.call("admin_modify_user", "the writer suspended", "portal", "POST", USER, {**writer, "suspended": "True"})
    stage.call("put_object", "by a suspended writer", "writer", "PUT", "/backup/s", body=b"s")
    stage.call(
        "get_object",
        "while the writer is suspended",
        "restore",
        "GET",
        "/backup/big",
        headers={"range": "bytes=0-0"},
    )
    stage.call("admin_modify_user", "the writer resumed", "portal", "POST", USER, {**writer, "suspended": "False"})
