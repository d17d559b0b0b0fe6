"""vzdump: a backup of guests, and what a backup says of its guest."""

import datetime

from lab.proxmox import arriving, permissions, pruning, volumes
from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.guests import disks, root_size
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

ENDS = {"zstd": ".zst", "gzip": ".gz", "lzo": ".lzo", "1": ".lzo", "0": "", "": ""}
# The order and the names under which the task's first line repeats its parameters.
REPEATED = ("notes-template", "node", "storage", "mode", "compress", "prune-backups", "pool", "all")


def vzdump(call: Call) -> str:
    """Every guest's rights and the storage are checked before; what goes wrong with a guest is in the task."""
    vmids = _chosen(call)
    for vmid in vmids:
        permissions.check(call.state, call.caller, f"/vms/{vmid}", ["VM.Backup"])
    storage = call.text("storage", "local")
    volumes.storage_of(call.world, storage)
    permissions.check(call.state, call.caller, f"/storage/{storage}", ["Datastore.AllocateSpace"])
    if "backup" not in str(call.state["storages"][storage].get("content", "")):
        raise died(f"storage '{storage}' does not support backups")
    said = {name: call.text(name) for name in REPEATED if call.has(name)}
    return call.tasks.start(
        call.caller, call.node, "vzdump", vmids[0] if len(vmids) == 1 else "", "vzdump", seconds=1,
        locks=vmids[0] if len(vmids) == 1 else "", vmids=vmids, storage=storage,
        compress=call.text("compress", "zstd" if call.has("pool") else ""), said=said,
        prune=call.text("prune-backups"), protected=call.flag("protected"), notes=call.text("notes-template"),
    )  # fmt: skip


def _chosen(call: Call) -> list[str]:
    if call.has("vmid"):
        return call.many("vmid")
    if call.has("pool"):
        return sorted(call.state["pools"].get(call.text("pool"), {"vms": []})["vms"], key=int)
    return sorted((vmid for vmid, vm in call.state["vms"].items() if vm["node"] == call.node), key=int)


def begin_vzdump(world: World, task: Data) -> None:
    args, log = task["args"], task["log"]
    words = " ".join(f"--{name} {_quoted(value)}" for name, value in args["said"].items())
    log.append(f"INFO: starting new backup job: vzdump {' '.join(args['vmids'])} {words}")
    arriving.need_server(world, args["storage"])
    failed = False
    for vmid in args["vmids"]:
        log.append(f"INFO: Starting Backup of VM {vmid} (qemu)")
        log.append(f"INFO: Backup started at {_moment(world)}")
        vm = world.state["vms"].get(vmid)
        log.append(f"INFO: status = {vm['status'] if vm else 'stopped'}")
        fault = (
            f"unable to find VM '{vmid}'" if vm is None else f"VM is locked ({vm['lock']})" if vm["lock"] else ""
        )
        if fault:
            failed = True
            log += [f"ERROR: Backup of VM {vmid} failed - {fault}", f"INFO: Failed at {_moment(world)}"]
    if failed:
        log.append("INFO: Backup job finished with errors")
        raise TaskFailed("job errors")
    for vmid in args["vmids"]:
        arriving.begin(world, args["storage"], vmid, int(task["start"]))


def undo_vzdump(world: World, task: Data) -> None:
    """A backup that broke off is removed there when its connection ends."""
    for vmid in task["args"]["vmids"]:
        arriving.drop(world, task["args"]["storage"], vmid, int(task["start"]))


def _quoted(value: str) -> str:
    return f"'{value}'" if set(value) & set("{} ") else value


def _moment(world: World) -> str:
    return datetime.datetime.fromtimestamp(world.clock.now(), datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def finish_vzdump(world: World, task: Data) -> None:
    """Named after the moment of its beginning; older ones go as the rule says."""
    args = task["args"]
    for vmid in args["vmids"]:
        if vmid not in world.state["vms"]:
            raise TaskFailed("job errors")
        volid = _archive_name(world, task, vmid)
        _archive(world, task, vmid, volid)
        task["log"].append(f"INFO: Finished Backup of VM {vmid} (00:00:01)")
        if args["prune"]:
            _prune(world, task["node"], args["storage"], vmid, pruning.rules_in(args["prune"]))
    task["log"].append("INFO: Backup job finished successfully")


def _archive_name(world: World, task: Data, vmid: str) -> str:
    stamp = datetime.datetime.fromtimestamp(task["start"], datetime.UTC)
    storage = task["args"]["storage"]
    if world.state["storages"][storage]["type"] == "pbs":
        return f"{storage}:backup/vm/{vmid}/{stamp.strftime('%Y-%m-%dT%H:%M:%SZ')}"
    end = ENDS.get(task["args"]["compress"], "")
    return f"{storage}:backup/vzdump-qemu-{vmid}-{stamp.strftime('%Y_%m_%d-%H_%M_%S')}.vma{end}"


def _archive(world: World, task: Data, vmid: str, volid: str) -> None:
    args, vm = task["args"], world.vm(vmid)
    size = root_size(vm["config"])
    # An empty disk compresses to next to nothing; without compression it is all there.
    size = 4096 + size // 65_536 if args["compress"] else size + 465
    volume = volumes.add(
        world, task["node"], volid, "backup", size, vmid=int(vmid), subtype="qemu", config=dict(vm["config"]),
        protected=int(args["protected"]),
    )  # fmt: skip
    volume["ctime"] = int(task["start"])
    storage = world.state["storages"][args["storage"]]
    if args["notes"]:
        volume["notes"] = args["notes"].replace("{{guestname}}", str(vm["config"].get("name", "")))
    if storage["type"] == "pbs":
        volume["format"] = "pbs-vm"
        arriving.end(world, args["storage"], vmid, volume)


def _prune(world: World, node: str, storage: str, vmid: str, rules: pruning.Rules) -> None:
    mine = [
        volume for volume in world.state["volumes"].values()
        if volume["storage"] == storage and volume["content"] == "backup" and volume["vmid"] == int(vmid)
    ]  # fmt: skip
    for volid, mark in pruning.marks(mine, rules).items():
        if mark == "remove":
            volumes.remove(world, node, volid)


def extract_config(call: Call) -> str:
    """The configuration as the archive holds it, with a line for each disk in it."""
    volid = call.text("volume")
    volume = volumes.find(call.world, call.node, volid)
    if volume is None or volume["content"] != "backup":
        raise died(f"volume '{volid}' does not exist")
    permissions.check(call.state, call.caller, f"/vms/{volume['vmid']}", ["VM.Backup"])
    lines = [f"{name}: {volume['config'][name]}" for name in sorted(volume["config"])]
    for name, parts in disks(volume["config"]):
        file = parts["file"]
        lines.append(f"#qmdump#map:{name}:drive-{name}:{file.partition(':')[0]}:{volumes.format_of(file)}:")
    return "\n".join([*lines, ""])
