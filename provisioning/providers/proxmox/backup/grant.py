"""`proxmox.backup_grant`: a role on a path for one of our identities. Its marker is that of whoever holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX


@dataclass(frozen=True)
class GrantHandler(Instant):
    """The external id is `path role holder`: none of them has a blank in it."""

    api: Api

    def observe(self, target: Target) -> Observation:
        id = self._id(target)
        path, role, holder = id.split(" ")
        for one in granted(self.api):
            if (one.get("path"), one.get("roleid"), one.get("ugid")) == (path, role, holder):
                propagate = str(one.get("propagate", 1)) in ("1", "True")
                shape = {"path": path, "role": role, "holder": holder, "propagate": propagate}
                return Present(id, shape, {"holder": holder})
        return Absent()

    def create(self, target: Target) -> Outcome:
        """The server takes the same grant twice without a word; the engine wants to know."""
        if isinstance(self.observe(target), Present):
            raise AlreadyExists("This is granted already.")
        return self.update(target, {})

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        self._put(target, propagate=int(target.spec.propagate))
        return Outcome(external_id=self._id(target))

    def delete(self, target: Target) -> Outcome:
        """A holder that is gone took its grants along."""
        if isinstance(self.observe(target), Present):
            self._put(target, delete=1)
        return Outcome()

    def _put(self, target: Target, **more: int) -> None:
        path, role, holder = self._id(target).split(" ")
        words = {"path": path, "role": role, "auth-id": holder, **more}
        self.api.call(f"changing what is granted on {path}", "put", "access/acl", **words)

    @staticmethod
    def _id(target: Target) -> str:
        spec = target.spec
        return target.external_id or f"{spec.path} {spec.role} {spec.holder}"


def granted(api: Api) -> list[dict[str, Any]]:
    """Every grant. The portal's own is among them: without it one does not see all."""
    doing = "listing what is granted"
    found = api.listed(doing, "access/acl")
    if not any(one.get("ugid") == api.identity for one in found):
        raise PROXMOX.unusable(doing, "lacks the portal's own grants")
    return found
