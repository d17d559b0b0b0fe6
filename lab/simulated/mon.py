"""Mon commands as JSON over HTTP: what python-rados' `mon_command` returns, without RADOS' wire.

One OSD a site, so that losing a site is losing an OSD; pools are the placement targets' data pools.
"""

import json
from collections.abc import Callable, Mapping

from lab.simulated import buckets, clock
from lab.simulated.calls import Call
from lab.simulated.errors import Refused
from lab.simulated.shape import GIB, Shape, Site, Target
from lab.simulated.store import Store
from lab.simulated.web import Answer

VERSION = "ceph version 16.2.15 (618f440892089921c3e944a991122ddc44e60516) pacific (stable)"
FSID = "00000000-0000-4000-8000-000000000001"
# Ids of CRUSH buckets are negative: root, then a datacenter and a host a site.
ROOT_ID = -1


def sites_down(store: Store) -> frozenset[str]:
    """Codes of the sites that Control has taken down."""
    return frozenset(filter(None, store.setting("sites_down").split(",")))


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
    total = sum(site.storage_gib for site in shape.sites) * GIB
    spent = sum(used.values())
    raw = {
        "total_bytes": total, "total_avail_bytes": total - spent, "total_used_bytes": spent,
        "total_used_raw_bytes": spent, "total_used_raw_ratio": spent / total,
    }  # fmt: skip
    counts = {"num_osds": len(shape.sites), "num_per_pool_osds": 0, "num_per_pool_omap_osds": 0}
    detail = bool(asked.get("detail"))
    pools = [
        _pool_stats(store, shape, used, target, number, detail) for number, target in enumerate(shape.targets, 1)
    ]
    return {"stats": {**raw, **counts}, "stats_by_class": {"hdd": raw}, "pools": pools}


