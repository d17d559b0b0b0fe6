"""What an archive holds, for the meters and for "is the newest copy recent enough". With the probe's key."""

from dataclasses import dataclass
from datetime import datetime

from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.s3 import Signed


@dataclass(frozen=True)
class Figures:
    """Bytes and counts. `held_*` is what the quota counts, old versions too; `current_*` what a client lists now.

    `newest` is when the newest current object was written; None in an empty archive.
    """

    held_bytes: int
    held_objects: int
    current_bytes: int
    current_objects: int
    newest: datetime | None


def figures(admin: Admin, probe: Signed, tenant: str, bucket: str) -> Figures:
    """One call, and one for each thousand current objects. NotThere when the bucket is gone."""
    held = admin.bucket(tenant, bucket)
    size, count, newest = 0, 0, None
    for one in probe.objects(bucket):
        size, count = size + one.size, count + 1
        newest = max(newest or one.written, one.written)
    return Figures(held.size, held.objects, size, count, newest)
