"""`ceph.key`: an S3 key of an identity. It carries no marker; the secret that we made first is its proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.domain.secrets import Secret
from provisioning.kinds.ceph import KeySpec
from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.ceph.handlers.instant import Instant


@dataclass(frozen=True)
class KeyHandler(Instant):
    """The access key is the external id."""

    admin: Admin

    def observe(self, target: Target) -> Observation:
        """Before the engine has made the secrets there is no name to look for."""
        access_key = target.external_id or _access_key(target)
        if not access_key:
            return Absent()
        found = self._keys(_uid(target)).get(access_key)
        if found is None:
            return Absent()
        return Present(
            external_id=access_key,
            attributes={"user": _uid(target)},
            outputs={"access_key": access_key, "user": _uid(target)},
            ours=found == target.secrets.get("secret_key"),
        )

    def create(self, target: Target) -> Outcome:
        """RGW would overwrite the secret of a key that this user has, so it is looked for first."""
        access_key = _access_key(target)
        if access_key in self._keys(_uid(target)):
            raise AlreadyExists(f"The user {_uid(target)} has this access key already.")
        self.admin.create_key(_uid(target), access_key, target.secrets["secret_key"])
        return Outcome(external_id=access_key)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """There is nothing about a key that could change: another one is another resource."""
        raise PermanentError("A key cannot be changed; make another one and retire this one.")

    def delete(self, target: Target) -> Outcome:
        """It stops working at once."""
        assert target.external_id
        if target.external_id in self._keys(_uid(target)):
            self.admin.remove_key(_uid(target), target.external_id)
        return Outcome()

    def _keys(self, uid: str) -> Mapping[str, Secret]:
        """Without its user a key is gone as well."""
        try:
            return self.admin.user(uid).keys
        except NotThere:
            return {}


def _access_key(target: Target) -> str:
    secret = target.secrets.get("access_key")
    return secret.reveal() if secret else ""


def _uid(target: Target) -> str:
    assert isinstance(target.spec, KeySpec)
    return str(target.spec.user)
