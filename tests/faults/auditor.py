"""What must hold at the end of every case. It reads the database and the region past the portal's own code.

Expected = existing, no double, no orphan, capacity used = reserved <= total, every object under its own stack's
marker, deletes only of what was to go, bystanders untouched, the trail whole, secrets nowhere in plain.
"""

import base64
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.faults.stage import Stage

PORTAL: Final = "portal"
_CLOUD: Final = ("/identity/", "/image/", "/network/", "/compute/")


@dataclass(frozen=True)
class Region:
    """What the region holds, straight from its own tables."""

    users: Mapping[str, dict[str, Any]]
    keys: Mapping[str, tuple[str, str]]  # access key -> uid, secret
    buckets: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, stage: Stage) -> "Region":
        """As it is now."""
        file: Path = stage.folder / "region" / "region.sqlite3"
        raw = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)
        raw.row_factory = sqlite3.Row
        try:
            users = {r["uid"]: json.loads(r["doc"]) for r in raw.execute("SELECT * FROM users")}
            keys = {r["access_key"]: (r["uid"], r["secret_key"]) for r in raw.execute("SELECT * FROM keys")}
            held: dict[str, list[list[Any]]] = {}
            for row in raw.execute("SELECT bucket, key, version, size, etag, marker FROM versions ORDER BY seq"):
                held.setdefault(row["bucket"], []).append(list(row)[1:])
            rows = [dict(r) for r in raw.execute("SELECT * FROM buckets ORDER BY id")]
        finally:
            raw.close()
        # The settings by what they say: set again to the same, they stand in another order.
        told = [r | {"settings": json.loads(r["settings"]), "versions": held.get(r["id"], [])} for r in rows]
        return cls(users, keys, tuple(told))

    def without(self, tenant: str) -> "Region":
        """Everybody else's; the portal's own marks come and go."""
        return Region(
            {u: d for u, d in self.users.items() if not u.startswith(f"{tenant}$")},
            {k: v for k, v in self.keys.items() if not v[0].startswith(f"{tenant}$")},
            tuple(b for b in self.buckets if b["tenant"] != tenant and b["owner"] != PORTAL),
        )

    def picture(self, tenant: str) -> dict[str, Any]:
        """One tenant's, without what differs from run to run: ids, secrets, times."""
        users = {u.partition("$")[2]: d for u, d in self.users.items() if u.startswith(f"{tenant}$")}
        roles = Counter(uid.partition("$")[2] for uid, _ in self.keys.values() if uid.startswith(f"{tenant}$"))
        buckets = {
            b["name"]: {
                "owner": b["owner"].partition("$")[2],
                "placement": b["placement"],
                "settings": b["settings"],
                "holds": [[v[0], v[2], v[3]] for v in b["versions"]],
            }
            for b in self.buckets
            if b["tenant"] == tenant
        }
        return {"users": users, "keys": dict(roles), "buckets": buckets}


@dataclass(frozen=True)
class Expected:
    """What a workflow comes to. `rows`: name -> state, `reserved`: GiB of the stack on each site it is on."""

    rows: Mapping[str, str]
    reserved: tuple[int, ...]
    bystanders: Region
    picture: Mapping[str, Any] | None = None
    acts: int = 0  # audit events that the case itself adds: an operator's retry
    trail: int = 0  # audit events before it


def audit(stage: Stage, stack: str, expected: Expected, came_to: Mapping[str, Any]) -> list[str]:
    """Every violation as a sentence; [] when the world is as it should be."""
    region, tenant = Region.read(stage), tenant_of(stack)
    found: list[str] = []
    found += _rest(stage, stack, expected, came_to)
    found += _objects(stage, stack, region)
    found += _capacity(stage, stack, expected.reserved)
    found += _deletes(stage, stack, region)
    found += _trail(stage, expected, came_to)
    found += _leaks(stage, [secret for _, secret in region.keys.values()])
    if region.without(tenant) != expected.bystanders:
        found.append("Something that is not this stack's was changed in the region.")
    if expected.picture is not None and (now := region.picture(tenant)) != expected.picture:
        found += [f"It came to another picture: {other}" for other in _differences("", dict(expected.picture), now)]
    return found


def _differences(where: str, expected: Any, now: Any) -> Iterable[str]:
    if isinstance(expected, dict) and isinstance(now, dict):
        for name in sorted(expected.keys() | now.keys()):
            yield from _differences(f"{where}/{name}", expected.get(name), now.get(name))
    elif expected != now:
        yield f"{where} is {now}, and not {expected}."


def of_the_cloud(call: Mapping[str, Any]) -> bool:
    """Was it OpenStack that was asked? `drill_auditor` looks at that."""
    return str(call["path"]).startswith(_CLOUD)


def tenant_of(stack: str) -> str:
    """RGW's name for what belongs to a stack."""
    return f"mcloud_{stack}"


