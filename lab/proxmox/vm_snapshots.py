"""Snapshots of guests. One that failed leaves `lock: snapshot`, which only a ticket of root's clears."""

from lab.proxmox import volumes
from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.guests import config_digest, disks, fail_locked, running
from lab.proxmox.state import Data
from lab.proxmox.vm_power import switch_off
from lab.proxmox.world import Call, World


def list_snapshots(call: Call) -> list[Data]:
    vm = call.vm
    shown = []
    for name, kept in vm["snapshots"].items():
        entry = {
            "name": name,
            "description": kept["description"],
            "snaptime": kept["time"],
            "vmstate": kept["vmstate"],
        }
        entry |= {key: kept[key] for key in ("snapstate", "parent") if kept.get(key)}
        shown.append(entry)
    now: Data = {"name": "current", "description": "You are here!", "running": int(running(vm))}
    parent = {"parent": vm["parent"]} if vm.get("parent") else {}
    return [*shown, {**now, **parent, "digest": config_digest(vm)}]


def create(call: Call) -> str:
    vmid, vm = call.text("vmid"), call.vm
    name = call.text("snapname")
    if name == "current":
        raise died("unable to use snapshot name 'current' (reserved name)")
    # A running guest's memory is what takes its time.
    seconds = 3.0 if running(vm) else 0.5
    args = {
        "vmid": vmid,
        "name": name,
        "description": call.text("description"),
        "vmstate": int(call.flag("vmstate")),
    }
    return call.tasks.start(call.caller, call.node, "qmsnapshot", vmid, "snapshot", seconds=seconds, **args)


def begin_create(world: World, task: Data) -> None:
    args = task["args"]
    vm = world.vm(args["vmid"])
    fail_locked(vm)
    if args["name"] in vm["snapshots"]:
        raise TaskFailed(f"snapshot name '{args['name']}' already used")
    if not all(volumes.can_snapshot(world, parts["file"]) for _, parts in disks(vm["config"])):
        raise TaskFailed("snapshot feature is not available")
    vm["lock"] = "snapshot"
    vm["snapshots"][args["name"]] = {
        "description": args["description"], "time": int(world.clock.now()), "vmstate": args["vmstate"],
        "snapstate": "prepare", "config": dict(vm["config"]), "parent": vm.get("parent", ""),
    }  # fmt: skip


def finish_create(world: World, task: Data) -> None:
    vm = world.vm(task["args"]["vmid"])
    name = task["args"]["name"]
    vm["snapshots"][name]["snapstate"] = ""
    vm["lock"], vm["parent"] = "", name


def rollback(call: Call) -> str:
    vmid, name = call.text("vmid"), call.text("snapname")
    call.vm  # noqa: B018  # dies where there is none
    return call.tasks.start(
        call.caller, call.node, "qmrollback", vmid, "rollback", locks=vmid, vmid=vmid, name=name
    )


def begin_rollback(world: World, task: Data) -> None:
    vm = world.vm(task["args"]["vmid"])
    _whole(vm, task["args"]["name"])
    fail_locked(vm)


def finish_rollback(world: World, task: Data) -> None:
    vm = world.vm(task["args"]["vmid"])
    name = task["args"]["name"]
    vm.update(config=dict(vm["snapshots"][name]["config"]), pending={}, parent=name)
    switch_off(vm)


def _whole(vm: Data, name: str) -> None:
    kept = vm["snapshots"].get(name)
    if kept is None:
        raise TaskFailed(f"snapshot '{name}' does not exist")
    if kept["snapstate"]:
        raise TaskFailed(f"unable to rollback to incomplete snapshot (snapstate = {kept['snapstate']})")


def delete(call: Call) -> str:
    vmid, name = call.text("vmid"), call.text("snapname")
    call.vm  # noqa: B018  # dies where there is none
    return call.tasks.start(
        call.caller, call.node, "qmdelsnapshot", vmid, "delete_snapshot", locks=vmid, vmid=vmid, name=name
    )


def begin_delete(world: World, task: Data) -> None:
    vm = world.vm(task["args"]["vmid"])
    if task["args"]["name"] not in vm["snapshots"]:
        raise TaskFailed(f"snapshot '{task['args']['name']}' does not exist")
    fail_locked(vm)


def finish_delete(world: World, task: Data) -> None:
    vm = world.vm(task["args"]["vmid"])
    gone = vm["snapshots"].pop(task["args"]["name"])
    for kept in [vm, *vm["snapshots"].values()]:
        if kept.get("parent") == task["args"]["name"]:
            kept["parent"] = gone["parent"]
