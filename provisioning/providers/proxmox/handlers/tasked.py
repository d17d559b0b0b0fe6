"""What takes its time: a UPID is the handle, and its end says nothing but that it is time to look."""

from dataclasses import dataclass

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import NotThere


@dataclass(frozen=True)
class Tasked:
    """The base of these handlers."""

    api: Api

    def poll(self, target: Target) -> Observation:
        """InProgress, or Absent: the handle is done with, and the look decides. TaskFailed says its exit status."""
        doing = f"waiting for {target.full_name}"
        try:
            return self.api.task(doing, str(target.handle)) or Absent()
        except NotThere:  # the index of tasks keeps the newest
            return Absent()
