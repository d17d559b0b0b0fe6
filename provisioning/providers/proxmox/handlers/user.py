"""`proxmox.user`: an identity without a password. The comment is the marker."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.proxmox import REALM, UserSpec
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import NotThere


@dataclass(frozen=True)
class UserHandler(Instant):
    """The id is the full name in the realm `pve`."""

    api: Api

    def observe(self, target: Target) -> Observation:
        id = self._id(target)
        try:
            found = self.api.shown(f"reading the user {id}", f"access/users/{id}")
        except NotThere:
            return Absent()
        return Present(
            external_id=id,
            attributes={"enabled": str(found.get("enable", 1)) == "1"},
            outputs={"user": id},
            ours=found.get("comment") == str(target.marker),
        )

    def create(self, target: Target) -> Outcome:
        """AlreadyExists for a name that is taken."""
        id, words = self._id(target), {"comment": str(target.marker), "enable": int(_spec(target).enabled)}
        self.api.call(f"creating the user {id}", "post", "access/users", userid=id, **words)
        return Outcome(external_id=id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Disabled, none of its tokens opens anything."""
        id = self._id(target)
        self.api.call(f"changing the user {id}", "put", f"access/users/{id}", enable=int(_spec(target).enabled))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """Its tokens and grants go with it."""
        assert target.external_id
        with suppress(NotThere):
            self.api.call(f"removing the user {target.external_id}", "delete", f"access/users/{target.external_id}")
        return Outcome()

    @staticmethod
    def _id(target: Target) -> str:
        return target.external_id or f"{target.full_name}@{REALM}"


def _spec(target: Target) -> UserSpec:
    assert isinstance(target.spec, UserSpec)
    return target.spec
