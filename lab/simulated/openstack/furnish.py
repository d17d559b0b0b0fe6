"""What the cloud has before anybody asks for anything: as the region's operator would have made it for a portal."""

from lab.marche import EXTERNAL_NETWORK, FLAVORS
from lab.simulated.openstack import domains, grants, networks, neutron, nova, people, things
from lab.simulated.store import Store

DOMAIN = "elaastic"
PORTAL = "portal"
OUTSIDE = "203.0.113.0/24"


def furnish(store: Store, password: str) -> None:
    """Only once: roles, the portal's domain, its user as administrator of a project, the way out, sizes."""
    with store.transaction():
        if things.every(store, "domain"):
            return
        roles = {name: things.add(store, "role", {"id": things.new_hex(), "name": name}) for name in grants.ROLES}
        domains.make_domain(store, "Default", "default")
        domains.make_domain(store, DOMAIN)
        project = domains.make_project(store, PORTAL, "default")
        user = people.make_user(store, PORTAL, "default", password)
        grants.assign(store, project["id"], roles["admin"]["id"], user=user["id"])
        _way_out(store, project["id"])
        for name, (ram, vcpus, disk) in FLAVORS.items():
            nova.make_flavor(store, name, ram, vcpus, disk)


def _way_out(store: Store, project: str) -> None:
    physical = {"provider:network_type": "flat", "provider:physical_network": "public", "mtu": 1500}
    outside = {"name": EXTERNAL_NETWORK, "router:external": True, **physical}
    network = neutron.make(store, networks.NETWORK, project, **outside)
    where = {"network_id": network["id"], "cidr": OUTSIDE, "gateway_ip": OUTSIDE.replace(".0/24", ".1")}
    neutron.make(store, networks.SUBNET, project, name=EXTERNAL_NETWORK, enable_dhcp=False, **where)
