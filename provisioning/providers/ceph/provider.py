"""One Ceph platform: its gateway for identities, keys and archives, its mons for sites and capacity."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from provisioning.domain.handler import Handler, Sample
from provisioning.domain.observation import Sighting
from provisioning.domain.region import Platform
from provisioning.domain.secrets import Secret
from provisioning.providers.ceph import census
from provisioning.providers.ceph.capacity import Capacity
from provisioning.providers.ceph.client import credentials
from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.credentials import Credentials
from provisioning.providers.ceph.client.mon import Mon
from provisioning.providers.ceph.client.s3 import S3Object, S3Version
from provisioning.providers.ceph.client.s3_clients import S3
from provisioning.providers.ceph.handlers.bucket import BucketHandler
from provisioning.providers.ceph.handlers.door import DoorHandler
from provisioning.providers.ceph.handlers.key import KeyHandler
from provisioning.providers.ceph.handlers.user import UserHandler
from provisioning.providers.ceph.marks import Marks
from provisioning.providers.ceph.meter import Digest, Figures, digest, figures, listed


def open_platform(platform: Platform) -> "CephProvider":
    """Nothing is read or called yet."""
    return CephProvider(platform)


class CephProvider:
    """Safe to keep across a fork: whatever holds a connection is keyed by process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._read: Credentials | None = None
        self._admin = Admin(platform.endpoints["api"], self._credentials, platform.ca_file)
        self._s3 = S3(platform.endpoints.get("data", platform.endpoints["api"]), platform.ca_file)
        self._capacity = Capacity(
            Mon(platform.endpoints.get("mon", ""), self._credentials, platform.ca_file), platform.sites
        )
        self.handlers: Mapping[str, Handler] = {
            "ceph.user": UserHandler(self._admin),
            "ceph.key": KeyHandler(self._admin),
            "ceph.bucket": BucketHandler(self._admin, self._s3),
            "ceph.door": DoorHandler(self._admin, self._s3),
        }

    def probe(self) -> None:
        """One entry of one listing: through the gateway to the disks and back."""
        self._admin.answer()

    def marks(self, after: str) -> list[str]:
        """Marks of this platform that sort after `after`."""
        return self._marks().after(after)

    def push_mark(self, mark: str) -> None:
        """Add one; repeating it changes nothing."""
        self._marks().push(mark)

    def census(self) -> Iterator[Sighting]:
        """Identities, keys and archives of every installation on this gateway."""
        return census.sightings(self._admin)

    def capacity(self) -> list[Sample]:
        """`storage_gib` of each site."""
        return self._capacity.samples()

    def health(self) -> list[str]:
        """Codes of the sites that are down."""
        return self._capacity.sites_down()

    def missing_targets(self) -> list[str]:
        """Placement targets of the region file that the cluster lacks; for the check at start."""
        return self._capacity.missing(self._platform.placement_targets)

    def figures(
        self, tenant: str, bucket: str, access_key: str, secret_key: Secret, since: datetime | None = None
    ) -> Figures:
        """What the archive holds, seen with its probe's key."""
        return figures(self._admin, self._s3.signed(access_key, secret_key), tenant, bucket, since)

    def digest(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> Digest | None:
        """An object of the archive read from end to end, with its probe's key."""
        return digest(self._s3.signed(access_key, secret_key), bucket, key)

    def listed(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> S3Object | None:
        """The same object as it is listed now."""
        return listed(self._s3.signed(access_key, secret_key), bucket, key)

    def versions(self, bucket: str, access_key: str, secret_key: Secret) -> Iterator[S3Version]:
        """Every version of every object of the archive, with its probe's key."""
        return self._s3.signed(access_key, secret_key).versions(bucket)

    def chunks(self, bucket: str, key: str, version: str, access_key: str, secret_key: Secret) -> Iterator[bytes]:
        """One version, a MiB at a time."""
        return self._s3.signed(access_key, secret_key).chunks(bucket, key, version)

    def said(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> Mapping[str, str] | None:
        """What an object says of itself; None when there is none."""
        return self._s3.signed(access_key, secret_key).said(bucket, key)

    def upload(
        self,
        bucket: str,
        key: str,
        parts: Iterator[bytes],
        says: Mapping[str, str],
        access_key: str,
        secret_key: Secret,
    ) -> None:
        """A new version of it, whole or not at all."""
        self._s3.signed(access_key, secret_key).upload(bucket, key, parts, says)

    def abandon(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> None:
        """Uploads to that name that were begun and never ended."""
        self._s3.signed(access_key, secret_key).abort_uploads(bucket, key)

    def _marks(self) -> Marks:
        # One bucket, the only one that the portal's identity may own; each platform id is a folder in it, so that
        # two installations on one gateway do not take each other's marks for their own.
        mine = self._credentials()
        signed = self._s3.signed(mine.access_key, mine.secret_key, own_key=True)
        return Marks(signed, "portal-marks", self._platform.id)

    def _credentials(self) -> Credentials:
        """Read once it is good; a bad file is read again, so that mending it is enough."""
        if self._read is None:
            self._read = credentials.read(self._platform.credentials_file)
        return self._read
