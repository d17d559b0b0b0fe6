"""Pools: guests and storages under one name; `a/b` lies in `a`."""

from lab.proxmox import permissions
from lab.proxmox.errors import died
from lab.proxmox.guests import resource
from lab.proxmox.state import Data
from lab.proxmox.world import Call


def list_pools(call: Call) -> list[Data]:
    """All that the caller may audit; with `poolid` that one alone, with its members."""
    wanted = call.text("poolid")
    if wanted:
        permissions.check(call.state, call.caller, f"/pool/{wanted}", ["Pool.Audit"])
        _pool(call, wanted, "")
        return [_shown(call, wanted) | {"members": _members(call, wanted)}]
    every = sorted(call.state["pools"])
    return [
        _shown(call, name)
        for name in every
        if permissions.may(call.state, call.caller, f"/pool/{name}", "Pool.Audit")
    ]


def get_pool(call: Call) -> Data:
    name = call.text("poolid")
    permissions.check(call.state, call.caller, f"/pool/{name}", ["Pool.Audit"])
    pool = _pool(call, name, "")
    return {"members": _members(call, name), **({"comment": pool["comment"]} if pool.get("comment") else {})}


def create_pool(call: Call) -> None:
    name = call.text("poolid")
    if name in call.state["pools"]:
        raise died(f"create pool failed: pool '{name}' already exists")
    parent = name.rpartition("/")[0]
    if parent and parent not in call.state["pools"]:
        raise died(f"create pool failed: parent '{parent}' of pool '{name}' does not exist")
    call.state["pools"][name] = {"comment": call.text("comment"), "vms": [], "storage": []}


def update_pool(call: Call) -> None:
    """Adds guests and storages, or with `delete` takes them out; a guest of another pool needs `allow-move`."""
    name = call.text("poolid")
    pool = _pool(call, name, "update pool failed: ")
    if call.has("comment"):
        pool["comment"] = call.text("comment")
    for vmid in call.many("vms"):
        permissions.check(
            call.state, call.caller, f"/vms/{vmid}", ["VM.Allocate", "Permissions.Modify"], any_of=True
        )
        _update_guest(call, name, pool, vmid)
    for storage in call.many("storage"):
        wanted = ["Datastore.Allocate", "Permissions.Modify"]
        permissions.check(call.state, call.caller, f"/storage/{storage}", wanted, any_of=True)
        _update_storage(call, name, pool, storage)


def _update_guest(call: Call, name: str, pool: Data, vmid: str) -> None:
    if call.flag("delete"):
        if vmid not in pool["vms"]:
            raise died(f"update pool failed: VM {vmid} is not a pool member")
        pool["vms"].remove(vmid)
        return
    holder = call.world.pool_of(vmid)
    if holder == name:
        raise died(f"update pool failed: VM {vmid} is already a pool member")
    if holder and not call.flag("allow-move"):
        raise died(f"update pool failed: VM {vmid} is already a pool member of '{holder}'")
    if holder:
        call.state["pools"][holder]["vms"].remove(vmid)
    pool["vms"].append(vmid)


def _update_storage(call: Call, name: str, pool: Data, storage: str) -> None:
    if call.flag("delete"):
        if storage not in pool["storage"]:
            raise died(f"update pool failed: Storage '{storage}' is not a pool member")
        pool["storage"].remove(storage)
        return
    if storage not in pool["storage"]:
        pool["storage"].append(storage)


def delete_pool(call: Call) -> None:
    name = call.text("poolid")
    pool = _pool(call, name, "delete pool failed: ")
    below = next((other for other in sorted(call.state["pools"]) if other.startswith(f"{name}/")), "")
    holds = f"pool '{below}'" if below else ""
    holds = holds or (f"VMs: {', '.join(sorted(pool['vms']))}" if pool["vms"] else "")
    holds = holds or (f"storages: {', '.join(pool['storage'])}" if pool["storage"] else "")
    if holds:
        raise died(f"delete pool failed: pool '{name}' is not empty (contains {holds})")
    del call.state["pools"][name]


def _pool(call: Call, name: str, act: str) -> Data:
    found: Data | None = call.state["pools"].get(name)
    if found is None:
        raise died(f"{act}pool '{name}' does not exist")
    return found


def _shown(call: Call, name: str) -> Data:
    comment = call.state["pools"][name].get("comment")
    return {"poolid": name, **({"comment": comment} if comment else {})}


def _members(call: Call, name: str) -> list[Data]:
    pool = call.state["pools"][name]
    found = [resource(call.world, vmid) for vmid in sorted(pool["vms"], key=int) if vmid in call.state["vms"]]
    shown = [{key: value for key, value in one.items() if key not in ("pool", "lock")} for one in found]
    node = next(iter(call.state["nodes"]))
    for storage in pool["storage"]:
        shown.append({"id": f"storage/{node}/{storage}", "node": node, "storage": storage, "type": "storage"})
    return shown
