"""Ceph: an authority's RGW tenant, its four identities, their keys, its archives."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from provisioning.domain.manifest import digest
from provisioning.kinds.base import Kind, Repeat, Spec

KIB: Final = 1024


def whole_kib(size: int | None) -> int | None:
    """`size` in bytes, rounded up as RGW keeps it: its quotas are whole KiB (2^10)."""
    return None if size is None else -(-size // KIB) * KIB


@dataclass(frozen=True)
class UserSpec(Spec):
    """An identity of the authority's RGW tenant. Quotas in bytes (None: none of its own)."""

    role: str = ""  # owner | writer | restore | probe; "" in the row of an orphan, which knows its uid alone
    max_buckets: int = -1  # -1: may own no bucket
    quota_bytes: int | None = None  # everything the identity owns, current and old versions
    bucket_quota_bytes: int | None = None  # the default of each bucket that it owns
    suspended: bool = False

    def declared(self) -> dict[str, Any]:
        """Quotas as RGW will show them; otherwise a quota of 1000 bytes would differ for ever."""
        quotas = {
            "quota_bytes": whole_kib(self.quota_bytes),
            "bucket_quota_bytes": whole_kib(self.bucket_quota_bytes),
        }
        return asdict(self) | quotas


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
    private: bool = True  # an ACL opens nothing to the public, whoever puts it; policies are below

    def declared(self) -> dict[str, Any]:
        """The fields, and the digest of the policy, so that one altered behind our back shows."""
        return asdict(self) | {"policy": digest(policy_document(self, _ANY_BUCKET))}


# Stands for the bucket's name in the digest: an incarnation's policy says the same about another name.
_ANY_BUCKET: Final = "*archive*"

_READ: Final = ("GetBucketLocation", "GetBucketVersioning", "GetObject", "ListBucket")
_WRITER_MAY: Final = (
    "AbortMultipartUpload",
    "DeleteObject",  # leaves a marker; the versions stay
    "GetBucketLocation",
    "GetObject",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListMultipartUploadParts",
    "PutObject",
)
# What is nowhere allowed is refused already; the explicit refusal also beats the rights that S3 gives to
# whoever uploaded an object, and an Allow that somebody adds by mistake.
_WRITER_MAY_NEVER: Final = (
    "BypassGovernanceRetention",
    "DeleteBucket",
    "DeleteBucketPolicy",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "DeleteObjectVersionTagging",
    "DeletePublicAccessBlock",
    "PutBucketAcl",
    "PutBucketObjectLockConfiguration",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutLifecycleConfiguration",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "PutObjectVersionAcl",
    "PutObjectVersionTagging",
    "PutPublicAccessBlock",
)


def policy_document(spec: BucketSpec, bucket: str) -> dict[str, Any]:
    """The S3 policy of `bucket`: a writer that can destroy nothing, and two who read every version."""
    tenant = str(spec.owner).partition("$")[0]
    place = [f"arn:aws:s3::{tenant}:{bucket}", f"arn:aws:s3::{tenant}:{bucket}/*"]
    readers = [spec.restore, spec.probe]
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement("Allow", [spec.writer], _WRITER_MAY, place),
            _statement("Deny", [spec.writer], _WRITER_MAY_NEVER, place),
            _statement("Allow", readers, (*_READ, "GetObjectVersion", "ListBucketVersions"), place),
        ],
    }


def policy_digest(spec: BucketSpec, bucket: str, found: Mapping[str, Any] | None) -> str | None:
    """The declared digest when `found` is exactly `bucket`'s policy; else another, None for no policy at all."""
    if found is None:
        return None
    if found == policy_document(spec, bucket):
        return str(spec.declared()["policy"])
    return digest(found)


def _statement(effect: str, uids: list[Any], actions: tuple[str, ...], place: list[str]) -> dict[str, Any]:
    principals = ["arn:aws:iam::{}:user/{}".format(*str(uid).split("$", 1)) for uid in uids]
    return {
        "Effect": effect,
        "Principal": {"AWS": principals},
        "Action": [f"s3:{action}" for action in sorted(actions)],
        "Resource": place,
    }


def bucket_name(spec: BucketSpec, incarnation: int) -> str:
    """A name that held data is never used for other data: the second bucket of an archive is `<name>-2`."""
    return spec.bucket if incarnation == 1 else f"{spec.bucket}-{incarnation}"


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
    protects=frozenset({"versioning", "private", "retention_days", "immutability", "policy"}),
)
