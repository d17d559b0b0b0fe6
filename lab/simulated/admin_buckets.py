"""Admin Ops on buckets, usage and metadata; what only `buckets=write` may do is here to be refused."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from lab.simulated import buckets, clock, users
from lab.simulated.admin_users import json_answer, need_cap
from lab.simulated.buckets import ZONEGROUP, Bucket
from lab.simulated.calls import Call
from lab.simulated.errors import Refused
from lab.simulated.users import Quota
from lab.simulated.web import Answer

HOUR_S = 3600


def get_bucket(call: Call) -> Answer:
    """One bucket with its figures, or the names (with `stats` the figures) of one user's or of all."""
    need_cap(call, "buckets", "read")
    query = call.request.query
    if query.get("bucket"):
        return json_answer(_stats(call, _named(call, query["bucket"])))
    uid = query.get("uid", "")
    found = buckets.buckets_of(call.store, uid) if uid else buckets.all_buckets(call.store)
    if call.request.flag("stats"):
        return json_answer([_stats(call, bucket) for bucket in found])
    return json_answer([bucket.name if uid else full_name(bucket) for bucket in found])


def delete_bucket(call: Call) -> Answer:
    """With `purge-objects` even COMPLIANCE versions go: the reason why the portal may not have this cap."""
    need_cap(call, "buckets", "write")
    bucket = _named(call, call.request.query.get("bucket", ""))
    if call.request.flag("purge-objects"):
        buckets.purge_bucket(call.store, bucket)
    else:
        buckets.remove_bucket(call.store, bucket)
    return Answer()


def put_bucket_quota(call: Call) -> Answer:
    """One bucket's own quota: refused for want of the cap, and not built beyond that."""
    need_cap(call, "buckets", "write")
    raise Refused("NotImplemented", "the simulated region has bucket quotas by the user's default only")


def _named(call: Call, given: str) -> Bucket:
    tenant, slash, name = given.partition("/")
    return buckets.get_bucket(call.store, *((tenant, name) if slash else ("", given)))


def full_name(bucket: Bucket) -> str:
    """`tenant/name`, as Admin Ops writes it."""
    return f"{bucket.tenant}/{bucket.name}" if bucket.tenant else bucket.name


def _stats(call: Call, bucket: Bucket) -> dict[str, object]:
    nothing = {"data_pool": "", "data_extra_pool": "", "index_pool": ""}
    shown: dict[str, object] = {
        "bucket": bucket.name,
        "num_shards": 1,
        "tenant": bucket.tenant,
        "zonegroup": ZONEGROUP,
        "placement_rule": bucket.placement,
        "explicit_placement": nothing,
        "id": bucket.id,
        "marker": bucket.id,
        "index_type": "Normal",
        "owner": bucket.owner,
        "ver": "0#1",
        "master_ver": "0#0",
        "mtime": bucket.created,
        "creation_time": bucket.created,
        "max_marker": "0#",
        "usage": _usage_of(call, bucket),
        "bucket_quota": Quota().shown(),
    }
    return shown


def _usage_of(call: Call, bucket: Bucket) -> dict[str, object]:
    """RGW leaves a section out until there was something of its kind."""
    shown: dict[str, object] = {}
    if call.store.one("SELECT 1 FROM versions WHERE bucket = ? LIMIT 1", bucket.id):
        shown["rgw.main"] = buckets.stats_shown(bucket.size, bucket.size_actual, bucket.objects)
    uploads = call.store.all("SELECT done FROM uploads WHERE bucket = ?", bucket.id)
    if uploads:
        shown["rgw.multimeta"] = buckets.stats_shown(0, 0, sum(not row["done"] for row in uploads))
    return shown


