"""Backups in a datastore: listed, protected, verified, pruned, removed."""

from typing import Any

from lab.proxmox import pruning
from lab.proxmox.errors import Refused, TaskFailed
from lab.proxmox.pbs.access import missing
from lab.proxmox.pbs.datastores import drop, need_namespace, path_of, within
from lab.proxmox.pbs.rights import held
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

KEEPS = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
GROUP = ("backup-type", "backup-id")
MANIFEST = "index.json.blob"


def key_of(store: str, namespace: str, kind: str, id: str, time: object) -> str:
    return f"{store}:{namespace}:{kind}/{id}/{time}"


def put(
    world: World, store: str, namespace: str, kind: str, id: str, time: int, size: int, owner: str, **more: Any
) -> None:
    """What a backup client leaves behind; seconds and bytes. `more`: its `files`, and its `comment`."""
    world.state["snapshots"][key_of(store, namespace, kind, id, time)] = {
        "store": store, "ns": namespace, "backup-type": kind, "backup-id": id, "backup-time": time, "size": size,
        "owner": owner, "protected": 0, **more,
    }  # fmt: skip


def _mine(call: Call, *wanted: str) -> list[tuple[str, Data]]:
    """Of the namespace asked about: all with the privilege, one's own with `Datastore.Backup`."""
    store, namespace = call.text("store"), call.text("ns")
    need_namespace(call.world, store, namespace)
    have = held(call.state, call.caller, path_of(store, namespace))
    if not have & {*wanted, "Datastore.Backup"}:
        raise Refused(403, "permission check failed")
    found = []
    for key, one in sorted(call.state["snapshots"].items()):
        here = one["store"] == store and one["ns"] == namespace
        asked = all(call.text(name) in ("", str(one[name])) for name in (*GROUP, "backup-time"))
        if here and asked and (have & set(wanted) or one["owner"] == call.caller.authid):
            found.append((key, one))
    return found


def list_snapshots(call: Call) -> list[Data]:
    return [_shown(one) for _, one in _mine(call, "Datastore.Audit")]


def _shown(one: Data) -> Data:
    """Without a manifest nothing of its size is known: the client is at it, or died at it."""
    names = ("backup-type", "backup-id", "backup-time", "owner", "protected", "verification", "comment")
    files = [file["filename"] for file in files_of(one)]
    size = {"size": one["size"]} if MANIFEST in files else {}
    return {**{name: one[name] for name in names if name in one}, **size, "files": files}


def files_of(one: Data) -> list[Data]:
    """What nobody said of a snapshot is its manifest alone."""
    return list(one.get("files") or [{"filename": MANIFEST}])


def list_groups(call: Call) -> list[Data]:
    groups: dict[tuple[str, str], list[Data]] = {}
    for _, one in _mine(call, "Datastore.Audit"):
        groups.setdefault((one["backup-type"], one["backup-id"]), []).append(one)
    shown = []
    for (kind, id), many in sorted(groups.items()):
        newest = max(many, key=lambda one: int(one["backup-time"]))
        head = {"backup-type": kind, "backup-id": id, "backup-count": len(many), "owner": newest["owner"]}
        shown.append({**head, "last-backup": newest["backup-time"], "files": ["index.json.blob"]})
    return shown


def one_snapshot(call: Call, *wanted: str) -> tuple[str, Data]:
    found = _mine(call, *wanted)
    if len(found) != 1:
        raise missing(f"snapshot '{call.text('backup-type')}/{call.text('backup-id')}/{call.text('backup-time')}'")
    return found[0]


def get_protected(call: Call) -> bool:
    return bool(one_snapshot(call, "Datastore.Audit")[1]["protected"])


def set_protected(call: Call) -> None:
    one_snapshot(call, "Datastore.Modify")[1]["protected"] = int(call.flag("protected"))


def delete_snapshot(call: Call) -> None:
    key, one = one_snapshot(call, "Datastore.Modify", "Datastore.Prune")
    if one["protected"]:
        raise Refused(400, "cannot remove protected snapshot")
    drop(call.world, key)


