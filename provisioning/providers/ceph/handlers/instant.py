"""RGW answers when it is done: nothing here has a handle."""

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation


class Instant:
    """The base of the three handlers."""

    def poll(self, target: Target) -> Observation:
        """A handle that nobody here gave is unknown; the engine drops it and observes."""
        return Absent()