def get_usage(call: Call) -> Answer:
    need_cap(call, "usage", "read")
    query = call.request.query
    uid, entries, summary = (
        query.get("uid"),
        call.request.flag("show-entries", True),
        call.request.flag("show-summary", True),
    )
    sql = (
        "SELECT * FROM usage WHERE (? IS NULL OR owner = ?) AND hour >= ? AND hour < ? ORDER BY owner, bucket, hour"
    )
    first, last = _epoch(query.get("start"), 0), _epoch(query.get("end"), 1 << 40)
    rows = [dict(row) for row in call.store.all(sql, uid, uid, first, last)]
    shown: dict[str, object] = {}
    if entries:
        shown["entries"] = [
            {"user": owner, "buckets": _usage_buckets(list(mine))}
            for owner, mine in groupby(rows, lambda row: row["owner"])
        ]
    if summary:
        shown["summary"] = [
            _usage_summary(owner, list(mine)) for owner, mine in groupby(rows, lambda row: row["owner"])
        ]
    return json_answer(shown)


def _usage_buckets(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    shown = []
    for (bucket, hour, owner), mine in groupby(rows, lambda row: (row["bucket"], row["hour"], row["owner"])):
        at = clock.iso_us(clock.parsed_epoch(int(str(hour))))
        head = {"bucket": bucket, "time": at, "epoch": hour, "owner": owner}
        shown.append({**head, "categories": _categories(list(mine))})
    return shown


def _usage_summary(owner: object, rows: list[dict[str, object]]) -> dict[str, object]:
    return {"user": owner, "categories": _categories(rows), "total": _total(rows)}


def _categories(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    by_name = sorted(rows, key=lambda row: str(row["category"]))
    return [{"category": name, **_total(mine)} for name, mine in groupby(by_name, lambda row: row["category"])]


def _total(rows: Iterable[dict[str, object]]) -> dict[str, object]:
    kept = list(rows)

    def of(name: str) -> int:
        return sum(int(str(row[name])) for row in kept)

    return {
        "bytes_sent": of("sent"), "bytes_received": of("received"), "ops": of("ops"),
        "successful_ops": of("successful"),
    }  # fmt: skip


def _epoch(given: str | None, default: int) -> int:
    if not given:
        return default
    try:
        return int(clock.parsed(given).timestamp())
    except ValueError:
        raise Refused("InvalidArgument") from None


def trim_usage(call: Call) -> Answer:
    need_cap(call, "usage", "write")
    call.store.run("DELETE FROM usage WHERE owner = ?", call.request.query.get("uid", ""))
    return Answer()


def metadata_users(call: Call) -> Answer:
    """All uids, or with `max-entries` a page and a marker that only we can read; one document by `key`."""
    need_cap(call, "metadata", "read")
    if "key" in call.request.query:
        return _metadata_user(call, call.request.query["key"])
    names = [str(row["uid"]) for row in call.store.all("SELECT uid FROM users ORDER BY uid")]
    return _listed(call, names)


def metadata_buckets(call: Call) -> Answer:
    need_cap(call, "metadata", "read")
    return _listed(call, [full_name(bucket) for bucket in buckets.all_buckets(call.store)])


def _metadata_user(call: Call, uid: str) -> Answer:
    user = users.find_user(call.store, uid)
    if user is None:
        raise Refused("NoSuchKey")
    left_out = ("tenant", "system", "admin")
    data = {name: value for name, value in users.shown(call.store, user).items() if name not in left_out}
    data["user_id"] = uid
    head = {"key": f"user:{uid}", "ver": {"tag": "simulated", "ver": 1}, "mtime": clock.iso_us(clock.now())}
    return _typed({**head, "data": {**data, "attrs": []}})


def _listed(call: Call, names: list[str]) -> Answer:
    query = call.request.query
    if "max-entries" not in query:
        return _typed(names)
    marker = _read_marker(query.get("marker", ""))
    rest = [name for name in names if name >= marker]
    limit = int(query["max-entries"]) if query["max-entries"].isdecimal() else 1000
    page = rest[:limit]
    shown: dict[str, object] = {"keys": page, "truncated": str(len(rest) > limit).lower(), "count": len(page)}
    if len(rest) > limit:
        shown["marker"] = base64.b64encode(f"5:simulated:{rest[limit]}".encode()).decode()
    return _typed(shown)


def _typed(content: object) -> Answer:
    """Metadata is the one part of Admin Ops that says what it sends."""
    return replace(json_answer(content), headers={"Content-Type": "application/json"})


def _read_marker(given: str) -> str:
    if not given:
        return ""
    try:
        text = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("InvalidArgument") from None
    return text.removeprefix("5:simulated:")
