"""Software-defined networks: zones, virtual networks and subnets are drafts until they are applied."""

import json

from lab.proxmox import permissions
from lab.proxmox.errors import TaskFailed, died
from lab.proxmox.guests import digest
from lab.proxmox.permissions import ROOT, Who
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

WHO_SEES = ("SDN.Audit", "SDN.Allocate")
DRAFTS = ("zones", "vnets", "subnets")


def list_zones(call: Call) -> list[Data]:
    shown = _listed(call, "zones", "zone")
    return [
        zone for zone in shown if permissions.may(call.state, call.caller, f"/sdn/zones/{zone['zone']}", *WHO_SEES)
    ]


def get_zone(call: Call) -> Data:
    return {"zone": call.text("zone"), **_one(call, "zones", "zone")}


def create_zone(call: Call) -> None:
    name = call.text("zone")
    if name in call.state["zones"]:
        raise died(f"create sdn zone object failed: sdn zone object ID '{name}' already defined")
    call.state["zones"][name] = call.without("zone", "lock-token")


def delete_zone(call: Call) -> None:
    name = call.text("zone")
    _one(call, "zones", "zone")
    for vnet, kept in call.state["vnets"].items():
        if kept["zone"] == name:
            raise died(f"delete sdn zone object failed: zone {name} is used by vnet {vnet}")
    del call.state["zones"][name]


def list_vnets(call: Call) -> list[Data]:
    shown = _listed(call, "vnets", "vnet")
    return [vnet for vnet in shown if _sees(call, vnet)]


def _sees(call: Call, vnet: Data) -> bool:
    return permissions.may(call.state, call.caller, f"/sdn/zones/{vnet['zone']}/{vnet['vnet']}", *WHO_SEES)


def get_vnet(call: Call) -> Data:
    """The draft, or with `running` what was applied last."""
    vnet = {"vnet": call.text("vnet"), **_one(call, "vnets", "vnet", running=call.flag("running"))}
    permissions.check(call.state, call.caller, f"/sdn/zones/{vnet['zone']}/{vnet['vnet']}", WHO_SEES, any_of=True)
    return vnet


def create_vnet(call: Call) -> None:
    name, zone = call.text("vnet"), call.text("zone")
    if name in call.state["vnets"]:
        raise died(f"create sdn vnet object failed: sdn vnet object ID '{name}' already defined")
    if zone not in call.state["zones"]:
        raise died(f"create sdn vnet object failed: zone {zone} doesn't exist")
    call.state["vnets"][name] = {"type": "vnet", **call.without("vnet", "lock-token")}


def update_vnet(call: Call) -> None:
    vnet = _one(call, "vnets", "vnet")
    for name in call.many("delete"):
        vnet.pop(name, None)
    vnet |= call.without("delete", "digest", "lock-token")


def delete_vnet(call: Call) -> None:
    name = call.text("vnet")
    vnet = _one(call, "vnets", "vnet")
    permissions.check(call.state, call.caller, f"/sdn/zones/{vnet['zone']}/{name}", ["SDN.Allocate"])
    if any(subnet["vnet"] == name for subnet in call.state["subnets"].values()):
        raise died("delete sdn vnet object failed: Can't delete vnet if subnets exists")
    del call.state["vnets"][name]


def list_subnets(call: Call) -> list[Data]:
    vnet = {"vnet": call.text("vnet"), **_one(call, "vnets", "vnet")}
    mine = [subnet for subnet in _listed(call, "subnets", "subnet") if subnet["vnet"] == vnet["vnet"]]
    return mine if _sees(call, vnet) else []


def create_subnet(call: Call) -> None:
    """Its id is the zone and the network, `tz1-10.20.0.0-24`."""
    name, cidr = call.text("vnet"), call.text("subnet")
    vnet = _one(call, "vnets", "vnet")
    permissions.check(call.state, call.caller, f"/sdn/zones/{vnet['zone']}/{name}", ["SDN.Allocate"])
    id = f"{vnet['zone']}-{cidr.replace('/', '-')}"
    if id in call.state["subnets"]:
        raise died(f"create sdn subnet object failed: sdn subnet object ID '{id}' already defined")
    network, _, mask = cidr.partition("/")
    extra = {"cidr": cidr, "network": network, "mask": mask, "zone": vnet["zone"], "vnet": name, "type": "subnet"}
    call.state["subnets"][id] = {**call.without("subnet", "vnet", "lock-token"), **extra}


def delete_subnet(call: Call) -> None:
    name, id = call.text("vnet"), call.text("subnet")
    vnet = _one(call, "vnets", "vnet")
    permissions.check(call.state, call.caller, f"/sdn/zones/{vnet['zone']}/{name}", ["SDN.Allocate"])
    _one(call, "subnets", "subnet")
    del call.state["subnets"][id]


def _one(call: Call, section: str, name: str, *, running: bool = False) -> Data:
    kept = call.state["applied"].get(section, {}) if running else call.state[section]
    found: Data | None = kept.get(call.text(name))
    if found is None:
        raise died(f"sdn '{call.text(name)}' does not exist")
    return found


def _listed(call: Call, section: str, name: str) -> list[Data]:
    """The drafts, or with `running` what was applied last; the real API gives no digest then."""
    running = call.flag("running")
    kept = call.state["applied"].get(section, {}) if running else call.state[section]
    return [{name: id, **one, "digest": None if running else digest(kept)} for id, one in sorted(kept.items())]


def apply(call: Call) -> str:
    """`OK` although a node's reload failed: that node's own `srvreload` task says so."""
    return call.tasks.start(call.caller, call.node, "reloadnetworkall", "", "apply_sdn", seconds=2)


def begin_apply(world: World, task: Data) -> None:
    """As soon as it begins, every node reloads by a task of root's own."""
    world.state["applied"].update(json.loads(json.dumps({name: world.state[name] for name in DRAFTS})))
    for node in world.state["nodes"]:
        world.tasks.start(Who(ROOT), node, "srvreload", "networking", "reload_node", seconds=1)


def finish_reload(world: World, task: Data) -> None:
    """A node that fails keeps what it had, and says so of its zones until a reload succeeds."""
    node = world.state["nodes"][task["node"]]
    node["zones"] = "error" if node.get("reload_fails") else "available"
    if node.get("reload_fails"):
        raise TaskFailed("command 'ifreload -a' failed: exit code 1")
