"""`proxmox.snapshot`: a guest's disks as they are at that moment. The description is the marker.

Only root clears the lock that a snapshot leaves which broke off: it is told, and waited for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.proxmox import SnapshotSpec
from provisioning.providers.proxmox import guests
from provisioning.providers.proxmox.guests import Guest
from provisioning.providers.proxmox.handlers.tasked import Tasked

# As long as Proxmox takes a snapshot's name.
LONGEST = 40


@dataclass(frozen=True)
class SnapshotHandler(Tasked):
    """The external id is `<VMID> <name>`."""

    def observe(self, target: Target) -> Observation:
        """Absent too when its guest is gone: it went with it."""
        guest = guests.find(self.api, self._vmid(target))
        if guest is None:
            return Absent()
        doing, name = f"reading the snapshots of guest {guest.vmid}", self._name(target)
        with guests.standing(doing):
            found = self.api.listed(doing, f"{guest.path}/snapshot")
        one = next((one for one in found if one.get("name") == name), None)
        if one is None:
            return Absent()
        if one.get("snapstate"):
            return self._unfinished(guest)
        ours = str(one.get("description", "")).strip() == str(target.marker)
        id = f"{guest.vmid} {name}"
        return Present(id, {"guest": str(guest.vmid)}, {"snapshot": name}, ours=ours)

    def create(self, target: Target) -> Outcome:
        """Asked for; a task takes it."""
        guest = guests.find(self.api, self._vmid(target))
        if guest is None:
            raise TemporaryError("The guest is not there; the portal looks again by itself.", unsent=True)
        if not isinstance(self.observe(target), Absent):
            raise AlreadyExists("A snapshot of this name is there.")
        words = {"snapname": self._name(target), "description": str(target.marker)}
        with guests.standing(self._doing(target)):
            return Outcome(handle=self.api.started(self._doing(target), "post", f"{guest.path}/snapshot", **words))

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """There is nothing of it to change."""
        raise PermanentError(
            "A snapshot is of the guest that it was taken of; whoever asked must take another one."
        )

    def delete(self, target: Target) -> Outcome:
        """The guest's disks stay as they are now."""
        seen, guest = self.observe(target), guests.find(self.api, self._vmid(target))
        if guest is None or not isinstance(seen, Present) or not seen.ours:
            return Outcome()
        path = f"{guest.path}/snapshot/{self._name(target)}"
        with guests.standing(self._doing(target)):
            return Outcome(handle=self.api.started(self._doing(target), "delete", path))

    def _unfinished(self, guest: Guest) -> Observation:
        for kind in ("qmsnapshot", "qmdelsnapshot"):
            doing = f"looking for the task that takes a snapshot of guest {guest.vmid}"
            if busy := self.api.at_work(doing, guest.node, kind, guest.vmid):
                return busy
        raise TemporaryError(
            f"A snapshot of guest {guest.vmid} broke off and left its lock; the region's operator must unlock the "
            "guest (`qm unlock`) and remove it."
        )

    @staticmethod
    def _doing(target: Target) -> str:
        return f"taking or removing the snapshot {target.full_name}"

    @staticmethod
    def _vmid(target: Target) -> int:
        return int(target.external_id.partition(" ")[0] if target.external_id else _spec(target).guest)

    @staticmethod
    def _name(target: Target) -> str:
        """As the row is called, and its incarnation; a letter first, as Proxmox wants it."""
        if target.external_id:
            return target.external_id.partition(" ")[2]
        name = f"m-{target.name}" if target.incarnation == 1 else f"m-{target.name}-{target.incarnation}"
        if len(name) > LONGEST:
            raise PermanentError(
                f"{name} is longer than a snapshot's name may be; whoever develops the portal must look."
            )
        return name


def _spec(target: Target) -> SnapshotSpec:
    assert isinstance(target.spec, SnapshotSpec)
    return target.spec
