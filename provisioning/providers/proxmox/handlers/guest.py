"""`proxmox.guest`: a machine whose disk is a copy of an imported image. A tag is the marker, its VMID is ours.

1. It is asked for under our VMID and made by a task, stopped. While that runs there is nothing of it but the VMID
   and the lock `create`; that it is ours shows by whose task it is.
2. What lacks then is a difference: its firewall is closed, let through what it should, and only then it is started.
3. It goes by its VMID, and only while it carries our tag: stopped, then destroyed with its disks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, InProgress, Many, Observation, Outcome, Present
from provisioning.kinds.proxmox import GuestSpec
from provisioning.providers.proxmox import guests
from provisioning.providers.proxmox.guests import Guest
from provisioning.providers.proxmox.handlers import lines
from provisioning.providers.proxmox.handlers.firewall import Firewall
from provisioning.providers.proxmox.handlers.tasked import Tasked
from provisioning.providers.proxmox.nodes import Nodes
from provisioning.providers.proxmox.numbers import Numbers

# VMIDs in a row that strangers may have over there, before the portal waits.
STRANGERS: Final = 10


@dataclass(frozen=True)
class GuestHandler(Tasked):
    """The external id is the VMID."""

    numbers: Numbers

    def observe(self, target: Target) -> Observation:
        """By its VMID; a restored database forgot it, but tag and name stand."""
        known = self._vmids(target)
        if len(known) > 1:
            return Many(tuple(str(vmid) for vmid in known))
        guest = guests.find(self.api, known[0]) if known else None
        if guest is None:
            return Absent()
        if busy := self._making(target, guest):
            return busy
        ours = guest.carries(target.marker)
        if not (ours or target.external_id):
            return Absent()  # a stranger has our VMID: create takes another
        with guests.standing(f"reading the guest {target.full_name}"):
            return Present(str(guest.vmid), self._shape(guest), {"guest": str(guest.vmid)}, ours=ours)

    def create(self, target: Target) -> Outcome:
        """Asked for. Its id is recorded once it stands: a creation that fails takes the VMID back."""
        for _ in range(STRANGERS):
            vmid = self.numbers.take(target.full_name)
            try:
                return Outcome(handle=self._ask_for(target, vmid))
            except AlreadyExists:
                there = guests.find(self.api, vmid)
                if there is None or self._making(target, there) or there.carries(target.marker):
                    raise
                self.numbers.give_up(target.full_name, vmid)
        raise TemporaryError("Strangers have the next VMIDs; the portal tries others.", unsent=True)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Closed before it is opened, and opened before it is started."""
        guest = self._free(target)
        if guest is None:
            raise TemporaryError("The guest has just gone; the portal looks again by itself.", unsent=True)
        if "pool" in after:
            raise PermanentError("A guest's pool cannot change; whoever asked for it must have another one made.")
        with guests.standing(f"changing the guest {target.full_name}"):
            return Outcome(external_id=target.external_id, handle=self._changed(guest, _spec(target), after))

    def delete(self, target: Target) -> Outcome:
        """One that runs is stopped; asked again, it is destroyed. NameTaken for one without our tag."""
        guest = self._free(target)
        if guest is None:
            return Outcome()
        if not guest.carries(target.marker):
            raise PermanentError(f"Guest {guest.vmid} does not carry the portal's tag.", reason="NameTaken")
        doing, words = f"removing guest {guest.vmid}", {"purge": 1, "destroy-unreferenced-disks": 1}
        with guests.standing(doing):
            if guest.runs(self.api):
                return Outcome(handle=self._power(guest, "stop"))
            return Outcome(handle=self.api.started(doing, "delete", guest.path, **words))

    def _changed(self, guest: Guest, spec: GuestSpec, after: Mapping[str, Any]) -> str | None:
        firewall = Firewall(self.api, guest.path)
        if "firewall" in after:
            firewall.close()
        if "rules" in after:
            firewall.let_through(spec.rules)
        if changed := lines.changed(guest.config, spec, after):
            self.api.call(f"changing guest {guest.vmid}", "put", f"{guest.path}/config", **changed)
        return self._power(guest, "start" if spec.running else "stop") if "running" in after else None

    def _ask_for(self, target: Target, vmid: int) -> str:
        spec, nodes = _spec(target), Nodes.read(self.api)
        node = nodes.roomiest(spec.storage, str(spec.image).partition(":")[0])
        first = lines.first(spec, target.full_name, str(target.marker), nodes.kind_of(spec.storage))
        doing = f"making the guest {target.full_name}"
        return self.api.started(doing, "post", f"nodes/{node}/qemu", vmid=vmid, **first)

    def _making(self, target: Target, guest: Guest) -> InProgress | None:
        """Its task, while nothing but the VMID is there. TemporaryError when whose it is does not show yet."""
        if guest.lock != "create" or guest.carries(target.marker):
            return None
        doing = f"looking for the task that makes guest {guest.vmid}"
        if busy := self.api.at_work(doing, guest.node, "qmcreate", guest.vmid):
            return busy
        raise TemporaryError(
            f"Guest {guest.vmid} is being made by somebody, or was when its node died; the portal looks again. If "
            "nobody is making it, the region's operator must remove it."
        )

    def _free(self, target: Target) -> Guest | None:
        """The recorded one; TemporaryError while something else is done to it."""
        guest = guests.find(self.api, int(str(target.external_id)))
        if guest and guest.lock:
            raise TemporaryError(
                f"Guest {guest.vmid} is locked ({guest.lock}); the portal tries again by itself.", unsent=True
            )
        return guest

    def _power(self, guest: Guest, verb: str) -> str:
        return self.api.started(f"asking guest {guest.vmid} to {verb}", "post", f"{guest.path}/status/{verb}")

    def _vmids(self, target: Target) -> list[int]:
        if target.external_id:
            return [int(target.external_id)]
        if (number := self.numbers.of(target.full_name)) is not None:
            return [number]
        tagged = [row for row in guests.rows(self.api) if str(target.marker) in guests.tags_of(row)]
        return sorted(row["vmid"] for row in tagged if row.get("name", target.full_name) == target.full_name)

    def _shape(self, guest: Guest) -> dict[str, Any]:
        firewall = Firewall(self.api, guest.path)
        shape = lines.shape(guest.config)
        return {
            **shape,
            "pool": guest.pool,
            "firewall": shape["firewall"] and firewall.is_closed(),
            "rules": firewall.rules(),
            "running": guest.runs(self.api),
        }


def _spec(target: Target) -> GuestSpec:
    assert isinstance(target.spec, GuestSpec)
    return target.spec
