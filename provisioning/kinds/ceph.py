"""Ceph: an authority's RGW tenant, its four identities, their keys, its archives."""

from dataclasses import dataclass
from typing import Any

from provisioning.kinds.base import Kind, Repeat, Spec


@dataclass(frozen=True)
class UserSpec(Spec):
    """An identity of the authority's RGW tenant. Quotas in bytes (None: none of its own)."""

    role: str  # owner | writer | restore | probe
    max_buckets: int = -1  # -1: may own no bucket
    quota_bytes: int | None = None  # everything the identity owns, current and old versions
    bucket_quota_bytes: int | None = None  # the default of each bucket that it owns
    suspended: bool = False


@dataclass(frozen=True)
class KeySpec(Spec):
    """An S3 key of an identity. `user` is the uid."""

    user: Any


@dataclass(frozen=True)
class BucketSpec(Spec):
    """One archive. Identities are uids; `owner_key` refers to the key whose secret the workers use."""

    bucket: str  # its name, as the authority's tools see it
    owner: Any
    owner_key: Any
    writer: Any
    restore: Any
    probe: Any
    placement_target: str
    retention_days: int  # old versions are kept so long
    immutability: str = "none"  # none | governance | compliance
    versioning: bool = True


USER = Kind(
    name="ceph.user",
    provider="ceph",
    spec=UserSpec,
    repeat=Repeat.UNIQUE,
    marker="display_name",
    protects=frozenset({"quota_bytes", "bucket_quota_bytes", "max_buckets", "suspended"}),
)
KEY = Kind(
    name="ceph.key",
    provider="ceph",
    spec=KeySpec,
    repeat=Repeat.UNIQUE,
    secrets=("access_key", "secret_key"),
)
BUCKET = Kind(
    name="ceph.bucket",
    provider="ceph",
    spec=BucketSpec,
    repeat=Repeat.UNIQUE,
    marker="bucket tag",
    bears_data=True,
    protects=frozenset({"versioning", "retention_days", "immutability", "policy"}),
)
