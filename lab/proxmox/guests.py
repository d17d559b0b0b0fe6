"""What a guest looks like from outside: its configuration, its disks, its figures."""

import hashlib
import re
from collections.abc import Iterator

from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.state import Data
from lab.proxmox.world import World

DISK = re.compile(r"(scsi|virtio|sata|ide)\d+|efidisk0|tpmstate0")
UNUSED = re.compile(r"unused\d+")
NET = re.compile(r"net\d+")
# Until a node's status daemon has come by, a new guest is listed without figures, seconds.
UNKNOWN_S = 8.0
MIB, GIB = 1 << 20, 1 << 30
UNITS = {"": 1, "K": 1 << 10, "M": MIB, "G": GIB, "T": 1 << 40}


def digest(document: object) -> str:
    """What changes whenever a configuration does: 40 hex digits, as everywhere there."""
    return hashlib.sha1(repr(document).encode()).hexdigest()


def config_digest(vm: Data) -> str:
    return digest((vm["config"], vm["pending"], vm["snapshots"], vm.get("lock", "")))


def options(value: str, default_key: str = "") -> Data:
    """`local:1,format=raw` in parts; what has no `=` is under `default_key`."""
    found: Data = {}
    for part in filter(None, value.split(",")):
        name, equals, text = part.partition("=")
        found[name if equals else default_key] = text if equals else name
    return found


def written(parts: Data, default_key: str = "") -> str:
    head = [parts[default_key]] if default_key in parts else []
    return ",".join([*head, *(f"{name}={value}" for name, value in parts.items() if name != default_key)])


def size_bytes(text: str) -> int:
    number, unit = re.fullmatch(r"([\d.]+)([KMGT]?)", text).groups()  # type: ignore[union-attr]
    return int(float(number) * UNITS[unit])


def size_text(size: int) -> str:
    for unit in ("T", "G", "M", "K"):
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit}"
    return str(size)


def disks(config: Data) -> Iterator[tuple[str, Data]]:
    """Every disk that holds data, as (`scsi0`, its parts with the volume under `file`)."""
    for name in sorted(config):
        if DISK.fullmatch(name):
            parts = options(str(config[name]), "file")
            if parts["file"] != "none" and parts.get("media") != "cdrom":
                yield name, parts


def root_size(config: Data) -> int:
    """Bytes of the disk that it boots from, as the listings show it."""
    first = next((parts for _, parts in disks(config) if parts.get("size")), None)
    return size_bytes(first["size"]) if first else 0


def memory_mib(config: Data) -> int:
    parts = options(str(config.get("memory", 512)), "current")
    return int(parts["current"])


def cores(config: Data) -> int:
    return int(config.get("cores", 1)) * int(config.get("sockets", 1))


def name_of(vmid: object, config: Data) -> str:
    return str(config.get("name") or f"VM {vmid}")


def agent_wanted(config: Data) -> bool:
    return options(str(config.get("agent", "0")), "enabled").get("enabled") == "1"


def running(vm: Data) -> bool:
    return bool(vm["status"] == "running")


def uptime(world: World, vm: Data) -> int:
    return int(world.clock.now() - vm["since"]) if running(vm) else 0


def figures(world: World, vmid: str) -> Data:
    """What both the listing of a node and of the cluster say of it."""
    vm = world.vm(vmid)
    config = vm["config"]
    return {
        "vmid": int(vmid), "name": name_of(vmid, config), "status": vm["status"], "cpu": 0, "mem": 0, "memhost": 0,
        "disk": 0, "maxdisk": root_size(config), "maxmem": memory_mib(config) * MIB, "diskread": 0, "diskwrite": 0,
        "netin": 0, "netout": 0, "uptime": uptime(world, vm),
    }  # fmt: skip


def resource(world: World, vmid: str) -> Data:
    """One line of `cluster/resources`."""
    vm = world.vm(vmid)
    head: Data = {"id": f"qemu/{vmid}", "type": "qemu", "node": vm["node"], "vmid": int(vmid)}
    pool = world.pool_of(vmid)
    head |= {"pool": pool} if pool else {}
    head |= {"tags": vm["config"]["tags"]} if vm["config"].get("tags") else {}
    if world.clock.now() - vm["created"] < world.clock.span(UNKNOWN_S):
        return {**head, "status": "unknown"}
    lock = {"lock": vm["lock"]} if vm.get("lock") else {}
    maxcpu = {"maxcpu": cores(vm["config"]), "template": int(vm["config"].get("template", 0))}
    return {**figures(world, vmid), **maxcpu, **lock, **head}


def refuse_locked(vm: Data, *, besides: str = "") -> None:
    """A configuration's own lock, which a failed snapshot or backup leaves behind."""
    lock = vm.get("lock")
    if lock and lock != besides:
        raise died(f"VM is locked ({lock})")


def fail_locked(vm: Data) -> None:
    if vm.get("lock"):
        raise TaskFailed(f"VM is locked ({vm['lock']})")
