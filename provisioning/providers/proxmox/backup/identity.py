"""`proxmox.backup_user` and `proxmox.backup_token`: who signs in. Comments are the markers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.domain.secrets import Secret
from provisioning.kinds.backup_server import REALM
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX


@dataclass(frozen=True)
class UserHandler(Instant):
    """The external id is the full name in the realm `pbs`."""

    api: Api

    def observe(self, target: Target) -> Observation:
        id = self._id(target)
        found = users(self.api).get(id)
        if found is None:
            return Absent()
        return Present(
            id, {"enabled": is_enabled(found)}, {"user": id}, ours=found.get("comment") == str(target.marker)
        )

    def create(self, target: Target) -> Outcome:
        """Without a password: nobody signs in with it."""
        id = self._id(target)
        if id in users(self.api):
            raise AlreadyExists("A user of this name is there.")
        words = {"comment": str(target.marker), "enable": int(target.spec.enabled)}
        self.api.call(f"making the user {id}", "post", "access/users", userid=id, **words)
        return Outcome(external_id=id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Disabled, none of its tokens opens anything."""
        id = self._id(target)
        self.api.call(f"changing the user {id}", "put", f"access/users/{id}", enable=int(target.spec.enabled))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """Its tokens and grants go with it."""
        id = str(target.external_id)
        if id in users(self.api):
            self.api.call(f"removing the user {id}", "delete", f"access/users/{id}")
        return Outcome()

    @staticmethod
    def _id(target: Target) -> str:
        return target.external_id or f"{target.full_name}@{REALM}"


@dataclass(frozen=True)
class TokenHandler(Instant):
    """The external id is `user!name`; the second incarnation is called `name-2`."""

    api: Api

    def observe(self, target: Target) -> Observation:
        """Absent too when its user is gone: it went with it."""
        id = self._id(target)
        found = self._tokens(id).get(id)
        if found is None:
            return Absent()
        ours = found.get("comment") == str(target.marker)
        return Present(id, {"enabled": is_enabled(found)}, {"token_id": id}, ours=ours)

    def create(self, target: Target) -> Outcome:
        """Its value is in the outcome's secrets, and nowhere else ever again."""
        id = self._id(target)
        doing = f"making the token {id}"
        if id in self._tokens(id):
            raise AlreadyExists("A token of this name is there.")
        words = {"comment": str(target.marker), "enable": int(target.spec.enabled)}
        made = self.api.call(doing, "post", _path(id), **words)
        if not isinstance(made, dict) or not made.get("value"):
            raise PROXMOX.unusable(doing, "lacks the value")
        return Outcome(external_id=id, secrets={"secret": Secret(str(made["value"]))})

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        id = self._id(target)
        self.api.call(f"changing the token {id}", "put", _path(id), enable=int(target.spec.enabled))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """Its grants go with it."""
        id = str(target.external_id)
        if id in self._tokens(id):
            self.api.call(f"removing the token {id}", "delete", _path(id))
        return Outcome()

    def _tokens(self, id: str) -> dict[str, dict[str, Any]]:
        """Of its user, by id."""
        user = users(self.api).get(id.partition("!")[0]) or {}
        return {str(one.get("tokenid")): one for one in user.get("tokens") or []}

    @staticmethod
    def _id(target: Target) -> str:
        suffix = "" if target.incarnation == 1 else f"-{target.incarnation}"
        return target.external_id or f"{target.spec.user}!{target.name}{suffix}"


def users(api: Api) -> dict[str, dict[str, Any]]:
    """By id, with their tokens. Root is always there: without it one sees only oneself."""
    doing = "listing the users"
    found = {str(one.get("userid")): one for one in api.listed(doing, "access/users", include_tokens=1)}
    if "root@pam" not in found:
        raise PROXMOX.unusable(doing, "lacks root, so others may lack too")
    return found


def is_enabled(one: Mapping[str, Any]) -> bool:
    """What is not said is so."""
    return str(one.get("enable", 1)) in ("1", "True")


def _path(id: str) -> str:
    user, _, name = id.partition("!")
    return f"access/users/{user}/token/{name}"
