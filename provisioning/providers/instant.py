"""What answers only when it is done gives no handle: RGW, Keystone, Neutron, and Proxmox's access control."""

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation


class Instant:
    """The base of handlers of such objects."""

    def poll(self, target: Target) -> Observation:
        """A handle that nobody here gave is unknown; the engine drops it and observes."""
        return Absent()
