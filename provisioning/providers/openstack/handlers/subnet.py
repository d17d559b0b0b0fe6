"""`openstack.subnet`: addresses of a network. Neutron takes a range once there, so whoever has it is seen."""

from ipaddress import ip_network
from typing import Any

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.providers.openstack.handlers.marked import Marked


class SubnetHandler(Marked):
    """Its gateway is an address on which a router may answer."""

    noun = "subnet"
    words = {
        "project": "project_id",
        "network": "network_id",
        "cidr": "cidr",
        "gateway": "gateway_ip",
        "dhcp": "is_dhcp_enabled",
        "dns": "dns_nameservers",
    }
    fixed = frozenset({"project", "network", "cidr"})

    def create(self, target: Target) -> Outcome:
        """AlreadyExists when an address of it is taken: Neutron has one word for that and for nonsense."""
        if any(overlap(target, one) for one in self._of_network(target)):
            raise AlreadyExists(f"Addresses of {target.spec.cidr} are taken in this network.")
        return super().create(target)

    def besides(self, target: Target) -> dict[str, Any]:
        return {"ip_version": ip_network(target.spec.cidr).version}

    def _found(self, target: Target) -> list[Any]:
        if target.external_id:
            return super()._found(target)
        there = self._of_network(target)
        mine = [one for one in there if one.description == str(target.marker)]
        return mine or [one for one in there if overlap(target, one)][:1]

    def _of_network(self, target: Target) -> list[Any]:
        doing = f"reading the subnets of the network of {target.full_name}"
        found = self.cloud.listed(doing, "network", "subnet", network_id=target.spec.network)
        return [one for one in found if one.network_id == target.spec.network]


def overlap(target: Target, other: Any) -> bool:
    """They share an address."""
    ours, theirs = ip_network(target.spec.cidr), ip_network(other.cidr)
    return ours.version == theirs.version and ours.overlaps(theirs)