def delete_group(call: Call) -> Data:
    """Protected snapshots stay, and are counted."""
    found = _mine(call, "Datastore.Modify", "Datastore.Prune")
    if not found:
        raise missing(f"group '{call.text('backup-type')}/{call.text('backup-id')}'")
    kept = [key for key, one in found if one["protected"]]
    if kept and call.flag("error-on-protected", True):
        raise Refused(400, "cannot remove group: it has protected snapshots")
    for key in {key for key, _ in found} - set(kept):
        drop(call.world, key)
    removed = len(found) - len(kept)
    return {"protected-snapshots": len(kept), "removed-groups": int(not kept), "removed-snapshots": removed}


def rules_of(given: Data) -> pruning.Rules:
    return {name: int(given.get(f"keep-{name}") or 0) for name in KEEPS}


def prune_group(call: Call) -> list[Data]:
    found = _mine(call, "Datastore.Modify", "Datastore.Prune")
    kept = marks([one for _, one in found], rules_of(call.given))
    if not call.flag("dry-run"):
        for key, one in found:
            if kept[_name(one)] == "remove":
                drop(call.world, key)
    names = ("backup-type", "backup-id", "backup-time")
    return [{**{name: one[name] for name in names}, "keep": kept[_name(one)] != "remove"} for _, one in found]


def _name(one: Data) -> str:
    return key_of(one["store"], one["ns"], one["backup-type"], one["backup-id"], one["backup-time"])


def marks(group: list[Data], rules: pruning.Rules) -> dict[str, str]:
    as_backups = [{"name": _name(one), "ctime": one["backup-time"], "protected": one["protected"]} for one in group]
    return pruning.marks(as_backups, rules, "name")


def prune_store(call: Call) -> str:
    store, namespace = call.text("store"), call.text("ns")
    need_namespace(call.world, store, namespace)
    have = held(call.state, call.caller, path_of(store, namespace))
    if not have & {"Datastore.Modify", "Datastore.Prune"}:
        raise Refused(403, "permission check failed")
    args: Data = {"store": store, "ns": namespace, "rules": rules_of(call.given), "dry": call.flag("dry-run")}
    return call.tasks.start(call.caller, call.node, "prune", store, "prune", **args)


def finish_prune(world: World, task: Data) -> None:
    """Every group of the namespace and of those below."""
    args = task["args"]
    groups: dict[str, list[Data]] = {}
    for one in world.state["snapshots"].values():
        if one["store"] == args["store"] and within(one, args["ns"]):
            groups.setdefault(f"{one['ns']}:{one['backup-type']}/{one['backup-id']}", []).append(one)
    for group in groups.values():
        for key, mark in marks(group, args["rules"]).items():
            task["log"].append(f"{mark} {key}")
            if mark == "remove" and not args.get("dry"):
                drop(world, key)


def verify(call: Call) -> str:
    store, namespace = call.text("store"), call.text("ns")
    need_namespace(call.world, store, namespace)
    have = held(call.state, call.caller, path_of(store, namespace))
    if not have & {"Datastore.Verify", "Datastore.Backup"}:
        raise Refused(403, "permission check failed")
    args: Data = {
        "store": store,
        "ns": namespace,
        "only": {name: call.text(name) for name in GROUP if call.has(name)},
    }
    return call.tasks.start(call.caller, call.node, "verify", store, "verify", seconds=1, **args)


def finish_verify(world: World, task: Data) -> None:
    """A snapshot is bad when the harness said so (`corrupt`); then the task fails, and each says what it is."""
    args, bad = task["args"], 0
    for one in world.state["snapshots"].values():
        if one["store"] != args["store"] or not within(one, args["ns"]):
            continue
        if any(str(one[name]) != value for name, value in args.get("only", {}).items()):
            continue
        failed = bool(one.get("corrupt"))
        bad += failed
        one["verification"] = {"state": "failed" if failed else "ok", "upid": task["upid"]}
    if bad:
        raise TaskFailed("verification failed - please check the log for details")
