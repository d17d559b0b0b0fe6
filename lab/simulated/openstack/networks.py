"""Neutron's networks and subnets, and which address of a subnet is free."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from lab.simulated.openstack import errors, firewall, neutron, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.neutron import Noun
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

NETWORK = Noun(
    "network", "networks", "NetworkNotFound", "Network {id} could not be found.",
    {"name": "", "description": "", "admin_state_up": True, "shared": False, "router:external": False, "mtu": 1450,
     "port_security_enabled": True, "provider:network_type": "vxlan", "provider:physical_network": None},
)  # fmt: skip
SUBNET = Noun(
    "subnet", "subnets", "SubnetNotFound", "Subnet {id} could not be found.",
    {"name": "", "description": "", "network_id": "", "ip_version": 4, "cidr": "", "gateway_ip": None,
     "enable_dhcp": True, "dns_nameservers": [], "host_routes": []},
    frozenset({"network_id", "ip_version", "cidr"}),
)  # fmt: skip


def _network(call: Call, thing: Thing) -> Thing:
    subnets = [one["id"] for one in things.every(call.store, "subnet", network_id=thing["id"])]
    return {**thing, "status": "ACTIVE", "subnets": subnets}


def list_networks(call: Call) -> Answer:
    return neutron.page(call, NETWORK, [_network(call, one) for one in things.every(call.store, "network")])


def get_network(call: Call) -> Answer:
    return shown({"network": _network(call, neutron.found(call, NETWORK, call.ids["network"]))})


def create_network(call: Call) -> Answer:
    """A way out, or one for everybody, only the administrator makes."""
    given = call.body("network")
    if not call.caller.is_admin and {"shared", "router:external", "provider:network_type"} & set(given):
        raise errors.neutron(403, "PolicyNotAuthorized", "rule:create_network is disallowed by policy")
    firewall.ensure_default(call.store, neutron.project_of(call, given))
    return shown({"network": _network(call, neutron.add(call, NETWORK, given))}, 201)


def update_network(call: Call) -> Answer:
    thing = neutron.owned(call, NETWORK, call.ids["network"])
    return shown({"network": _network(call, neutron.change(call, NETWORK, thing, call.body("network")))})


def delete_network(call: Call) -> Answer:
    """With its subnets, where no port is left in it."""
    thing = neutron.owned(call, NETWORK, call.ids["network"])
    if ports := things.every(call.store, "port", network_id=thing["id"]):
        ids = ", ".join(port["id"] for port in ports)
        said = (
            f"Unable to complete operation on network {thing['id']}. There are one or more ports still in use on "
        )
        raise errors.neutron(409, "NetworkInUse", f"{said}the network, id for these ports is: {ids}.")
    for subnet in things.every(call.store, "subnet", network_id=thing["id"]):
        things.remove(call.store, "subnet", subnet["id"])
    things.remove(call.store, "network", thing["id"])
    return done()


def list_subnets(call: Call) -> Answer:
    return neutron.page(call, SUBNET, things.every(call.store, "subnet"))


def get_subnet(call: Call) -> Answer:
    return shown({"subnet": neutron.found(call, SUBNET, call.ids["subnet"])})


def create_subnet(call: Call) -> Answer:
    """Its gateway is its first address, unless another is asked for, or none."""
    given = call.body("subnet")
    network = neutron.owned(call, NETWORK, str(given.get("network_id")))
    cidr = _cidr(given)
    for other in things.every(call.store, "subnet", network_id=network["id"]):
        theirs = ip_network(other["cidr"])
        if theirs.version == cidr.version and theirs.overlaps(cidr):
            said = f"Invalid input for operation: Requested subnet with cidr: {cidr} for network: {network['id']} "
            raise errors.neutron(400, "InvalidInput", f"{said}overlaps with another subnet.")
    gateway = given["gateway_ip"] if "gateway_ip" in given else str(cidr[1])
    made = neutron.add(call, SUBNET, given, gateway_ip=gateway, cidr=str(cidr))
    return shown({"subnet": made}, 201)


def update_subnet(call: Call) -> Answer:
    thing = neutron.owned(call, SUBNET, call.ids["subnet"])
    return shown({"subnet": neutron.change(call, SUBNET, thing, call.body("subnet"))})


def delete_subnet(call: Call) -> Answer:
    thing = neutron.owned(call, SUBNET, call.ids["subnet"])
    if taken(call.store, thing["id"]):
        said = (
            f"Unable to complete operation on subnet {thing['id']}: One or more ports have an IP allocation from "
        )
        raise errors.neutron(409, "SubnetInUse", f"{said}this subnet.")
    things.remove(call.store, "subnet", thing["id"])
    return done()


def _cidr(given: Thing) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(given.get("cidr")))
    except ValueError as error:
        said = f"Invalid input for cidr. Reason: {error}."
        raise errors.neutron(400, "HTTPBadRequest", said) from None


def taken(store: Store, subnet: str) -> set[str]:
    """Addresses of it that a port has."""
    every = (place for port in things.every(store, "port") for place in port["fixed_ips"])
    return {place["ip_address"] for place in every if place["subnet_id"] == subnet}


def place_in(store: Store, subnet: Thing, address: str = "") -> Thing:
    """A `fixed_ips` entry: the address that was asked for, or the lowest that is free."""
    cidr, used = ip_network(subnet["cidr"]), taken(store, subnet["id"])
    if address:
        if ip_address(address) not in cidr:
            said = f"IP address {address} is not a valid IP for the specified subnet."
            raise errors.neutron(400, "InvalidIpForSubnet", said)
        if address in used:
            said = f"IP address {address} already allocated in subnet {subnet['id']}"
            raise errors.neutron(409, "IpAddressAlreadyAllocated", said)
        return {"subnet_id": subnet["id"], "ip_address": address}
    used |= {str(subnet["gateway_ip"])}
    for free in cidr.hosts():
        if str(free) not in used:
            return {"subnet_id": subnet["id"], "ip_address": str(free)}
    said = f"No more IP addresses available on network {subnet['network_id']}."
    raise errors.neutron(409, "IpAddressGenerationFailure", said)