def _rest(stage: Stage, stack: str, expected: Expected, came_to: Mapping[str, Any]) -> Iterable[str]:
    if not came_to["rests"]:
        yield f"It never comes to rest: {came_to['rows']}"
    rows = stage.database.rows(
        "SELECT r.name, r.state, r.reason, r.message, r.intent FROM provisioning_resource r"
        f" JOIN provisioning_stack s ON s.id = r.stack_id WHERE s.key = '{stack}' AND NOT r.orphan"
    )
    states = {name: state for name, state, *_ in rows}
    if states != dict(expected.rows):
        why = [f"{n} {s} {r}: {m}" for n, s, r, m, _ in rows if expected.rows.get(n) != s]
        yield f"Rows are not as they should be: {why}"
    yield from (f"{name} rests and still has the intent {intent}." for name, _, _, _, intent in rows if intent)
    held = stage.database.rows("SELECT key FROM provisioning_stack WHERE claim_token IS NOT NULL")
    yield from (f"The stack {key} is still claimed." for (key,) in held)
    orphans = stage.database.rows("SELECT name FROM provisioning_resource WHERE orphan AND state <> 'gone'")
    yield from (f"The orphan row {name} is not settled." for (name,) in orphans)


def _objects(stage: Stage, stack: str, region: Region) -> Iterable[str]:
    """Rows and objects, one to one."""
    tenant = tenant_of(stack)
    rows = stage.database.rows(
        "SELECT r.name, r.kind, r.state, r.external_id, r.incarnation FROM provisioning_resource r"
        f" JOIN provisioning_stack s ON s.id = r.stack_id WHERE s.key = '{stack}'"
    )
    there = {
        "ceph.user": [u for u in region.users if u.startswith(f"{tenant}$")],
        "ceph.key": [k for k, (uid, _) in region.keys.items() if uid.startswith(f"{tenant}$")],
        "ceph.bucket": [b["id"] for b in region.buckets if b["tenant"] == tenant],
    }
    for kind, ids in there.items():
        live = Counter(x for _, k, state, x, _ in rows if k == kind and state != "gone")
        yield from (f"{kind} {one} exists and no row knows it: an orphan." for one in set(ids) - set(live))
        yield from (f"{kind} {one} is in a row and does not exist." for one in set(live) - set(ids))
        yield from (f"{kind} {one} is in {n} rows." for one, n in live.items() if n > 1)
    for uid in there["ceph.user"]:
        name = uid.partition("$")[2]
        if region.users[uid]["display_name"] != f"mcloud.{stack}.{name}":
            yield f"{uid} carries the marker {region.users[uid]['display_name']}."
    for bucket in (b for b in region.buckets if b["tenant"] == tenant):
        if not any(f"mcloud.{stack}.archive-" in said for said in bucket["settings"].values()):
            yield f"The bucket {bucket['name']} carries no marker of its stack."


def _capacity(stage: Stage, stack: str, reserved: tuple[int, ...]) -> Iterable[str]:
    rows = stage.database.rows(
        "SELECT c.platform, c.site, c.used, c.total, COALESCE(SUM(v.amount), 0) FROM provisioning_capacityrow c"
        " LEFT JOIN provisioning_reservation v ON v.row_id = c.id"
        " GROUP BY c.id, c.platform, c.site, c.used, c.total"
    )
    for platform, site, used, total, held in rows:
        if used != held or used > total:
            yield f"{platform}/{site}: {used} used, {held} reserved, {total} there."
    mine = stage.database.rows(
        "SELECT v.amount FROM provisioning_reservation v JOIN provisioning_stack s ON s.id = v.stack_id"
        f" WHERE s.key = '{stack}' ORDER BY v.row_id"
    )
    if tuple(amount for (amount,) in mine) != reserved:
        yield f"The stack holds {mine}, not {reserved}."


def _deletes(stage: Stage, stack: str, region: Region) -> Iterable[str]:
    """T25: on the wire, only what is this stack's and was to go; never data without a purge."""
    rows = stage.database.rows(
        "SELECT r.name, r.wish, r.purge FROM provisioning_resource r"
        f" JOIN provisioning_stack s ON s.id = r.stack_id WHERE s.key = '{stack}'"
    )
    goes = {name for name, wish, _ in rows if wish == "absent"}
    purged = {name for name, _, purge in rows if purge}
    for call in stage.calls():
        if of_the_cloud(call) or (call["method"] != "DELETE" and call["route"] != "delete_objects"):
            continue
        tenant, _, role = call["uid"].partition("$")
        bucket = call["path"].strip("/").rpartition(":")[2]
        lawful = {
            "admin_remove_key": tenant == tenant_of(stack) and f"{role}-key" in goes,
            "admin_delete_user": tenant == tenant_of(stack) and role in goes,
            "delete_bucket": f"archive-{bucket}" in purged,
        }
        if not lawful.get(call["route"], False):
            yield f"A foreign delete on the wire: {call}"


def _trail(stage: Stage, expected: Expected, came_to: Mapping[str, Any]) -> Iterable[str]:
    chain = came_to["chain"]
    if not chain["holds"]:
        yield f"The trail is broken: {chain}"
    (count,) = stage.database.rows("SELECT COUNT(*) FROM tenants_auditevent")[0]
    if count != expected.trail + expected.acts or chain["length"] != count:
        yield f"{count} audit events ({chain['length']} sealed); {expected.trail + expected.acts} acts were done."


def forms(secret: str) -> list[bytes]:
    """How a secret may show: plain, base64 (at each of the three offsets), hex, URL."""
    plain = secret.encode()
    shifted = [base64.b64encode(b"x" * n + plain)[4:-4] for n in range(3)]
    return [plain, *shifted, plain.hex().encode(), quote(secret, safe="").encode()]


def _leaks(stage: Stage, secrets: Iterable[str]) -> Iterable[str]:
    places = {"the log": stage.logged(), "the database": stage.database.dump()}
    for secret in secrets:
        for place, content in places.items():
            if any(form in content for form in forms(secret)):
                yield f"A secret stands in {place}."
