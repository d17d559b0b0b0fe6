"""Volumes: names as each kind of storage writes them, sizes, who depends on whom. What is on them: `kept.py`."""

import re
from typing import Any

from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.state import Data
from lab.proxmox.world import World

# Kinds that keep files; a disk there is `st:110/vm-110-disk-0.raw`, elsewhere `st:vm-110-disk-0`.
FILES = frozenset({"dir", "nfs", "cifs", "cephfs", "btrfs"})
SHARED = frozenset({"nfs", "cifs", "cephfs", "rbd", "pbs", "iscsi"})
# Snapshots need qcow2 on files, or a storage that has its own.
OWN_SNAPSHOTS = frozenset({"rbd", "lvmthin", "zfspool", "btrfs"})


def storage_of(world: World, name: str) -> Data:
    found: Data | None = world.state["storages"].get(name)
    if found is None:
        raise died(f"storage '{name}' does not exist")
    return found


def is_shared(storage: Data) -> bool:
    return bool(storage.get("shared")) or storage["type"] in SHARED


def key(world: World, node: str, volid: str) -> str:
    """A shared storage has a volume once, another one on each node."""
    storage = storage_of(world, volid.partition(":")[0])
    return volid if is_shared(storage) else f"{node} {volid}"


def find(world: World, node: str, volid: str) -> Data | None:
    found: Data | None = world.state["volumes"].get(key(world, node, volid))
    return found


def add(world: World, node: str, volid: str, content: str, size: int, **more: Any) -> Data:
    """A new volume as of now; `size` in bytes is what it takes on the storage."""
    storage, _, name = volid.partition(":")
    volume: Data = {
        "volid": volid, "storage": storage, "node": node, "content": content, "format": format_of(name),
        "size": size, "ctime": int(world.clock.now()), **more,
    }  # fmt: skip
    world.state["volumes"][key(world, node, volid)] = volume
    return volume


def remove(world: World, node: str, volid: str) -> None:
    """TaskFailed for a base that clones still read, and for what is protected."""
    volume = find(world, node, volid)
    if volume is None:
        return
    refuse_protected(volume)
    if any(other.get("parent") == volid for other in world.state["volumes"].values()):
        raise TaskFailed(f"base volume '{volid}' is still in use by linked cloned")
    del world.state["volumes"][key(world, node, volid)]


def refuse_protected(volume: Data | None) -> None:
    if volume and volume.get("protected"):
        name = volume["volid"].partition(":")[2]
        raise TaskFailed(f"cannot remove protected volume '{name}' on '{volume['storage']}'")


def format_of(name: str) -> str:
    if "/vzdump-" in f"/{name}":
        return name.split("vzdump-", 1)[1].partition(".")[2]
    end = name.rpartition(".")[2]
    return end if end in ("qcow2", "vmdk", "iso", "ova") else "raw"


def disk_name(world: World, node: str, storage: str, vmid: object, format: str) -> str:
    """A name that no disk of that guest has yet on that storage."""
    files = storage_of(world, storage)["type"] in FILES
    taken = {volume["volid"] for volume in world.state["volumes"].values()}
    for number in range(1000):
        stem = f"vm-{vmid}-disk-{number}"
        forms = [f"{storage}:{vmid}/{stem}.{kind}" for kind in ("raw", "qcow2", "vmdk")] if files else []
        forms.append(f"{storage}:{stem}")
        if not any(form in taken or _ends(taken, form) for form in forms):
            return f"{storage}:{vmid}/{stem}.{format}" if files else f"{storage}:{stem}"
    raise died(f"unable to allocate an image name for VM {vmid} in storage '{storage}'")


def _ends(taken: set[str], form: str) -> bool:
    """A linked clone's own name stands behind its base's."""
    tail = form.partition(":")[2]
    return any(one.endswith(f"/{tail}") for one in taken)


def can_snapshot(world: World, volid: str) -> bool:
    storage = storage_of(world, volid.partition(":")[0])
    return storage["type"] in OWN_SNAPSHOTS or volid.endswith(".qcow2")


def can_link(world: World, volid: str) -> bool:
    """Only a base image has linked clones, and raw files have none."""
    is_base = bool(re.search(r"(^|[/:])base-\d+-disk", volid))
    return is_base and (not volid.endswith(".raw"))


def path_of(world: World, volid: str) -> str:
    storage, _, name = volid.partition(":")
    return f"{storage_of(world, storage).get('path', f'/mnt/pve/{storage}')}/{name}"


def used_bytes(world: World, node: str, storage: str) -> int:
    shared = is_shared(storage_of(world, storage))
    return sum(
        int(volume["size"])
        for volume in world.state["volumes"].values()
        if volume["storage"] == storage and (shared or volume["node"] == node)
    )
