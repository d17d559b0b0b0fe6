"""The registry of kinds: read it from top to bottom."""

from typing import Final

from provisioning.kinds import ceph
from provisioning.kinds.base import Kind

KINDS: Final[dict[str, Kind]] = {
    "ceph.user": ceph.USER,
    "ceph.key": ceph.KEY,
    "ceph.bucket": ceph.BUCKET,
}
