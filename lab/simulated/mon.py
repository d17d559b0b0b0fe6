"""Mon commands as JSON over HTTP: what python-rados' `mon_command` returns, without RADOS' wire.

One OSD a site, so that losing a site is losing an OSD; pools are the placement targets' data pools.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.marche import Target
from lab.simulated import buckets, clock, crush
from lab.simulated.calls import Call
from lab.simulated.errors import Refused
from lab.simulated.shape import GIB, Shape
from lab.simulated.store import Store
from lab.simulated.web import Answer

VERSION = "ceph version 16.2.15 (618f440892089921c3e944a991122ddc44e60516) pacific (stable)"
# Of `df detail`: what nothing here uses.
ALWAYS_ZERO = (
    "stored_omap", "omap_bytes_used", "quota_objects", "quota_bytes", "dirty", "rd", "rd_bytes", "wr", "wr_bytes",
    "compress_bytes_used", "compress_under_bytes",
)  # fmt: skip
FSID = "00000000-0000-4000-8000-000000000001"


def mon_command(call: Call) -> Answer:
    """`{"prefix": …}` in, the command's JSON out; an unknown one is 400 with python-rados' -22 in the body."""
    try:
        asked = json.loads(call.body() or b"{}")
        prefix = str(asked["prefix"])
    except (ValueError, KeyError, TypeError):
        raise Refused("InvalidArgument") from None
    answer = COMMANDS.get(prefix)
    if answer is None:
        return Answer(400, b'{"rc": -22, "status": "command not known"}', {"Content-Type": "application/json"})
    content = answer(call.store, call.shape, asked)
    return Answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _used(store: Store, shape: Shape) -> dict[str, int]:
    """Bytes used by site: one copy of every bucket in each of its target's sites."""
    used = {site.code: 0 for site in shape.sites}
    for bucket in buckets.all_buckets(store):
        for code in _sites_of(shape, bucket.placement):
            used[code] += bucket.size_actual
    return used


def _sites_of(shape: Shape, placement: str) -> tuple[str, ...]:
    target = shape.target(placement)
    return target.sites if target else tuple(site.code for site in shape.sites)