def _pool_stats(
    store: Store, shape: Shape, used: Mapping[str, int], target: Target, number: int, detail: bool
) -> dict[str, object]:
    mine = [bucket for bucket in buckets.all_buckets(store) if bucket.placement == target.id]
    stored, held = sum(one.size for one in mine), sum(one.objects for one in mine)
    spent = sum(one.size_actual for one in mine) * target.copies
    free = min(site.storage_gib * GIB - used[site.code] for site in shape.sites if site.code in target.sites)
    stats: dict[str, object] = {
        "stored": stored, "objects": held, "kb_used": -(-spent // 1024), "bytes_used": spent,
        "percent_used": spent / max(1, spent + free), "max_avail": free,
    }  # fmt: skip
    if detail:
        zero = "stored_omap omap_bytes_used quota_objects quota_bytes dirty rd rd_bytes wr wr_bytes compress_bytes_used compress_under_bytes"
        stats |= {
            "stored_data": stored,
            "data_bytes_used": spent,
            "stored_raw": spent,
            "avail_raw": free * target.copies,
        }
        stats |= dict.fromkeys(zero.split(), 0)
    return {"name": pool_name(target), "id": number, "stats": stats}


def pool_name(target: Target) -> str:
    return f"rgw.{target.id}.data"


def _osd_tree(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    down = sites_down(store)
    places = [(-2 - 2 * number, -3 - 2 * number) for number in range(len(shape.sites))]
    root = {"id": ROOT_ID, "name": "default", "type": "root", "type_id": 11, "children": [dc for dc, _ in places]}
    nodes: list[dict[str, object]] = [root]
    for number, (site, (dc, host)) in enumerate(zip(shape.sites, places, strict=True)):
        nodes.append(
            {
                "id": dc,
                "name": site.code,
                "type": "datacenter",
                "type_id": 8,
                "pool_weights": {},
                "children": [host],
            }
        )
        nodes.append(
            {
                "id": host,
                "name": f"host-{site.code}",
                "type": "host",
                "type_id": 1,
                "pool_weights": {},
                "children": [number],
            }
        )
        status = {
            "exists": 1,
            "status": "down" if site.code in down else "up",
            "reweight": 1,
            "primary_affinity": 1,
        }
        nodes.append({**_osd(number, site, depth=3), **status})
    return {"nodes": nodes, "stray": []}


def _osd(number: int, site: Site, depth: int) -> dict[str, object]:
    # CRUSH weights are TiB.
    weight = site.storage_gib / 1024
    return {
        "id": number, "device_class": "hdd", "name": f"osd.{number}", "type": "osd", "type_id": 0,
        "crush_weight": weight, "depth": depth, "pool_weights": {},
    }  # fmt: skip


def _osd_df(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    used, down = _used(store, shape), sites_down(store)
    nodes = []
    for number, site in enumerate(shape.sites):
        kib, spent = site.storage_gib * GIB // 1024, -(-used[site.code] // 1024)
        figures = {
            "reweight": 1, "kb": kib, "kb_used": spent, "kb_used_data": spent, "kb_used_omap": 0, "kb_used_meta": 0,
            "kb_avail": kib - spent, "utilization": 100 * spent / kib, "var": 1, "pgs": 8,
            "status": "down" if site.code in down else "up",
        }  # fmt: skip
        nodes.append({**_osd(number, site, depth=3), **figures})
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
    down = [site.code for site in shape.sites if site.code in sites_down(store)]
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
    up = len(shape.sites) - len(sites_down(store))
    used = sum(_used(store, shape).values())
    total = sum(site.storage_gib for site in shape.sites) * GIB
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
            "pgs_by_state": [{"state_name": state, "count": pgs}], "num_pgs": pgs, "num_pools": len(shape.targets),
            "num_objects": held, "data_bytes": data, "bytes_used": used, "bytes_avail": total - used,
            "bytes_total": total,
        },
        "fsmap": {"epoch": 1, "by_rank": [], "up:standby": 0},
        "mgrmap": {"available": True, "num_standbys": 0, "modules": ["iostat"], "services": {}},
        "servicemap": {"epoch": 1, "modified": clock.iso_us(clock.now()), "services": {}},
        "progress_events": {},
    }  # fmt: skip


def _pools(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    return [
        {
            "pool_id": number, "pool_name": pool_name(target), "type": 1, "size": target.copies,
            "min_size": target.min_copies, "crush_rule": number, "pg_num": 8, "pg_placement_num": 8,
            "quota_max_bytes": 0, "quota_max_objects": 0, "flags_names": "hashpspool", "erasure_code_profile": "",
            "options": {}, "application_metadata": {"rgw": {}},
        }
        for number, target in enumerate(shape.targets, 1)
    ]  # fmt: skip


def _rules(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    """A rule a target: one copy in each of its sites, taken by name."""
    rules = []
    for number, target in enumerate(shape.targets, 1):
        steps: list[dict[str, object]] = []
        for code in target.sites:
            place = -2 - 2 * [site.code for site in shape.sites].index(code)
            steps += [{"op": "take", "item": place, "item_name": code}]
            steps += [{"op": "chooseleaf_firstn", "num": 1, "type": "host"}, {"op": "emit"}]
        rules.append(
            {
                "rule_id": number,
                "rule_name": target.id,
                "ruleset": number,
                "type": 1,
                "min_size": 1,
                "max_size": 10,
                "steps": steps,
            }
        )
    return rules


def _crush(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    kinds = ["osd", "host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region", "root"]
    return {
        "devices": [{"id": number, "name": f"osd.{number}", "class": "hdd"} for number in range(len(shape.sites))],
        "types": [{"type_id": number, "name": name} for number, name in enumerate(kinds)],
        "buckets": _crush_buckets(shape),
        "rules": _rules(store, shape, asked),
        "tunables": {"profile": "jewel", "optimal_tunables": 1},
        "choose_args": {},
    }


def _crush_buckets(shape: Shape) -> list[dict[str, object]]:
    # Weights in CRUSH's fixed point: 65536 is 1 TiB.
    weights = [site.storage_gib * 64 for site in shape.sites]
    fixed = {"alg": "straw2", "hash": "rjenkins1"}
    dcs = [{"id": -2 - 2 * n, "weight": weight, "pos": n} for n, weight in enumerate(weights)]
    shown: list[dict[str, object]] = [
        {
            "id": ROOT_ID,
            "name": "default",
            "type_id": 11,
            "type_name": "root",
            "weight": sum(weights),
            **fixed,
            "items": dcs,
        }
    ]
    for n, (site, weight) in enumerate(zip(shape.sites, weights, strict=True)):
        host = [{"id": -3 - 2 * n, "weight": weight, "pos": 0}]
        osd = [{"id": n, "weight": weight, "pos": 0}]
        shown.append(
            {
                "id": -2 - 2 * n,
                "name": site.code,
                "type_id": 8,
                "type_name": "datacenter",
                "weight": weight,
                **fixed,
                "items": host,
            }
        )
        shown.append(
            {
                "id": -3 - 2 * n,
                "name": f"host-{site.code}",
                "type_id": 1,
                "type_name": "host",
                "weight": weight,
                **fixed,
                "items": osd,
            }
        )
    return shown


def _versions(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    osds = len(shape.sites)
    return {
        "mon": {VERSION: 1}, "mgr": {VERSION: 1}, "osd": {VERSION: osds}, "mds": {}, "rgw": {VERSION: 1},
        "overall": {VERSION: osds + 3},
    }  # fmt: skip


COMMANDS: dict[str, Callable[[Store, Shape, Mapping[str, object]], object]] = {
    "df": _df,
    "osd tree": _osd_tree,
    "osd df": _osd_df,
    "health": _health,
    "status": _status,
    "osd pool ls": _pools,
    "osd crush rule dump": _rules,
    "osd crush dump": _crush,
    "versions": _versions,
}
