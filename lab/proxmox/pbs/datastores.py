"""Datastores and the namespaces in them. What is pruned takes its space until garbage is collected."""

from lab.proxmox.errors import Refused
from lab.proxmox.pbs.access import exists, missing
from lab.proxmox.pbs.rights import held, need
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

# What a datastore has unless the harness puts another `total`, bytes.
TOTAL = 8 << 40
INTERNAL = ("garbage", "total", "collected")


def of(world: World, name: str) -> Data:
    found: Data | None = world.state["datastores"].get(name)
    if found is None:
        raise missing(f"datastore '{name}'")
    return found


def path_of(store: str, namespace: str) -> str:
    """Where grants on it lie."""
    return f"/datastore/{store}" + (f"/{namespace}" if namespace else "")


def sees(call: Call, store: str, namespace: str = "") -> bool:
    return bool(held(call.state, call.caller, path_of(store, namespace)) & {"Datastore.Audit", "Datastore.Backup"})


def list_config(call: Call) -> list[Data]:
    return [_config(call, name) for name in sorted(call.state["datastores"]) if sees(call, name)]


def get_config(call: Call) -> Data:
    of(call.world, call.text("name"))
    return _config(call, call.text("name"))


def _config(call: Call, name: str) -> Data:
    kept = call.state["datastores"][name]
    return {"name": name, **{key: value for key, value in kept.items() if key not in INTERNAL}}


def create(call: Call) -> str:
    name = call.text("name")
    if name in call.state["datastores"]:
        raise exists("name", f"datastore '{name}'")
    return call.tasks.start(
        call.caller, call.node, "create-datastore", name, "create_datastore", seconds=0, name=name,
        config=call.without("name", "reuse-datastore", "overwrite-in-use"),
    )  # fmt: skip


def finish_create(world: World, task: Data) -> None:
    world.state["datastores"][task["args"]["name"]] = {"garbage": 0, **task["args"]["config"]}


def update(call: Call) -> None:
    kept = of(call.world, call.text("name"))
    for name in call.many("delete"):
        kept.pop(name, None)
    kept |= call.without("name", "delete", "digest")


def delete(call: Call) -> str:
    name = call.text("name")
    of(call.world, name)
    return call.tasks.start(
        call.caller, call.node, "delete-datastore", name, "delete_datastore", name=name,
        keep_jobs=call.flag("keep-job-configs"),
    )  # fmt: skip


def finish_delete(world: World, task: Data) -> None:
    """With its jobs, unless they are to stay; its files too, as nothing else could find them here."""
    name = task["args"]["name"]
    world.state["datastores"].pop(name, None)
    for section in ("namespaces", "snapshots"):
        for key in [key for key, one in world.state[section].items() if one["store"] == name]:
            del world.state[section][key]
    for section in () if task["args"]["keep_jobs"] else ("sync", "prune", "verify"):
        for key in [key for key, one in world.state[section].items() if one["store"] == name]:
            del world.state[section][key]


def list_stores(call: Call) -> list[Data]:
    mine = [name for name in sorted(call.state["datastores"]) if sees(call, name)]
    return [stored(call.world, name) for name in mine]


def stored(world: World, name: str) -> Data:
    shown: Data = {"store": name, "mount-status": "nonremovable", "backend-type": "filesystem"}
    comment = world.state["datastores"][name].get("comment")
    return {**shown, **({"comment": comment} if comment else {})}


def status(call: Call) -> Data:
    name = call.text("store")
    kept = of(call.world, name)
    need(call.state, call.caller, f"/datastore/{name}", "Datastore.Audit", "Datastore.Backup")
    total, used = int(kept.get("total", TOTAL)), used_bytes(call.world, name)
    return {"total": total, "used": used, "avail": total - used, "backend-type": "filesystem"}


def usage(call: Call) -> list[Data]:
    shown = []
    for name in sorted(call.state["datastores"]):
        total = int(call.state["datastores"][name].get("total", TOTAL))
        used = used_bytes(call.world, name)
        if sees(call, name):
            figures = {"total": total, "used": used, "avail": total - used}
            shown.append({"store": name, **figures, "mount-status": "nonremovable", "backend-type": "filesystem"})
    return shown