def _df(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    used = _used(store, shape)
    total = shape.total_gib * GIB
    spent = sum(used.values())
    raw = {
        "total_bytes": total, "total_avail_bytes": total - spent, "total_used_bytes": spent,
        "total_used_raw_bytes": spent, "total_used_raw_ratio": spent / total,
    }  # fmt: skip
    counts = {"num_osds": len(shape.sites), "num_per_pool_osds": 0, "num_per_pool_omap_osds": 0}
    detail = bool(asked.get("detail"))
    shown = [_pool_stats(store, shape, used, pool, detail) for pool in pools(shape)]
    return {"stats": {**raw, **counts}, "stats_by_class": {"hdd": raw}, "pools": shown}


@dataclass(frozen=True)
class Pool:
    """A pool of a placement target; an index pool holds nothing worth a byte here."""

    number: int
    name: str
    target: Target
    holds_data: bool


def pools(shape: Shape) -> list[Pool]:
    """A data and an index pool a target, numbered from 1."""
    found: list[Pool] = []
    for target in shape.targets:
        found.append(Pool(len(found) + 1, target.data_pool, target, True))
        found.append(Pool(len(found) + 1, target.index_pool, target, False))
    return found


def _pool_stats(store: Store, shape: Shape, used: Mapping[str, int], pool: Pool, detail: bool) -> dict[str, object]:
    target = pool.target
    mine = [bucket for bucket in buckets.all_buckets(store) if pool.holds_data and bucket.placement == target.id]
    stored, held = sum(one.size for one in mine), sum(one.objects for one in mine)
    spent = sum(one.size_actual for one in mine) * target.copies
    free = min(shape.site_gib * GIB - used[code] for code in target.sites)
    stats: dict[str, object] = {
        "stored": stored, "objects": held, "kb_used": -(-spent // 1024), "bytes_used": spent,
        "percent_used": spent / max(1, spent + free), "max_avail": free,
    }  # fmt: skip
    if detail:
        stats |= {
            "stored_data": stored,
            "data_bytes_used": spent,
            "stored_raw": spent,
            "avail_raw": free * target.copies,
        }
        stats |= dict.fromkeys(ALWAYS_ZERO, 0)
    return {"name": pool.name, "id": pool.number, "stats": stats}


def _osd_df(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    used, down = _used(store, shape), crush.sites_down(store)
    nodes = []
    for number, site in enumerate(shape.sites):
        kib, spent = shape.site_gib * GIB // 1024, -(-used[site.code] // 1024)
        figures = {
            "reweight": 1, "kb": kib, "kb_used": spent, "kb_used_data": spent, "kb_used_omap": 0, "kb_used_meta": 0,
            "kb_avail": kib - spent, "utilization": 100 * spent / kib, "var": 1, "pgs": 8,
            "status": "down" if site.code in down else "up",
        }  # fmt: skip
        nodes.append({**crush.osd(number, shape, depth=3), **figures})
    total, spent = sum(_int(one["kb"]) for one in nodes), sum(_int(one["kb_used"]) for one in nodes)
    summary = {
        "total_kb": total, "total_kb_used": spent, "total_kb_used_data": spent, "total_kb_used_omap": 0,
        "total_kb_used_meta": 0, "total_kb_avail": total - spent, "average_utilization": 100 * spent / total,
        "min_var": 1, "max_var": 1, "dev": 0,
    }  # fmt: skip
    return {"nodes": nodes, "stray": [], "summary": summary}


def _int(value: object) -> int:
    return int(str(value))


def _health(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    down = [site.code for site in shape.sites if site.code in crush.sites_down(store)]
    if not down:
        return {"status": "HEALTH_OK", "checks": {}, "mutes": []}
    checks = {}
    for check, what in (("OSD_DATACENTER_DOWN", "datacenter"), ("OSD_HOST_DOWN", "host"), ("OSD_DOWN", "osd")):
        plural = f"{len(down)} {what}{'s' if len(down) > 1 else ''}"
        words = f"{plural} down" if what == "osd" else f"{plural} ({len(down)} osds) down"
        shown: dict[str, object] = {"severity": "HEALTH_WARN", "summary": {"message": words, "count": len(down)}}
        if asked.get("detail"):
            shown["detail"] = [{"message": f"{what} {code} (root=default) is down"} for code in down]
        checks[check] = {**shown, "muted": False}
    return {"status": "HEALTH_WARN", "checks": checks, "mutes": []}


def _status(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    up = len(shape.sites) - len(crush.sites_down(store))
    used = sum(_used(store, shape).values())
    total = shape.total_gib * GIB
    held = store.number("SELECT SUM(objects) FROM buckets")
    data = store.number("SELECT SUM(size) FROM buckets")
    pgs, count = 8 * len(shape.targets), len(shape.sites)
    state = "active+clean" if up == count else "active+undersized+degraded"
    return {
        "fsid": FSID,
        "health": _health(store, shape, {}),
        "election_epoch": 3, "quorum": [0], "quorum_names": ["a"], "quorum_age": 60,
        "monmap": {"epoch": 1, "min_mon_release_name": "pacific", "num_mons": 1},
        "osdmap": {
            "epoch": 1, "num_osds": count, "num_up_osds": up, "osd_up_since": 0, "num_in_osds": count,
            "osd_in_since": 0, "num_remapped_pgs": 0,
        },
        "pgmap": {
            "pgs_by_state": [{"state_name": state, "count": pgs}], "num_pgs": pgs, "num_pools": len(pools(shape)),
            "num_objects": held, "data_bytes": data, "bytes_used": used, "bytes_avail": total - used,
            "bytes_total": total,
        },
        "fsmap": {"epoch": 1, "by_rank": [], "up:standby": 0},
        "mgrmap": {"available": True, "num_standbys": 0, "modules": ["iostat"], "services": {}},
        "servicemap": {"epoch": 1, "modified": clock.iso_us(clock.now()), "services": {}},
        "progress_events": {},
    }  # fmt: skip


def _pools(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    """Names, or with `detail` what each pool is."""
    if not asked.get("detail"):
        return [{"poolname": pool.name} for pool in pools(shape)]
    return [
        {
            "pool_id": pool.number, "pool_name": pool.name, "type": 1, "size": pool.target.copies,
            "min_size": pool.target.min_copies, "crush_rule": crush.rule_number(shape, pool.target), "pg_num": 4,
            "pg_placement_num": 4, "quota_max_bytes": 0, "quota_max_objects": 0, "flags_names": "hashpspool",
            "erasure_code_profile": "", "options": {}, "application_metadata": {"rgw": {}},
        }
        for pool in pools(shape)
    ]  # fmt: skip


def _versions(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    osds = len(shape.sites)
    return {
        "mon": {VERSION: 1}, "mgr": {VERSION: 1}, "osd": {VERSION: osds}, "mds": {}, "rgw": {VERSION: 1},
        "overall": {VERSION: osds + 3},
    }  # fmt: skip


COMMANDS: dict[str, Callable[[Store, Shape, Mapping[str, object]], object]] = {
    "df": _df,
    "osd tree": crush.osd_tree,
    "osd df": _osd_df,
    "health": _health,
    "status": _status,
    "osd pool ls": _pools,
    "osd crush rule dump": crush.rules,
    "osd crush dump": crush.crush,
    "versions": _versions,
}
