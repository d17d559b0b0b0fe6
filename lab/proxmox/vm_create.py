"""A new guest: from nothing, from an image (`import-from`), or from a backup (`archive`)."""

import uuid

from lab.proxmox import permissions, vm_disks, vm_rights, volumes
from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.guests import DISK, NET, UNUSED, cores, figures, options, running, size_bytes, written
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

QEMU = "10.0.13"


def create_vm(call: Call) -> str:
    """The VMID is taken at once; the disks, and what goes wrong with them, come in the task."""
    vmid = call.text("vmid")
    pool = call.text("pool")
    if call.has("archive"):
        return _restore(call, vmid, pool)
    vm_rights.need_allocate(call, vmid, pool)
    config = call.without(*vm_rights.NO_LINES)
    _check_pool(call, pool)
    vm_rights.check_lines(call, vmid, list(config), pool)
    _check_networks(call, config)
    vm_disks.check_wanted(call, config)
    _take_vmid(call, vmid, "create")
    _place(call, vmid, pool, "create")
    return call.tasks.start(
        call.caller, call.node, "qmcreate", vmid, "create", locks=vmid, vmid=vmid, config=config,
        start=call.flag("start"),
    )  # fmt: skip


def _check_pool(call: Call, pool: str) -> None:
    if pool and pool not in call.state["pools"]:
        raise died(f"pool '{pool}' does not exist")


def _check_networks(call: Call, config: Data) -> None:
    for name, value in config.items():
        if NET.fullmatch(name):
            vm_rights.need_bridge(call, str(value))


def _take_vmid(call: Call, vmid: str, act: str) -> None:
    taken = call.state["vms"].get(vmid)
    if taken:
        raise died(f"unable to {act} VM {vmid} - VM {vmid} already exists on node '{taken['node']}'")


def _place(call: Call, vmid: str, pool: str, lock: str) -> None:
    call.state["vms"][vmid] = blank(call.world, call.node, lock)
    if pool:
        call.state["pools"][pool]["vms"].append(vmid)


def blank(world: World, node: str, lock: str) -> Data:
    return {
        "node": node, "config": {}, "pending": {}, "snapshots": {}, "status": "stopped", "since": 0, "lock": lock,
        "created": world.clock.now(), "firewall": {"options": {}, "rules": []}, "pid": 0,
    }  # fmt: skip


def finish_create(world: World, task: Data) -> None:
    vmid = task["args"]["vmid"]
    vm = world.vm(vmid)
    wanted = {name: stored(value) for name, value in task["args"]["config"].items()}
    try:
        made = vm_disks.make(world, vm["node"], vmid, wanted)
    except TaskFailed as failed:
        forget(world, vmid)
        raise TaskFailed(f"unable to create VM {vmid} - {failed}") from None
    vm["config"] = {**finished(world, made), "smbios1": f"uuid={uuid.uuid4()}", "vmgenid": str(uuid.uuid4())}
    vm["config"]["meta"] = f"creation-qemu={QEMU},ctime={int(task['start'])}"
    vm["lock"] = ""
    if task["args"]["start"]:
        switch_on(world, vm)


def undo_create(world: World, task: Data) -> None:
    """A creation that was made to fail takes its VMID with it."""
    forget(world, task["args"]["vmid"])


def stored(value: object) -> object:
    return value if isinstance(value, int) else str(value)


def finished(world: World, config: Data) -> Data:
    """With an address on every network card that was given none."""
    return {name: with_mac(world, str(value)) if NET.fullmatch(name) else value for name, value in config.items()}


def with_mac(world: World, value: str) -> str:
    parts = options(value, "model")
    if "model" not in parts:
        return value
    model = parts.pop("model")
    mac = parts.pop("macaddr", None) or mac_address(world)
    return ",".join(filter(None, [f"{model}={mac}", written(parts)]))


def mac_address(world: World) -> str:
    """In Proxmox's own range."""
    return "BC:24:11:" + ":".join(f"{world.dice.randrange(256):02X}" for _ in range(3))


