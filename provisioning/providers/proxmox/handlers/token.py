"""`proxmox.token`: an API token. Proxmox makes its value and shows it once; a lost answer means another token."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.domain.secrets import Secret
from provisioning.kinds.proxmox import TokenSpec
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX, NotThere


@dataclass(frozen=True)
class TokenHandler(Instant):
    """The external id is `user!name`; the second incarnation is called `name-2`."""

    api: Api

    def observe(self, target: Target) -> Observation:
        """Absent too when its user is gone: it went with it."""
        id = self._id(target)
        try:
            found = self.api.shown(f"reading the token {id}", _path(id))
        except NotThere:
            return Absent()
        return Present(
            external_id=id,
            attributes={"separated": str(found.get("privsep", 1)) == "1"},
            outputs={"token_id": id},
            ours=found.get("comment") == str(target.marker),
        )

    def create(self, target: Target) -> Outcome:
        """Its value is in the outcome's secrets, and nowhere else ever again."""
        id = self._id(target)
        doing = f"creating the token {id}"
        words = {"comment": str(target.marker), "privsep": int(_spec(target).separated)}
        made = self.api.call(doing, "post", _path(id), **words)
        if not isinstance(made, dict) or not made.get("value"):
            raise PROXMOX.unusable(doing, "lacks the value")
        return Outcome(external_id=id, secrets={"secret": Secret(str(made["value"]))})

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        id = self._id(target)
        self.api.call(f"changing the token {id}", "put", _path(id), privsep=int(_spec(target).separated))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """Its grants go with it."""
        assert target.external_id
        with suppress(NotThere):
            self.api.call(f"removing the token {target.external_id}", "delete", _path(target.external_id))
        return Outcome()

    @staticmethod
    def _id(target: Target) -> str:
        suffix = "" if target.incarnation == 1 else f"-{target.incarnation}"
        return target.external_id or f"{_spec(target).user}!{target.name}{suffix}"


def _path(id: str) -> str:
    user, _, name = id.partition("!")
    return f"access/users/{user}/token/{name}"


def _spec(target: Target) -> TokenSpec:
    assert isinstance(target.spec, TokenSpec)
    return target.spec
