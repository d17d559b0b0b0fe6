"""Storages: defined for the cluster, looked at from a node."""

import re

from lab.proxmox import permissions, volumes
from lab.proxmox.errors import died
from lab.proxmox.guests import digest
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

GIB = 1 << 30
# What a storage has unless the harness puts another `total`, bytes.
TOTAL = 252 * GIB
SECRETS = ("password", "keyring", "encryption-key", "master-pubkey")
CONTENT = {
    "pbs": "backup",
    "rbd": "images",
    "cifs": "backup,iso,vztmpl",
    "nfs": "backup,iso,vztmpl",
    "dir": "images",
}
# How long the checks of a storage that does not answer take, seconds.
CHECK_S = 3.0
WHO_SEES = ("Datastore.Audit", "Datastore.AllocateSpace")


def list_storages(call: Call) -> list[Data]:
    return [_shown(call.world, name) for name in _visible(call) if call.text("type") in ("", _kind(call, name))]


def _kind(call: Call, name: str) -> str:
    return str(call.state["storages"][name]["type"])


def _visible(call: Call) -> list[str]:
    state = call.state
    mine = [
        name for name in state["storages"] if permissions.may(state, call.caller, f"/storage/{name}", *WHO_SEES)
    ]
    return sorted(mine, key=lambda name: (state["storages"][name].get("order", 99), name))


def get_storage(call: Call) -> Data:
    volumes.storage_of(call.world, call.text("storage"))
    return _shown(call.world, call.text("storage"))


def create_storage(call: Call) -> Data:
    """File servers and Backup Servers are asked before it is stored; Ceph is not."""
    name, kind = call.text("storage"), call.text("type")
    if name in call.state["storages"]:
        raise died(f"create storage failed: storage ID '{name}' already defined")
    if kind in ("cifs", "nfs") and call.text("server") not in call.state["neighbours"]:
        raise died(f"create storage failed: storage '{name}' is not online", after_s=CHECK_S)
    if kind == "pbs":
        _ask_backup_server(call, name)
    call.state["storages"][name] = {"content": CONTENT.get(kind, "images"), **call.without("storage")}
    if kind in volumes.SHARED:
        call.state["storages"][name]["shared"] = 1
    return {"storage": name, "type": kind, **({"config": {}} if kind == "pbs" else {})}


def _ask_backup_server(call: Call, name: str) -> None:
    where = f"{call.text('server')}:{call.whole('port', 8007)}"
    server = call.state["neighbours"].get(where)
    head = f"create storage failed: {name}: "
    if server is None:
        text = f"500 Can't connect to {where} (No route to host)"
        raise died(f"{head}error fetching datastores - {text}", after_s=CHECK_S)
    if call.text("fingerprint").upper() != server["fingerprint"]:
        text = f"fingerprint '{server['fingerprint']}' not verified, abort!"
        raise died(f"{head}error fetching datastores - {text}")
    stores = server.get("datastores") or list(call.world.other.state["datastores"] if call.world.other else ())
    if call.text("datastore") not in stores:
        raise died(f"{head}Cannot find datastore '{call.text('datastore')}', check permissions and existence!")


def update_storage(call: Call) -> Data:
    name = call.text("storage")
    storage = call.state["storages"].get(name)
    if storage is None:
        raise died(f"update storage failed: storage '{name}' does not exist")
    call.need_digest(_digest(call.world))
    for gone in call.many("delete"):
        storage.pop(gone, None)
    storage |= call.without("delete", "digest")
    return {"storage": name, "type": storage["type"]}


def delete_storage(call: Call) -> None:
    """The definition only; what lies on it stays there, unseen."""
    name = call.text("storage")
    if name not in call.state["storages"]:
        raise died(f"delete storage failed: storage '{name}' does not exist")
    del call.state["storages"][name]
    for pool in call.state["pools"].values():
        pool["storage"] = [one for one in pool["storage"] if one != name]


def node_storages(call: Call) -> list[Data]:
    shown = []
    for name in _visible(call):
        storage = call.state["storages"][name]
        contents = str(storage.get("content", "")).split(",")
        if call.has("content") and not set(call.many("content")) & set(contents):
            continue
        if call.flag("enabled") and storage.get("disable"):
            continue
        if _on_node(storage, call.node) and call.text("storage") in ("", name):
            shown.append({"storage": name, **_status(call.world, call.node, name)})
    return shown


def node_status(call: Call) -> Data:
    name = call.text("storage")
    storage = volumes.storage_of(call.world, name)
    if not _on_node(storage, call.node):
        raise died(f"storage '{name}' is not available on node '{call.node}'")
    status = _status(call.world, call.node, name)
    return {key: value for key, value in status.items() if key != "used_fraction"}


def _on_node(storage: Data, node: str) -> bool:
    nodes = [one for one in re.split(r"[,; ]", str(storage.get("nodes", ""))) if one]
    return not nodes or node in nodes


def _status(world: World, node: str, name: str) -> Data:
    """Figures of what answers; a storage that does not is listed, inactive and with nothing."""
    storage = world.state["storages"][name]
    head = {
        "type": storage["type"], "content": storage.get("content", ""), "enabled": int(not storage.get("disable")),
        "shared": int(volumes.is_shared(storage)),
    }  # fmt: skip
    if not active(world, name):
        return {**head, "active": 0, "total": 0, "used": 0, "avail": 0}
    total, used = int(storage.get("total", TOTAL)), volumes.used_bytes(world, node, name)
    return {**head, "active": 1, "total": total, "used": used, "avail": total - used, "used_fraction": used / total}


def active(world: World, name: str) -> bool:
    """Files on the node are there; what stands elsewhere is when its neighbour is, and says how large it is."""
    storage = world.state["storages"][name]
    if storage.get("disable"):
        return False
    if storage["type"] == "pbs":
        return bool(world.state["neighbours"].get(_pbs_place(storage), {}).get("answers"))
    if storage["type"] == "rbd":
        return str(storage.get("monhost", "")) in world.state["neighbours"]
    return True


def _pbs_place(storage: Data) -> str:
    return f"{storage.get('server')}:{storage.get('port', 8007)}"


def _shown(world: World, name: str) -> Data:
    kept = world.state["storages"][name]
    hidden = {*SECRETS, "order", "total"}
    shown = {key: value for key, value in kept.items() if key not in hidden}
    if "encryption-key" in kept:
        shown["encryption-key"] = "1"  # that there is one; of a key with a fingerprint, that
    return {"storage": name, "digest": _digest(world), **shown}


def _digest(world: World) -> str:
    return digest(world.state["storages"])
