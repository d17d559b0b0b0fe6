"""What a vzdump makes on the Backup Server that stands beside: a snapshot without a manifest while it is at it, and
at its end an index for each disk.
"""

from collections.abc import Iterator
from typing import Any

from lab.proxmox import storages, volumes
from lab.proxmox.errors import TaskFailed
from lab.proxmox.guests import disks, size_bytes
from lab.proxmox.pbs.snapshots import MANIFEST, key_of, put
from lab.proxmox.state import Data
from lab.proxmox.world import World

# What the other files of a backup take, about.
BLOB = 400


def need_server(world: World, storage: str) -> None:
    """TaskFailed where the storage is a Backup Server's that does not answer, or has no such namespace."""
    kept = world.state["storages"].get(storage, {})
    if kept.get("type") != "pbs":
        return
    if not storages.active(world, storage):
        why = f"error fetching datastores - 500 Can't connect to {kept.get('server')} (Connection refused)"
        raise TaskFailed(f"could not activate storage '{storage}': {storage}: {why}")
    namespace = kept.get("namespace", "")
    if world.other and namespace and f"{kept.get('datastore')}:{namespace}" not in world.other.state["namespaces"]:
        raise TaskFailed("job errors")


def begin(world: World, storage: str, vmid: str, time: int) -> None:
    """The snapshot is listed from its first moment; a group has one for a second."""
    if world.other and _key(world, storage, vmid, time) in world.other.state["snapshots"]:
        raise TaskFailed("job errors")
    _put(world, storage, vmid, time, files=[{"filename": "qemu-server.conf.blob"}])


def end(world: World, storage: str, vmid: str, volume: Data) -> None:
    """Whole, with its notes; the volume of the cluster's storage says the same."""
    files = list(_files(world, storage, world.vm(vmid)))
    volume["size"] = sum(file["size"] for file in files)
    more = {"comment": volume["notes"]} if volume.get("notes") else {}
    _put(world, storage, vmid, volume["ctime"], size=volume["size"], files=files, **more)


def drop(world: World, storage: str, vmid: str, time: int) -> None:
    """As if it had never been begun."""
    if world.other:
        world.other.state["snapshots"].pop(_key(world, storage, vmid, time), None)
        world.other.state.save()


def is_gone(world: World, volume: Data) -> bool:
    """A backup that was removed on the Backup Server itself."""
    kept = world.state["storages"].get(volume["storage"], {})
    if not world.other or kept.get("type") != "pbs" or kept.get("datastore") not in world.other.state["datastores"]:
        return False
    key = _key(world, volume["storage"], str(volume.get("vmid", "")), int(volume["ctime"]))
    return key not in world.other.state["snapshots"]


def _key(world: World, storage: str, vmid: str, time: int) -> str:
    kept = world.state["storages"].get(storage, {})
    return key_of(str(kept.get("datastore", "")), str(kept.get("namespace", "")), "vm", vmid, time)


def _put(world: World, storage: str, vmid: str, time: int, *, size: int = 0, **more: Any) -> None:
    """Its owner is the storage's user."""
    kept = world.state["storages"][storage]
    if kept["type"] == "pbs" and world.other and kept.get("datastore") in world.other.state["datastores"]:
        place, owner = (kept["datastore"], kept.get("namespace", "")), str(kept.get("username", "root@pam"))
        put(world.other, *place, "vm", vmid, time, size, owner, **more)
        world.other.state.save()


def _files(world: World, storage: str, vm: Data) -> Iterator[Data]:
    """With a key of the storage's everything is encrypted but the manifest."""
    mode = "encrypt" if "encryption-key" in world.state["storages"][storage] else "none"
    for name, parts in disks(vm["config"]):
        volume = volumes.find(world, vm["node"], parts["file"]) or {}
        size = size_bytes(parts["size"]) if parts.get("size") else int(volume.get("size", 0))
        head = {"filename": f"drive-{name}.img.fidx", "crypt-mode": mode, "size": size}
        yield {**head, "bytes": volume.get("bytes", "")}
    yield {"filename": "qemu-server.conf.blob", "crypt-mode": mode, "size": BLOB}
    yield {"filename": MANIFEST, "crypt-mode": "none", "size": BLOB}
