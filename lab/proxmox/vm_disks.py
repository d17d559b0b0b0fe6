"""A guest's disks: made new, imported, attached, resized, moved, let go."""

from lab.proxmox import vm_rights, volumes
from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.guests import DISK, GIB, disks, fail_locked, options, size_bytes, size_text, written
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

# The words of the real library, recorded.
ROOT_PATHS = "Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 651."


def check_wanted(call: Call, config: Data) -> None:
    """What is refused before a task: storages that are not there or not one's own, paths for all but root."""
    for name, value in config.items():
        if not DISK.fullmatch(name):
            continue
        parts = options(str(value), "file")
        volid = parts.get("file", "none")
        is_path = volid.startswith("/") or parts.get("import-from", "").startswith("/")
        if is_path and not call.caller.is_root:
            raise died(ROOT_PATHS)
        if ":" not in volid:
            continue
        storage = volid.partition(":")[0]
        volumes.storage_of(call.world, storage)
        vm_rights.need_space(call, storage)
        if "images" not in str(call.state["storages"][storage].get("content", "")) and _new_size(volid) is not None:
            raise died(f"storage '{storage}' does not support content-type 'images'")


def make(world: World, node: str, vmid: str, config: Data) -> Data:
    """The configuration with its disks in place; TaskFailed for a source that is not there."""
    made = dict(config)
    for name, value in config.items():
        if DISK.fullmatch(name):
            made[name] = _make_one(world, node, vmid, str(value))
    return made


def _make_one(world: World, node: str, vmid: str, value: str) -> str:
    parts = options(value, "file")
    volid = parts["file"]
    size = _new_size(volid)
    if size is None or ":" not in volid:
        return _attached(world, node, value, parts)
    storage = volid.partition(":")[0]
    source = parts.pop("import-from", None)
    more: Data = {"boots": False}
    if source:
        size, more = _source(world, node, source)
    if volid.endswith(":cloudinit"):
        size = 4 << 20
    format = parts.pop("format", "raw")
    name = volumes.disk_name(world, node, storage, vmid, format)
    volumes.add(world, node, name, "images", size, vmid=int(vmid), **more)
    return written({**parts, "file": name, "size": size_text(size)}, "file")


def _new_size(volid: str) -> int | None:
    """Bytes of `storage:GiB`; None for a volume that exists."""
    wanted = volid.partition(":")[2]
    if wanted == "cloudinit":
        return 0
    try:
        return int(float(wanted) * GIB)
    except ValueError:
        return None


def _attached(world: World, node: str, value: str, parts: Data) -> str:
    volid = parts["file"]
    if ":" not in volid or parts.get("media") == "cdrom":
        return value
    volume = volumes.find(world, node, volid)
    if volume is None:
        raise TaskFailed(f"volume '{volid}' does not exist")
    return written({**parts, "size": size_text(volume["size"])}, "file")


def _source(world: World, node: str, source: str) -> tuple[int, Data]:
    """Its size, bytes; whether it is a disk that boots, and what is on it."""
    if source.startswith("/"):
        path = world.state["paths"].get(source)
        if path is None:
            raise TaskFailed(f"failed to stat '{source}'")
        return int(path["size"]), {"boots": False}
    volume = volumes.find(world, node, source)
    if volume is None:
        raise TaskFailed(f"failed to stat '{volumes.path_of(world, source)}'")
    more = {"boots": bool(volume.get("boots")), "bytes": volume.get("bytes", "")}
    return int(volume.get("virtual") or volume["size"]), more


def drop_all(world: World, vm: Data, vmid: str) -> None:
    """Every volume that is this guest's, attached or not; TaskFailed leaves all in place."""
    owned = [
        one
        for one in world.state["volumes"].values()
        if one.get("vmid") == int(vmid) and one["content"] == "images"
    ]
    for volume in owned:
        if any(other.get("parent") == volume["volid"] for other in world.state["volumes"].values()):
            raise TaskFailed(f"base volume '{volume['volid']}' is still in use by linked cloned")
    for volume in owned:
        volumes.remove(world, volume["node"], volume["volid"])


def resize(call: Call) -> str:
    vmid, disk = call.text("vmid"), call.text("disk")
    call.vm  # noqa: B018  # dies where there is none
    return call.tasks.start(
        call.caller, call.node, "resize", vmid, "resize", locks=vmid, vmid=vmid, disk=disk, size=call.text("size")
    )


def begin_resize(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_resize(world: World, task: Data) -> None:
    vmid, disk, wanted = (task["args"][name] for name in ("vmid", "disk", "size"))
    vm = world.vm(vmid)
    if disk not in vm["config"]:
        raise TaskFailed(f"disk '{disk}' does not exist")
    parts = options(vm["config"][disk], "file")
    before = size_bytes(parts["size"])
    after = before + size_bytes(wanted[1:]) if wanted.startswith("+") else size_bytes(wanted)
    if after < before:
        raise TaskFailed("shrinking disks is not supported")
    volume = volumes.find(world, vm["node"], parts["file"])
    if volume:
        volume["size"] = after
    vm["config"][disk] = written({**parts, "size": size_text(after)}, "file")


def move(call: Call) -> str:
    vmid, disk, storage = call.text("vmid"), call.text("disk"), call.text("storage")
    vm = call.vm
    if disk not in vm["config"]:
        raise died(f"disk '{disk}' does not exist")
    volumes.storage_of(call.world, storage)
    vm_rights.need_space(call, storage)
    args = {
        "vmid": vmid,
        "disk": disk,
        "storage": storage,
        "format": call.text("format"),
        "delete": call.flag("delete"),
    }
    return call.tasks.start(call.caller, call.node, "qmmove", vmid, "move_disk", seconds=1, locks=vmid, **args)


def begin_move(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_move(world: World, task: Data) -> None:
    args = task["args"]
    vm = world.vm(args["vmid"])
    parts = options(vm["config"][args["disk"]], "file")
    old = parts["file"]
    format = args["format"] or volumes.format_of(old)
    new = volumes.disk_name(world, vm["node"], args["storage"], args["vmid"], format)
    volumes.add(world, vm["node"], new, "images", size_bytes(parts["size"]), vmid=int(args["vmid"]))
    vm["config"][args["disk"]] = written({**parts, "file": new}, "file")
    if args["delete"]:
        volumes.remove(world, vm["node"], old)
        return
    keep_unused(vm, old)


def keep_unused(vm: Data, volid: str) -> None:
    """A disk that is let go stays as `unused0` until it is deleted from there."""
    number = next(n for n in range(256) if f"unused{n}" not in vm["config"])
    vm["config"][f"unused{number}"] = volid


def boots(world: World, vm: Data) -> bool:
    """One of its disks was made from an image that does."""
    found = (volumes.find(world, vm["node"], volid) for volid in volids(vm["config"]) if ":" in volid)
    return any(volume.get("boots") for volume in found if volume)


def volids(config: Data) -> list[str]:
    return [str(parts["file"]) for _, parts in disks(config)]
