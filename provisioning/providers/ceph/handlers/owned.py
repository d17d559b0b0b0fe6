"""Buckets that are known by their name: looked for as the portal, kept in shape with the owner's key."""

from dataclasses import dataclass

from provisioning.domain.errors import TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Present
from provisioning.providers.ceph.client.admin import Admin, RgwBucket
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.ceph.client.s3 import Signed
from provisioning.providers.ceph.client.s3_clients import S3
from provisioning.providers.instant import Instant


@dataclass(frozen=True)
class OwnedBucket(Instant):
    """The base of their handlers. RGW's id is the external id: another bucket of the same name has another."""

    admin: Admin
    s3: S3

    def observe(self, target: Target) -> Observation:
        """Absent also when the name now belongs to another bucket than the recorded one."""
        try:
            found = self._there(target)
            return Absent() if found is None else self._present(target, found)
        except NotThere as error:
            if error.code != "NoSuchBucket":
                raise
            return Absent()

    def _present(self, target: Target, found: RgwBucket) -> Present:
        """What it is like."""
        raise NotImplementedError

    def _address(self, target: Target) -> tuple[str, str]:
        """Its tenant, and its name there."""
        raise NotImplementedError

    def _by_name(self, target: Target) -> RgwBucket | None:
        try:
            return self.admin.bucket(*self._address(target))
        except NotThere as error:
            if error.code != "NoSuchBucket":
                raise
            return None

    def _there(self, target: Target) -> RgwBucket | None:
        """The recorded bucket, or, where none is recorded, that of the name."""
        found = self._by_name(target)
        if found and target.external_id and found.id != target.external_id:
            return None
        return found

    def _owner(self, target: Target) -> Signed:
        secrets = target.ref_secrets.get("owner_key", {})
        if not {"access_key", "secret_key"} <= secrets.keys():
            raise TemporaryError("The owner's key is not in the vault yet; the portal looks again by itself.")
        return self.s3.signed(secrets["access_key"].reveal(), secrets["secret_key"])
