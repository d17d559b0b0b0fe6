"""`openstack.port`: where a server will be plugged in: its address is known before, and its rules stand."""

from typing import Any

from provisioning.domain.handler import Target
from provisioning.providers.openstack.handlers.marked import Marked


class PortHandler(Marked):
    """It stays when its server goes, and takes the next one."""

    noun = "port"
    words = {
        "project": "project_id",
        "network": "network_id",
        "enabled": "is_admin_state_up",
        "port_security": "is_port_security_enabled",
        "security_groups": "security_group_ids",
    }
    fixed = frozenset({"project", "network", "subnet", "address"})

    def besides(self, target: Target) -> dict[str, Any]:
        address = {"ip_address": target.spec.address} if target.spec.address else {}
        return {"fixed_ips": [{"subnet_id": target.spec.subnet, **address}]}

    def shape(self, target: Target, one: Any) -> dict[str, Any]:
        first = (one.fixed_ips or [{}])[0]
        shown = {"subnet": first.get("subnet_id")}
        if target.spec and target.spec.address:
            shown["address"] = first.get("ip_address")
        return super().shape(target, one) | shown | {"security_groups": sorted(one.security_group_ids)}

    def outputs(self, one: Any) -> dict[str, Any]:
        """With the address that a plan's checks go to."""
        addresses = [each["ip_address"] for each in one.fixed_ips]
        return {"port": one.id, "address": addresses[0] if addresses else "", "mac": one.mac_address}

    def is_empty(self, one: Any) -> bool:
        """Nothing is plugged in."""
        return not one.device_id
