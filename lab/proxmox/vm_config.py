"""A guest's configuration: read, changed at once or by a task, and what waits for the next start."""

from lab.proxmox import vm_disks, vm_rights, volumes
from lab.proxmox.errors import TaskFailed, died, invalid
from lab.proxmox.guests import DISK, NET, config_digest, fail_locked, options, refuse_locked, running
from lab.proxmox.state import Data
from lab.proxmox.vm_create import stored, with_mac
from lab.proxmox.world import Call, World

# What a running guest takes on only when it starts again.
COLD = vm_rights.CPU | vm_rights.HARDWARE | {"memory", "args", "vcpus"}


def get_config(call: Call) -> Data:
    """With what waits for the next start, unless `current`; or as a snapshot kept it."""
    vm = call.vm
    if call.has("snapshot"):
        kept = vm["snapshots"].get(call.text("snapshot"))
        if kept is None:
            raise died(f"snapshot '{call.text('snapshot')}' does not exist")
        return dict(kept["config"])
    waiting = {} if call.flag("current") else vm["pending"]
    shown = {**vm["config"], **{name: value for name, value in waiting.items() if value is not None}}
    lock = {"lock": vm["lock"]} if vm["lock"] else {}
    return {**shown, **lock, "digest": config_digest(vm)}


def get_pending(call: Call) -> list[Data]:
    vm = call.vm
    shown: list[Data] = []
    for name in sorted({*vm["config"], *vm["pending"]}):
        entry: Data = {"key": name}
        if name in vm["config"]:
            entry["value"] = vm["config"][name]
        if name in vm["pending"]:
            value = vm["pending"][name]
            entry |= {"delete": 1} if value is None else {"pending": value}
        shown.append(entry)
    return [*shown, {"key": "digest", "value": config_digest(vm)}]


def put_config(call: Call) -> None:
    """Changes at once, after it has had the guest's lock file."""
    _prepare(call)
    vm = call.vm
    _apply(call.world, call.text("vmid"), vm, _set_lines(call), call.many("delete"))


def post_config(call: Call) -> str:
    """The same by a task, for what may take its time (disks)."""
    _prepare(call)
    vmid = call.text("vmid")
    return call.tasks.start(
        call.caller, call.node, "qmconfig", vmid, "config", seconds=0.3, locks=vmid, vmid=vmid,
        lines=_set_lines(call), delete=call.many("delete"),
    )  # fmt: skip


def _prepare(call: Call) -> None:
    """Refusals in the order of the real call: root's own switch, rights, digest, lock."""
    if call.has("skiplock") and not call.caller.is_root:
        raise invalid(skiplock="Only root may use this option.")
    vm = call.vm
    vmid, lines = call.text("vmid"), _set_lines(call)
    vm_rights.check_lines(call, vmid, [*lines, *call.many("delete")])
    for name, value in lines.items():
        if NET.fullmatch(name):
            vm_rights.need_bridge(call, str(value))
    vm_disks.check_wanted(call, lines)
    call.need_digest(config_digest(vm))
    if not call.flag("skiplock"):
        refuse_locked(vm)


def _set_lines(call: Call) -> Data:
    return {name: stored(value) for name, value in call.without(*vm_rights.NO_LINES).items()}


def begin_config(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_config(world: World, task: Data) -> None:
    args = task["args"]
    _apply(world, args["vmid"], world.vm(args["vmid"]), args["lines"], args["delete"])


def _apply(world: World, vmid: str, vm: Data, lines: Data, delete: list[str]) -> None:
    for name in delete:
        _delete_line(world, vm, name)
    if "lock" in lines:
        vm["lock"] = lines.pop("lock")
    try:
        made = vm_disks.make(world, vm["node"], vmid, lines)
    except TaskFailed as failed:
        raise died(str(failed)) from None
    for name, value in made.items():
        if DISK.fullmatch(name):
            _let_go(vm, name)
        # A card that is described again without an address gets a new one, as there.
        _set_line(vm, name, with_mac(world, str(value)) if NET.fullmatch(name) else value)


def _set_line(vm: Data, name: str, value: object) -> None:
    vm["pending"].pop(name, None)
    if running(vm) and name in COLD and vm["config"].get(name) != value:
        vm["pending"][name] = value
    else:
        vm["config"][name] = value


def _delete_line(world: World, vm: Data, name: str) -> None:
    if name == "lock":
        vm["lock"] = ""
        return
    vm["pending"].pop(name, None)
    if running(vm) and name in COLD and name in vm["config"]:
        vm["pending"][name] = None
        return
    if name.startswith("unused") and name in vm["config"]:
        volumes.remove(world, vm["node"], vm["config"][name])
    if DISK.fullmatch(name):
        _let_go(vm, name)
    vm["config"].pop(name, None)


def _let_go(vm: Data, name: str) -> None:
    before = options(str(vm["config"].get(name, "")), "file")
    if ":" in before.get("file", "") and before.get("media") != "cdrom":
        del vm["config"][name]
        vm_disks.keep_unused(vm, before["file"])
