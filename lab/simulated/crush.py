"""The CRUSH map as mon commands show it: a root, a datacenter a site, a host and an OSD in each."""

from collections.abc import Mapping

from lab.marche import Target
from lab.simulated.shape import Shape
from lab.simulated.store import Store

# Ids of CRUSH buckets are negative: root, then a datacenter and a host a site.
ROOT_ID = -1
FIRST_RULE = 10


def sites_down(store: Store) -> frozenset[str]:
    """Codes of the sites that Control has taken down."""
    return frozenset(filter(None, store.setting("sites_down").split(",")))


def osd_tree(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
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
        nodes.append({**osd(number, shape, depth=3), **status})
    return {"nodes": nodes, "stray": []}


def osd(number: int, shape: Shape, depth: int) -> dict[str, object]:
    # CRUSH weights are TiB.
    weight = shape.site_gib / 1024
    return {
        "id": number, "device_class": "hdd", "name": f"osd.{number}", "type": "osd", "type_id": 0,
        "crush_weight": weight, "depth": depth, "pool_weights": {},
    }  # fmt: skip


def rule_number(shape: Shape, target: Target) -> int:
    """Rule 0 is the cluster's own."""
    return FIRST_RULE + shape.targets.index(target)


def rules(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    """A rule a target: one copy in each of its sites, taken by name; all sites are the root's datacenters."""
    found = []
    for target in shape.targets:
        number = rule_number(shape, target)
        steps: list[dict[str, object]] = []
        for code in target.sites:
            place = -2 - 2 * [site.code for site in shape.sites].index(code)
            steps += [{"op": "take", "item": place, "item_name": code}]
            steps += [{"op": "chooseleaf_firstn", "num": 1, "type": "host"}, {"op": "emit"}]
        if target.copies == len(shape.sites):
            steps = [
                {"op": "take", "item": ROOT_ID, "item_name": "default"},
                {"op": "chooseleaf_firstn", "num": 0, "type": "datacenter"},
                {"op": "emit"},
            ]
        head = {"rule_id": number, "rule_name": target.id, "ruleset": number, "type": 1}
        found.append({**head, "min_size": 1, "max_size": 10, "steps": steps})
    return found


def crush(store: Store, shape: Shape, asked: Mapping[str, object]) -> object:
    kinds = ["osd", "host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region", "root"]
    return {
        "devices": [{"id": number, "name": f"osd.{number}", "class": "hdd"} for number in range(len(shape.sites))],
        "types": [{"type_id": number, "name": name} for number, name in enumerate(kinds)],
        "buckets": _crush_buckets(shape),
        "rules": rules(store, shape, asked),
        "tunables": {"profile": "jewel", "optimal_tunables": 1},
        "choose_args": {},
    }


def _crush_buckets(shape: Shape) -> list[dict[str, object]]:
    # Weights in CRUSH's fixed point: 65536 is 1 TiB.
    weights = [shape.site_gib * 64] * len(shape.sites)
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
