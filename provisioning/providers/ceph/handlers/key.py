"""`ceph.key`: an S3 key of an identity. It carries no marker; the secret that we made first is its proof.

Where Swift is wanted, a subuser called like the access key has the same secret. Its own access is to read, whatever
it is for: writing and deleting are then allowed by the archive's policy alone, and what the Swift API grants to an
object's owner is refused, above all an end date on what is there (measured on 16.2.15: it destroys even a version
under COMPLIANCE).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.domain.secrets import Secret
from provisioning.kinds.ceph import KeySpec
from provisioning.providers.ceph.client.admin import Admin, RgwUser, Subuser
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.instant import Instant


@dataclass(frozen=True)
class KeyHandler(Instant):
    """The access key is the external id."""

    admin: Admin

    def observe(self, target: Target) -> Observation:
        """Before the engine has made the secrets there is no name to look for."""
        access_key = target.external_id or _access_key(target)
        if not access_key:
            return Absent()
        user = self._user(target)
        found = user.keys.get(access_key) if user else None
        if user is None or found is None:
            return Absent()
        return Present(
            external_id=access_key,
            attributes={"user": _uid(target), "swift": _swift(user, access_key, found)},
            outputs={"access_key": access_key, "user": _uid(target)},
            ours=found == target.secrets.get("secret_key"),
        )

    def create(self, target: Target) -> Outcome:
        """RGW would overwrite the secret of a key that this user has, so it is looked for first."""
        access_key = _access_key(target)
        user = self._user(target)
        if user and access_key in user.keys:
            raise AlreadyExists(f"The user {_uid(target)} has this access key already.")
        self.admin.create_key(_uid(target), access_key, target.secrets["secret_key"])
        if _spec(target).swift:
            self.admin.create_reader(_uid(target), access_key, target.secrets["secret_key"])
        return Outcome(external_id=access_key)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Swift comes and goes; of the key itself nothing could change: another one is another resource."""
        if set(after) != {"swift"}:
            raise PermanentError("A key cannot be changed; make another one and retire this one.")
        access_key = target.external_id or _access_key(target)
        user = self._user(target)
        # A subuser that is there keeps its access whatever is said: it is made anew.
        if user and access_key in user.subusers:
            self.admin.remove_subuser(_uid(target), access_key)
        if _spec(target).swift:
            self.admin.create_reader(_uid(target), access_key, target.secrets["secret_key"])
        return Outcome(external_id=access_key)

    def delete(self, target: Target) -> Outcome:
        """It stops working at once. The subuser first: without the key nobody would look for it any more."""
        assert target.external_id
        user = self._user(target)
        if user and target.external_id in user.subusers:
            self.admin.remove_subuser(user.uid, target.external_id)
        if user and target.external_id in user.keys:
            self.admin.remove_key(user.uid, target.external_id)
        return Outcome()

    def _user(self, target: Target) -> RgwUser | None:
        """Without its user a key is gone as well."""
        try:
            return self.admin.user(_uid(target))
        except NotThere:
            return None


def _access_key(target: Target) -> str:
    secret = target.secrets.get("access_key")
    return secret.reveal() if secret else ""


def _swift(user: RgwUser, access_key: str, secret: Secret) -> bool | None:
    """Whether the Swift API is open to this key; None when the subuser is not as we make it."""
    if access_key not in user.subusers:
        return False
    return True if user.subusers[access_key] == Subuser("read", secret) else None


def _spec(target: Target) -> KeySpec:
    assert isinstance(target.spec, KeySpec)
    return target.spec


def _uid(target: Target) -> str:
    return str(_spec(target).user)