def used_bytes(world: World, name: str) -> int:
    """Snapshots, and what was removed and not collected yet; nothing is shared between snapshots here."""
    held_now = sum(int(one["size"]) for one in world.state["snapshots"].values() if one["store"] == name)
    return held_now + int(world.state["datastores"][name].get("garbage", 0))


def collect(call: Call) -> str:
    of(call.world, call.text("store"))
    return call.tasks.start(
        call.caller,
        call.node,
        "garbage_collection",
        call.text("store"),
        "collect",
        seconds=1,
        store=call.text("store"),
    )


def finish_collect(world: World, task: Data) -> None:
    kept = world.state["datastores"].get(task["args"]["store"])
    if kept:
        kept["collected"] = {"removed": int(kept["garbage"]), "upid": task["upid"]}
        kept["garbage"] = 0


def collection(call: Call) -> Data:
    name = call.text("store")
    kept = of(call.world, name)
    last = kept.get("collected", {})
    used = used_bytes(call.world, name)
    figures = dict.fromkeys(
        ("disk-chunks", "index-file-count", "pending-chunks", "removed-bad", "removed-chunks"), 0
    )
    figures |= {"still-bad": 0, "disk-bytes": used, "index-data-bytes": used, "pending-bytes": int(kept["garbage"])}
    upid = {"upid": last["upid"], "last-run-state": "OK"} if last else {}
    return {"store": name, **figures, "removed-bytes": int(last.get("removed", 0)), **upid}


def list_namespaces(call: Call) -> list[Data]:
    """Those below `parent` that the caller may see, and the root, whose name is empty."""
    store, parent = call.text("store"), call.text("parent")
    of(call.world, store)
    names = ["", *sorted(one["ns"] for one in call.state["namespaces"].values() if one["store"] == store)]
    below = [name for name in names if not parent or name == parent or name.startswith(f"{parent}/")]
    return [{"ns": name} for name in below if sees(call, store, name)]


def create_namespace(call: Call) -> str:
    """One level a call: `name` inside `parent`, which must be there."""
    store, parent, name = call.text("store"), call.text("parent"), call.text("name")
    of(call.world, store)
    need(call.state, call.caller, path_of(store, parent), "Datastore.Modify")
    whole = f"{parent}/{name}" if parent else name
    if parent and f"{store}:{parent}" not in call.state["namespaces"]:
        raise Refused(400, f"parent namespace '{parent}' does not exist")
    if f"{store}:{whole}" in call.state["namespaces"]:
        raise Refused(400, f"namespace '{whole}' already exists")
    call.state["namespaces"][f"{store}:{whole}"] = {"store": store, "ns": whole}
    return whole


def need_namespace(world: World, store: str, namespace: str) -> None:
    of(world, store)
    if namespace and f"{store}:{namespace}" not in world.state["namespaces"]:
        raise missing(f"namespace '{namespace}'")


def delete_namespace(call: Call) -> None:
    """With what is below it; backups in it only with `delete-groups`, and protected ones never."""
    store, namespace = call.text("store"), call.text("ns")
    need_namespace(call.world, store, namespace)
    need(call.state, call.caller, path_of(store, namespace.rpartition("/")[0]), "Datastore.Modify")
    inside = [
        key for key, one in call.state["snapshots"].items() if one["store"] == store and within(one, namespace)
    ]
    if inside and not call.flag("delete-groups"):
        raise Refused(400, f"cannot remove namespace '{namespace}': it is not empty")
    if any(call.state["snapshots"][key]["protected"] for key in inside):
        raise Refused(400, f"cannot remove namespace '{namespace}': it has protected snapshots")
    for key in inside:
        drop(call.world, key)
    for key in [
        key for key, one in call.state["namespaces"].items() if one["store"] == store and within(one, namespace)
    ]:
        del call.state["namespaces"][key]


def within(one: Data, namespace: str) -> bool:
    return not namespace or one["ns"] == namespace or one["ns"].startswith(f"{namespace}/")


def drop(world: World, key: str) -> None:
    """A snapshot goes; its bytes stay until the next collection."""
    gone = world.state["snapshots"].pop(key)
    store = world.state["datastores"].get(gone["store"])
    if store:
        store["garbage"] = int(store.get("garbage", 0)) + int(gone["size"])
