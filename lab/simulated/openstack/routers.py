"""Neutron's routers, their legs in subnets, and their way out. Each leg is a port."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from lab.simulated.openstack import errors, networks, neutron, ports, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.neutron import Noun
from lab.simulated.openstack.things import Thing
from lab.simulated.web import Answer

ROUTER = Noun(
    "router", "routers", "RouterNotFound", "Router {id} could not be found",
    {"name": "", "description": "", "admin_state_up": True, "external_gateway_info": None},
)  # fmt: skip
_LEG, _OUT = "network:router_interface", "network:router_gateway"


def list_routers(call: Call) -> Answer:
    return neutron.page(call, ROUTER, things.every(call.store, "router"))


def get_router(call: Call) -> Answer:
    return shown({"router": neutron.found(call, ROUTER, call.ids["router"])})


def create_router(call: Call) -> Answer:
    given = call.body("router")
    out = given.pop("external_gateway_info", None)
    made = neutron.add(call, ROUTER, given, status="ACTIVE")
    return shown({"router": _lead_out(call, made, out) if out else made}, 201)


def update_router(call: Call) -> Answer:
    thing = neutron.owned(call, ROUTER, call.ids["router"])
    given = call.body("router")
    if "external_gateway_info" in given:
        thing = _lead_out(call, thing, given.pop("external_gateway_info") or {})
    return shown({"router": neutron.change(call, ROUTER, thing, given)})


def delete_router(call: Call) -> Answer:
    """Not while it joins anything; its way out goes with it."""
    thing = neutron.owned(call, ROUTER, call.ids["router"])
    if _legs(call, thing):
        raise errors.neutron(409, "RouterInUse", f"Router {thing['id']} still has ports")
    _lead_out(call, thing, {})
    things.remove(call.store, "router", thing["id"])
    return done()


def add_interface(call: Call) -> Answer:
    """A leg at the gateway's address of a subnet that it does not join yet."""
    router = neutron.owned(call, ROUTER, call.ids["router"])
    subnet = neutron.found(call, networks.SUBNET, str(call.body().get("subnet_id")))
    _refuse_overlap(call, router, subnet)
    if subnet["gateway_ip"] is None:
        raise _bad("Subnet for router interface must have a gateway IP")
    place = networks.place_in(call.store, subnet, subnet["gateway_ip"])
    leg = {"device_id": router["id"], "device_owner": _LEG}
    port = ports.plug(call.store, subnet["network_id"], router["project_id"], [place], **leg)
    return _joined(router, subnet, port)


def remove_interface(call: Call) -> Answer:
    router = neutron.owned(call, ROUTER, call.ids["router"])
    subnet = neutron.found(call, networks.SUBNET, str(call.body().get("subnet_id")))
    for port in _legs(call, router):
        if any(place["subnet_id"] == subnet["id"] for place in port["fixed_ips"]):
            things.remove(call.store, "port", port["id"])
            return _joined(router, subnet, port)
    said = f"Router {router['id']} has no interface on subnet {subnet['id']}"
    raise errors.neutron(404, "RouterInterfaceNotFoundForSubnet", said)


def _legs(call: Call, router: Thing) -> list[Thing]:
    return things.every(call.store, "port", device_id=router["id"], device_owner=_LEG)


def _refuse_overlap(call: Call, router: Thing, subnet: Thing) -> None:
    wanted = ip_network(subnet["cidr"])
    for place in (place for leg in _legs(call, router) for place in leg["fixed_ips"]):
        other = neutron.found(call, networks.SUBNET, place["subnet_id"])
        if other["id"] == subnet["id"]:
            raise _bad(f"Router already has a port on subnet {subnet['id']}")
        if ip_network(other["cidr"]).overlaps(wanted):
            said = (
                f"Cidr {wanted} of subnet {subnet['id']} overlaps with cidr {other['cidr']} of subnet {other['id']}"
            )
            raise _bad(said)


def _bad(said: str) -> errors.Refused:
    return errors.neutron(400, "BadRequest", f"Bad router request: {said}.")


def _joined(router: Thing, subnet: Thing, port: Thing) -> Answer:
    ids = {"id": router["id"], "project_id": router["project_id"], "port_id": port["id"]}
    return shown(
        {**ids, "network_id": subnet["network_id"], "subnet_id": subnet["id"], "subnet_ids": [subnet["id"]]}
    )


def _lead_out(call: Call, router: Thing, asked: Mapping[str, Any]) -> Thing:
    """Through that network, or nowhere. The port there is nobody's."""
    for port in things.every(call.store, "port", device_id=router["id"], device_owner=_OUT):
        things.remove(call.store, "port", port["id"])
    if not asked.get("network_id"):
        return things.put(call.store, "router", router | {"external_gateway_info": None})
    network = neutron.found(call, networks.NETWORK, asked["network_id"])
    if not network["router:external"]:
        raise _bad(f"Network {network['id']} is not an external network")
    subnets = things.every(call.store, "subnet", network_id=network["id"])
    places = [networks.place_in(call.store, subnet) for subnet in subnets[:1]]
    ports.plug(call.store, network["id"], "", places, device_id=router["id"], device_owner=_OUT)
    info = {"network_id": network["id"], "external_fixed_ips": places, "enable_snat": True}
    return things.put(call.store, "router", router | {"external_gateway_info": info})
