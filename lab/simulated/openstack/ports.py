"""Neutron's ports: an address of a subnet, and what may pass there."""

import hashlib
from collections.abc import Mapping
from typing import Any

from lab.simulated.openstack import errors, firewall, networks, neutron, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.neutron import Noun
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

PORT = Noun(
    "port", "ports", "PortNotFound", "Port {id} could not be found.",
    {"name": "", "description": "", "network_id": "", "admin_state_up": True, "fixed_ips": [],
     "security_groups": [], "port_security_enabled": True, "device_id": "", "device_owner": "", "mac_address": "",
     "binding:host_id": "", "binding:vnic_type": "normal"},
    frozenset({"network_id"}),
)  # fmt: skip


def plug(store: Store, network: str, project: str, places: list[Thing], **more: object) -> Thing:
    """A port that a service makes for itself, in nobody's quota and behind no rule."""
    fields = {"network_id": network, "fixed_ips": places, "port_security_enabled": False, "status": "DOWN", **more}
    made = neutron.make(store, PORT, project, **fields)
    return things.put(store, "port", made | {"mac_address": _mac(made["id"])})


def _mac(id: str) -> str:
    sum = hashlib.sha256(id.encode()).hexdigest()
    return f"fa:16:3e:{sum[:2]}:{sum[2:4]}:{sum[4:6]}"


def list_ports(call: Call) -> Answer:
    return neutron.page(call, PORT, things.every(call.store, "port"))


def get_port(call: Call) -> Answer:
    return shown({"port": neutron.found(call, PORT, call.ids["port"])})


def create_port(call: Call) -> Answer:
    given = call.body("port")
    project = neutron.project_of(call, given)
    network = neutron.found(call, networks.NETWORK, str(given.get("network_id")))
    default = firewall.ensure_default(call.store, project)
    neutron.refuse_over_quota(call.store, "port", project)
    guarded = bool(given.get("port_security_enabled", network["port_security_enabled"]))
    groups = given["security_groups"] if "security_groups" in given else [default["id"]] if guarded else []
    _refuse_unguarded(call, guarded, groups)
    places = _places(call.store, network, given.get("fixed_ips"))
    more = {"fixed_ips": places, "security_groups": groups, "port_security_enabled": guarded, "status": "DOWN"}
    made = neutron.add(call, PORT, given, **more)
    return shown({"port": things.put(call.store, "port", made | {"mac_address": _mac(made["id"])})}, 201)


def update_port(call: Call) -> Answer:
    thing = neutron.owned(call, PORT, call.ids["port"])
    given = call.body("port")
    both = thing | given
    _refuse_unguarded(call, both["port_security_enabled"], both["security_groups"])
    return shown({"port": neutron.change(call, PORT, thing, given)})


def delete_port(call: Call) -> Answer:
    """A router's leg is drawn in by the router."""
    thing = neutron.owned(call, PORT, call.ids["port"])
    if thing["device_owner"].startswith("network:router"):
        said = f"Port {thing['id']} cannot be deleted directly via the port API: has device owner"
        raise errors.neutron(409, "ServicePortInUse", f"{said} {thing['device_owner']}.")
    things.remove(call.store, "port", thing["id"])
    return done()


def _refuse_unguarded(call: Call, guarded: bool, groups: list[str]) -> None:
    for group in groups:
        neutron.found(call, firewall.GROUP, group)
    if groups and not guarded:
        raise errors.neutron(
            409, "PortSecurityPortHasSecurityGroup",
            "Port has security group associated. Cannot disable port security or IP address until security group "
            "is removed.",
        )  # fmt: skip


def _places(store: Store, network: Thing, asked: list[Mapping[str, Any]] | None) -> list[Thing]:
    """Addresses: those that were asked for, or one of the network's first subnet."""
    subnets = {one["id"]: one for one in things.every(store, "subnet", network_id=network["id"])}
    if asked is None:
        return [networks.place_in(store, subnet) for subnet in list(subnets.values())[:1]]
    for place in asked:
        if place.get("subnet_id") not in subnets:
            said = f"Failed to create port on network {network['id']}, because fixed_ips included invalid subnet"
            raise errors.neutron(400, "InvalidInput", f"{said} {place.get('subnet_id')}.")
    return [networks.place_in(store, subnets[place["subnet_id"]], place.get("ip_address") or "") for place in asked]
