"""`ceph.bucket`: one archive, made and kept in shape with the owner's key, which nobody else has.

Order of making: the bucket (its object lock can be had only then), the tag, versioning, default retention,
lifecycle, the public access block, and last the policy. Until the policy stands nobody but the owner gets in, so
nothing is written without its versions or in public; and a bucket left half made lacks the policy, hence shows as
a difference.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError, StillAtWork
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome, Present
from provisioning.kinds.ceph import (
    GATEWAYS,
    BucketSpec,
    bucket_name,
    gateways_closed,
    policy_digest,
    policy_document,
)
from provisioning.providers.ceph.client.admin import RgwBucket
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.ceph.client.s3 import MARKER_TAG, ObjectLock, Signed
from provisioning.providers.ceph.handlers.lifecycle import kept_days, rules
from provisioning.providers.ceph.handlers.owned import OwnedBucket

EMPTYING_S: Final = 10.0  # then the claim is looked after, and the next piece follows
_FIXED: Final = frozenset({"placement_target", "owner"})


@dataclass(frozen=True)
class BucketHandler(OwnedBucket):
    """Its name has the incarnation in it."""

    def create(self, target: Target) -> Outcome:
        """S3 would answer "done" for a bucket that this owner has already, so it is looked for first."""
        spec, name = _spec(target), _name(target)
        if self._by_name(target) is not None:
            raise AlreadyExists(f"There is a bucket {name} already.")
        key = self._owner(target)
        key.create_bucket(name, spec.placement_target, lock=spec.immutability != "none")
        self._shape(target, key, {"versioning", "immutability", "retention_days", "private", "policy"})
        found = self._by_name(target)
        return Outcome(external_id=found.id if found else None)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """What differs, and the tag."""
        if fixed := _FIXED & set(after):
            raise PermanentError(
                f"The {' and '.join(sorted(fixed))} of an archive cannot change; a new archive is made beside it."
            )
        self._shape(target, self._owner(target), set(after))
        return Outcome(external_id=target.external_id)

    def delete(self, target: Target) -> Outcome:
        """Only the recorded bucket. What it holds stops it (NotEmpty), old versions too, unless a plan gave it up.

        It is emptied in pieces: StillAtWork with what is left, Locked before a lock has ended.
        """
        assert target.external_id
        try:
            found = self._there(target)
            if found is not None:
                key = self._owner(target)
                if target.purge and not _emptied(key, found.name):
                    left = self._there(target) or found
                    raise StillAtWork("More is left.", left_objects=left.objects, left_bytes=left.size)
                key.delete_bucket(found.name)
        except NotThere as error:
            if error.code != "NoSuchBucket":
                raise
        return Outcome()

    def _address(self, target: Target) -> tuple[str, str]:
        return _tenant(target), _name(target)

    def _present(self, target: Target, found: RgwBucket) -> Present:
        spec = _spec(target)
        if found.owner != spec.owner:
            # Its settings are not ours to read, and nothing about it will be changed.
            return Present(found.id, {"placement_target": found.placement_target, "owner": found.owner}, ours=False)
        key = self._owner(target)
        policy = key.policy(found.name)
        lock, lifecycle = key.lock(found.name), key.lifecycle(found.name)
        # Between the creation and the tag there is none. In this tenant, whose name is the installation's and
        # the stack's, nobody but this owner made it, and the owner's key is in our vault alone: that proves it.
        marker = key.tags(found.name).get(MARKER_TAG)
        attributes: dict[str, Any] = {
            "owner": found.owner,
            "placement_target": found.placement_target,
            "versioning": key.versioning(found.name),
            "immutability": lock.mode or "none",
            "retention_days": _retention(spec, lock, kept_days(lifecycle)),
            "private": key.private(found.name),
            "policy": policy_digest(spec, found.name, policy),
        }
        if policy is not None:
            closed = gateways_closed(policy)
            attributes["gateways"] = sorted(name for name in GATEWAYS if name not in closed)
        outputs = {"bucket": found.name, "tenant": found.tenant}
        return Present(found.id, attributes, outputs, ours=marker in (None, str(target.marker)))

    def _shape(self, target: Target, key: Signed, fields: set[str]) -> None:
        spec, name = _spec(target), _name(target)
        key.set_tags(name, str(target.marker))
        if "versioning" in fields:
            key.set_versioning(name, on=spec.versioning)
        if {"immutability", "retention_days"} & fields:
            self._set_lock(key, name, spec)
        if "retention_days" in fields:
            key.set_lifecycle(name, rules(spec.retention_days))
        if "private" in fields:
            key.set_private(name, on=spec.private)
        if {"policy", "gateways"} & fields:
            key.set_policy(name, policy_document(spec, name))

    @staticmethod
    def _set_lock(key: Signed, name: str, spec: BucketSpec) -> None:
        if spec.immutability != "none":
            key.set_lock(name, spec.immutability, spec.retention_days)
        elif key.lock(name).mode:
            key.set_lock(name, "", 0)


def _emptied(key: Signed, bucket: str) -> bool:
    """For so long; False when more may be left."""
    end = time.monotonic() + EMPTYING_S
    key.abort_uploads(bucket)
    while key.erase_page(bucket):
        if time.monotonic() > end:
            return False
    return True


def _retention(spec: BucketSpec, lock: ObjectLock, lifecycle_days: int | None) -> int | None:
    """In days; where lock and lifecycle disagree, the one that is not as declared."""
    if lock.mode and lock.days != spec.retention_days:
        return lock.days
    return lifecycle_days


def _spec(target: Target) -> BucketSpec:
    assert isinstance(target.spec, BucketSpec)
    return target.spec


def _name(target: Target) -> str:
    return bucket_name(_spec(target), target.incarnation)


def _tenant(target: Target) -> str:
    return str(_spec(target).owner).partition("$")[0]
