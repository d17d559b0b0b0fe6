"""`openstack.network`: a network of one project."""

from typing import Any

from provisioning.providers.openstack.handlers.marked import Marked


class NetworkHandler(Marked):
    """Its subnets are rows of their own."""

    noun = "network"
    words = {
        "project": "project_id",
        "enabled": "is_admin_state_up",
        "shared": "is_shared",
        "port_security": "is_port_security_enabled",
    }

    def is_empty(self, one: Any) -> bool:
        """Its subnets would go with it."""
        return not one.subnet_ids
