"""`proxmox.grant`: a role on a path for one of our identities. It carries no marker: whoever holds it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.proxmox import GrantSpec
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api


@dataclass(frozen=True)
class GrantHandler(Instant):
    """The external id is `path role holder`: none of them has a blank in it."""

    api: Api

    def observe(self, target: Target) -> Observation:
        id = self._id(target)
        path, role, holder = id.split(" ")
        for entry in self.api.listed(f"reading what is granted on {path}", "access/acl"):
            if (entry.get("path"), entry.get("roleid"), entry.get("ugid")) == (path, role, holder):
                propagate = str(entry.get("propagate", 1)) == "1"
                attributes = {"path": path, "role": role, "holder": holder, "propagate": propagate}
                return Present(external_id=id, attributes=attributes, outputs={"holder": holder})
        return Absent()

    def create(self, target: Target) -> Outcome:
        """Proxmox takes the same grant twice without a word; the engine wants to know."""
        if isinstance(self.observe(target), Present):
            raise AlreadyExists("This is granted already.")
        self._put(target, self._id(target))
        return Outcome(external_id=self._id(target))

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        self._put(target, self._id(target))
        return Outcome(external_id=self._id(target))

    def delete(self, target: Target) -> Outcome:
        """Taking away what is not there is no fault; neither is a holder that is gone, its grants went with it."""
        assert target.external_id
        if isinstance(self.observe(target), Present):
            self._put(target, target.external_id, delete=1)
        return Outcome()

    def _put(self, target: Target, id: str, **more: int) -> None:
        path, role, holder = id.split(" ")
        words: dict[str, Any] = {
            "path": path,
            "roles": role,
            "tokens" if "!" in holder else "users": holder,
            **more,
        }
        if not more:
            words["propagate"] = int(_spec(target).propagate)
        self.api.call(f"changing what is granted on {path}", "put", "access/acl", **words)

    @staticmethod
    def _id(target: Target) -> str:
        spec = target.spec
        return target.external_id or f"{spec.path} {spec.role} {spec.holder}"


def _spec(target: Target) -> GrantSpec:
    assert isinstance(target.spec, GrantSpec)
    return target.spec