def switch_on(world: World, vm: Data) -> None:
    vm["status"], vm["since"], vm["pid"] = "running", world.clock.now(), 2000 + world.state.next_number()
    vm["config"].update({name: value for name, value in vm["pending"].items() if value is not None})
    vm["pending"] = {}


def forget(world: World, vmid: str) -> None:
    """The guest and its place in pools; grants to it stay, as the real ones do without `purge`."""
    world.state["vms"].pop(vmid, None)
    for pool in world.state["pools"].values():
        pool["vms"] = [one for one in pool["vms"] if one != vmid]


def _restore(call: Call, vmid: str, pool: str) -> str:
    """Over an existing guest only with `force`, and only one that is off."""
    archive = call.text("archive")
    taken = call.state["vms"].get(vmid)
    if not (taken and call.flag("force")):
        vm_rights.need_allocate(call, vmid, pool)
    else:
        vm_rights.need(call, vmid, "VM.Backup", pool)
    _check_pool(call, pool)
    backup = volumes.find(call.world, call.node, archive)
    if backup is None:
        raise died(f"volume '{archive}' does not exist")
    storage = call.text("storage")
    if storage:
        vm_rights.need_space(call, storage)
    if taken and not call.flag("force"):
        _take_vmid(call, vmid, "restore")
    if taken and running(taken):
        raise died(f"unable to restore VM {vmid} - VM is running")
    if taken:
        taken["lock"] = "create"
    else:
        _place(call, vmid, pool, "create")
    return call.tasks.start(
        call.caller, call.node, "qmrestore", vmid, "restore", seconds=1, locks=vmid, vmid=vmid, archive=archive,
        storage=storage, unique=call.flag("unique"), start=call.flag("start"),
    )  # fmt: skip


def finish_restore(world: World, task: Data) -> None:
    args = task["args"]
    vmid = args["vmid"]
    vm = world.vm(vmid)
    backup = volumes.find(world, vm["node"], args["archive"])
    if backup is None:
        forget(world, vmid)
        raise TaskFailed(f"volume '{args['archive']}' does not exist")
    vm_disks.drop_all(world, vm, vmid)
    config = {name: value for name, value in backup["config"].items() if not UNUSED.fullmatch(name)}
    for name, value in list(config.items()):
        if DISK.fullmatch(name):
            config[name] = _restored_disk(world, vm["node"], vmid, str(value), args["storage"])
        elif NET.fullmatch(name) and args["unique"]:
            config[name] = _fresh_mac(world, str(value))
    config["vmgenid"] = str(uuid.uuid4())
    vm.update(config=config, pending={}, snapshots={}, lock="")
    if args["start"]:
        switch_on(world, vm)


def _restored_disk(world: World, node: str, vmid: str, value: str, storage: str) -> str:
    parts = options(value, "file")
    if ":" not in parts["file"] or parts.get("media") == "cdrom":
        return value
    where = storage or parts["file"].partition(":")[0]
    size = parts.get("size", "0")

    name = volumes.disk_name(world, node, where, vmid, volumes.format_of(parts["file"]))
    volumes.add(world, node, name, "images", size_bytes(size), vmid=int(vmid))
    return written({**parts, "file": name}, "file")


def _fresh_mac(world: World, value: str) -> str:
    first, comma, rest = value.partition(",")
    return f"{first.partition('=')[0]}={mac_address(world)}{comma}{rest}"


def list_vms(call: Call) -> list[Data]:

    shown = []
    for vmid, vm in sorted(call.state["vms"].items(), key=lambda pair: int(pair[0])):
        if vm["node"] != call.node or not permissions.may(call.state, call.caller, f"/vms/{vmid}", "VM.Audit"):
            continue
        lock = {"lock": vm["lock"]} if vm["lock"] else {}
        shown.append({**figures(call.world, vmid), "cpus": cores(vm["config"]), **lock})
    return shown
