"""`proxmox.network`: a virtual network in the platform's zone (ADR 27), out of which nothing leads. The alias is
the marker; a name has eight characters at most, so it is a number of ours.

What is made, changed or removed is a draft until it is applied, by a task that every node follows by itself.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.providers.proxmox.client.errors import NotThere
from provisioning.providers.proxmox.handlers.tasked import Tasked
from provisioning.providers.proxmox.numbers import Numbers

DRAFTS: Final = "cluster/sdn/vnets"
# Numbers in a row that strangers may have over there, before the portal waits.
STRANGERS: Final = 10
# What shows whether that which runs is what was drafted.
_SHAPE: Final = ("zone", "alias", "tag", "isolate-ports")
# Zones whose networks reach every node have a number of their own on the wire; those of one node have none.
_TAGGED: Final = {"simple": False, "vxlan": True}


@dataclass(frozen=True)
class NetworkHandler(Tasked):
    """The external id is its name. `zone` is the region file's, made by the runbook."""

    zone: str
    numbers: Numbers

    def observe(self, target: Target) -> Observation:
        """In force: applied as it was drafted, on every node that is there."""
        id = self._id(target)
        draft, runs = (self._one(id), self._one(id, running=1)) if id else (None, None)
        shown = draft or runs
        if shown is None:
            return Absent()
        ours = shown.get("alias") == str(target.marker)
        if not (ours or target.external_id):
            return Absent()  # a stranger has our number: create takes another
        in_force = draft is not None and runs is not None and _shape(draft) == _shape(runs)
        return Present(
            id,
            {"isolated": _flag(shown, "isolate-ports"), "in_force": in_force and not self._lacking()},
            {"network": id, "path": f"/sdn/zones/{shown['zone']}/{id}"},
            ours=ours,
        )

    def create(self, target: Target) -> Outcome:
        """Drafted, then applied. Stopped between them, it shows as not in force."""
        for _ in range(STRANGERS):
            number = self.numbers.take(target.full_name)
            try:
                self._draft(target, name_of(number))
            except AlreadyExists:
                if _is_of(self._one(name_of(number)), target):
                    raise
                self.numbers.give_up(target.full_name, number)
                continue
            return Outcome(external_id=name_of(number), handle=self._apply(target))
        raise TemporaryError("Strangers have the next numbers of networks; the portal tries others.", unsent=True)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Drafted as it shall be, and applied once more."""
        id = str(target.external_id)
        if self._one(id) is None:
            self._draft(target, id)
        else:
            words = {"isolate-ports": int(target.spec.isolated)}
            self.api.call(f"changing the network {id}", "put", f"{DRAFTS}/{id}", **words)
        return Outcome(external_id=id, handle=self._apply(target))

    def delete(self, target: Target) -> Outcome:
        """The draft, then applied; what carries somebody else's alias stays."""
        assert target.external_id
        seen = self.observe(target)
        if not isinstance(seen, Present) or not seen.ours:
            return Outcome()
        with suppress(NotThere):
            id = target.external_id
            self.api.call(f"removing the network {id}", "delete", f"{DRAFTS}/{id}")
        return Outcome(handle=self._apply(target))

    def poll(self, target: Target) -> Observation:
        """`OK` is the end of the telling, not of the doing: each node reloads by itself, and may fail."""
        seen = super().poll(target)
        if isinstance(seen, Absent) and (lacking := self._lacking()):
            raise PermanentError(
                f"The networks of {' and '.join(lacking)} were not reloaded; the region's operator must look at "
                "the task srvreload there.",
                reason="TaskFailed",
            )
        return seen

    def _draft(self, target: Target, id: str) -> None:
        doing = f"making the network {id}"
        try:
            kind = self.api.shown(doing, f"cluster/sdn/zones/{self.zone}").get("type") if self.zone else None
        except NotThere:
            kind = None
        if kind not in _TAGGED:
            raise PermanentError(
                f"Proxmox has no zone {self.zone or 'of networks'} of the type simple or vxlan; the region's "
                "operator must make one and name it in the region file.",
                reason="NoZone",
            )
        words = {"alias": str(target.marker), "isolate-ports": int(target.spec.isolated)}
        tag = {"tag": int(id.removeprefix("v"))} if _TAGGED[kind] else {}
        self.api.call(doing, "post", DRAFTS, vnet=id, zone=self.zone, **words, **tag)

    def _apply(self, target: Target) -> str:
        return self.api.started(f"applying the network {target.full_name}", "put", "cluster/sdn")

    def _id(self, target: Target) -> str:
        """By the number that it was given; a restored database forgot it, but the alias stands."""
        if target.external_id:
            return target.external_id
        number = self.numbers.of(target.full_name)
        if number is not None:
            return name_of(number)
        drafts = self.api.listed("looking for a network", DRAFTS)
        return next((str(one["vnet"]) for one in drafts if _is_of(one, target)), "")

    def _one(self, id: str, **words: Any) -> dict[str, Any] | None:
        try:
            return self.api.shown(f"reading the network {id}", f"{DRAFTS}/{id}", **words)
        except NotThere:
            return None

    def _lacking(self) -> list[str]:
        """Nodes that are there and on which the zone is not as it was applied."""
        rows = self.api.listed("reading the zones", "cluster/resources", type="sdn")
        mine = [row for row in rows if row.get("network", row.get("sdn")) == self.zone]
        return sorted(str(row["node"]) for row in mine if row.get("status") == "error")


def name_of(number: int) -> str:
    """The network's name, of eight characters."""
    return f"v{number:07d}"


def _is_of(one: Mapping[str, Any] | None, target: Target) -> bool:
    return one is not None and one.get("alias") == str(target.marker)


def _shape(one: Mapping[str, Any]) -> list[str]:
    return [str(one.get(name) or "") for name in _SHAPE]


def _flag(one: Mapping[str, Any], name: str) -> bool:
    return str(one.get(name) or 0) == "1"
