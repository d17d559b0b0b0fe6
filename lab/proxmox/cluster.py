"""The cluster as a whole: the next free VMID, everything that the caller may see, high availability."""

from lab.proxmox import permissions, storages, volumes
from lab.proxmox.errors import died, invalid
from lab.proxmox.guests import resource
from lab.proxmox.nodes import CORES, DISK, MEMORY, online
from lab.proxmox.state import Data
from lab.proxmox.world import Call

LOWEST, HIGHEST = 100, 999_999_999
STORAGE_RIGHTS = ("Datastore.Audit", "Datastore.AllocateSpace")


def next_id(call: Call) -> str:
    """As text, and reserving nothing; a VMID that is asked about and taken is an invalid parameter."""
    if call.has("vmid"):
        if call.text("vmid") in call.state["vms"]:
            raise invalid(vmid=f"VM {call.text('vmid')} already exists")
        return call.text("vmid")
    return next(str(vmid) for vmid in range(LOWEST, HIGHEST) if str(vmid) not in call.state["vms"])


def resources(call: Call) -> list[Data]:
    wanted = call.text("type")
    kinds = {"pool": _pools, "vm": _guests, "node": _nodes, "storage": _storages, "sdn": _networks}
    return [one for kind, listed in kinds.items() if wanted in ("", kind) for one in listed(call)]


def _pools(call: Call) -> list[Data]:
    mine = [name for name in sorted(call.state["pools"]) if _may(call, f"/pool/{name}", "Pool.Audit")]
    return [{"id": f"/pool/{name}", "type": "pool", "pool": name} for name in mine]


def _guests(call: Call) -> list[Data]:
    vmids = sorted(call.state["vms"], key=int)
    return [resource(call.world, vmid) for vmid in vmids if _may(call, f"/vms/{vmid}", "VM.Audit")]


def _nodes(call: Call) -> list[Data]:
    shown = []
    for node in call.state["nodes"]:
        head: Data = {"id": f"node/{node}", "type": "node", "node": node, "level": "", "cgroup-mode": 2}
        head["status"] = "online" if online(call.world, node) else "offline"
        if _may(call, f"/nodes/{node}", "Sys.Audit"):
            used = volumes.used_bytes(call.world, node, "local") if "local" in call.state["storages"] else 0
            head |= {"uptime": 3600, "cpu": 0.01, "maxcpu": CORES, "mem": MEMORY // 10, "maxmem": MEMORY}
            head |= {"disk": used, "maxdisk": DISK}
        shown.append(head)
    return shown


def _storages(call: Call) -> list[Data]:
    shown = []
    for name, storage in call.state["storages"].items():
        if not _may(call, f"/storage/{name}", *STORAGE_RIGHTS):
            continue
        for node in call.state["nodes"]:
            head: Data = {"id": f"storage/{node}/{name}", "type": "storage", "storage": name, "node": node}
            head |= {"plugintype": storage["type"], "content": storage.get("content", "")}
            head |= {"shared": int(volumes.is_shared(storage)), "status": "unknown"}
            if online(call.world, node) and storages.active(call.world, name):
                used = volumes.used_bytes(call.world, node, name)
                head |= {"status": "available", "disk": used, "maxdisk": int(storage.get("total", storages.TOTAL))}
            shown.append(head)
    return shown


def _networks(call: Call) -> list[Data]:
    zones = {"localnetwork": {}, **call.state["applied"].get("zones", {})}
    shown = []
    for zone, kept in zones.items():
        for node in call.state["nodes"] if _may(call, f"/sdn/zones/{zone}", "SDN.Audit") else ():
            head: Data = {"id": f"network/{node}/zone/{zone}", "type": "network", "network-type": "zone"}
            status = call.state["nodes"][node].get("zones", "available")
            head |= {"network": zone, "node": node, "status": status if kept else "ok"}
            shown.append({**head, **({"zone-type": kept["type"]} if kept else {})})
    return shown


def _may(call: Call, path: str, *wanted: str) -> bool:
    return permissions.may(call.state, call.caller, path, *wanted)


def status(call: Call) -> list[Data]:
    nodes = list(call.state["nodes"])
    up = [node for node in nodes if online(call.world, node)]
    whole: Data = {"type": "cluster", "id": "cluster", "name": "lab", "nodes": len(nodes), "version": 1}
    whole["quorate"] = int(len(up) * 2 > len(nodes))
    return [whole] + [
        {"type": "node", "id": f"node/{node}", "name": node, "nodeid": place + 1, "online": int(node in up),
         "ip": "127.0.0.1", "local": int(place == 0), "level": ""}
        for place, node in enumerate(nodes)
    ]  # fmt: skip


def list_ha(call: Call) -> list[Data]:
    return [{"sid": sid, **kept} for sid, kept in sorted(call.state["ha"].items())]


def create_ha(call: Call) -> None:
    sid = _sid(call)
    if sid in call.state["ha"]:
        raise died(f"resource ID '{sid}' already defined")
    if sid.partition(":")[2] not in call.state["vms"]:
        raise died(f"no such guest '{sid}'")
    call.state["ha"][sid] = {"type": "vm", "state": "started", **call.without("sid")}


def delete_ha(call: Call) -> None:
    sid = _sid(call)
    if sid not in call.state["ha"]:
        raise died(f"cannot delete service '{sid}', not HA managed!")
    del call.state["ha"][sid]


def _sid(call: Call) -> str:
    given = call.text("sid")
    return given if ":" in given else f"vm:{given}"
