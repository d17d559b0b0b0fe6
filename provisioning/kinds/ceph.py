"""Ceph: an authority's RGW tenant, its four identities, their keys, its archives."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from provisioning.domain.manifest import digest
from provisioning.kinds.base import Kind, Repeat, Spec

KIB: Final = 1024

# Protocols that come through the gateway, each under a user agent that no client of it can choose.
GATEWAYS: Final = {"sftp": "mcloud-gateway-sftp", "webdav": "mcloud-gateway-webdav"}
DOOR: Final = "elaastic.door"  # no archive has a dot in its name
DOOR_TAG: Final = "archive/"  # before the name of a bucket that the door leads to


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
    """An S3 key of an identity. `user` is the uid. `swift`: the same secret opens the Swift API, as the subuser
    that is called like the access key.
    """

    user: Any
    swift: bool = False


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
    gateways: Any = ()  # those of GATEWAYS through which it is reached; the others find no way in

    def declared(self) -> dict[str, Any]:
        """The fields, and the digest of the policy, so that one altered behind our back shows."""
        policy = digest(policy_document(self, _ANY_BUCKET))
        return asdict(self) | {"policy": policy, "gateways": sorted(self.gateways)}


@dataclass(frozen=True)
class DoorSpec(Spec):
    """What a gateway reads, with the key of whoever logs in, to know which archives that key opens: a bucket
    without objects, its tags the names of the others. Only `gateways` may read it.
    """

    owner: Any
    owner_key: Any
    writer: Any
    restore: Any
    placement_target: str
    gateways: Any
    archives: Any  # names of buckets
    private: bool = True

    def declared(self) -> dict[str, Any]:
        """Sets have no order; and the digest of the policy."""
        sets = {name: sorted(getattr(self, name)) for name in ("archives", "gateways")}
        return asdict(self) | sets | {"policy": digest(door_policy(self))}


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
    closed = {name: agent for name, agent in GATEWAYS.items() if name not in spec.gateways}
    return _policy(
        _statement("Allow", [spec.writer], _WRITER_MAY, place),
        _statement("Deny", [spec.writer], _WRITER_MAY_NEVER, place),
        _statement("Allow", readers, (*_READ, "GetObjectVersion", "ListBucketVersions"), place),
        *([_through(closed, _statement("Deny", [spec.writer, spec.restore], ("*",), place))] if closed else []),
    )


def door_policy(spec: DoorSpec) -> dict[str, Any]:
    """The S3 policy of the door: read by who is handed a key, and through the chosen gateways only."""
    tenant = str(spec.owner).partition("$")[0]
    opened = {name: agent for name, agent in GATEWAYS.items() if name in spec.gateways}
    place = [f"arn:aws:s3::{tenant}:{DOOR}"]
    return _policy(_through(opened, _statement("Allow", [spec.writer, spec.restore], ("GetBucketTagging",), place)))


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _through(gateways: Mapping[str, str], statement: dict[str, Any]) -> dict[str, Any]:
    """The statement, for calls of these gateways alone: RGW (16.2.15) knows them by the user agent."""
    return statement | {"Condition": {"StringLike": {"aws:UserAgent": [f"{a}*" for a in gateways.values()]}}}


def policy_digest(spec: BucketSpec, bucket: str, found: Mapping[str, Any] | None) -> str | None:
    """The declared digest when `found` is exactly `bucket`'s policy; else another, None for no policy at all."""
    if found is None:
        return None
    if found == policy_document(spec, bucket):
        return str(spec.declared()["policy"])
    return digest(found)


def gateways_closed(found: Mapping[str, Any]) -> list[str]:
    """Those that a policy, ours or not, refuses."""
    texts = [str(one.get("Condition", "")) for one in found.get("Statement", []) if one.get("Effect") == "Deny"]
    return sorted(name for name, agent in GATEWAYS.items() if any(f"'{agent}*'" in text for text in texts))


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
    protects=frozenset({"swift"}),
)
BUCKET = Kind(
    name="ceph.bucket",
    provider="ceph",
    spec=BucketSpec,
    repeat=Repeat.UNIQUE,
    marker="bucket tag",
    bears_data=True,
    protects=frozenset({"versioning", "private", "retention_days", "immutability", "policy", "gateways"}),
    lasts=frozenset({"retention_days"}),  # to shorten it ends old versions
)
DOOR_KIND = Kind(
    name="ceph.door",
    provider="ceph",
    spec=DoorSpec,
    repeat=Repeat.UNIQUE,
    marker="bucket tag",
    protects=frozenset({"archives", "policy", "private", "gateways"}),
)
