"""`ceph.door`: where a gateway reads, with the key of whoever logs in, which archives that key opens.

A bucket of the owner's without objects. Its tags name the archives; its policy lets the writer and the restore key
read them, and only through the gateways that the authority has chosen. Until the policy stands nobody gets in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.manifest import digest
from provisioning.domain.observation import Outcome, Present
from provisioning.kinds.ceph import DOOR, DOOR_TAG, DoorSpec, door_policy
from provisioning.providers.ceph.client.admin import RgwBucket
from provisioning.providers.ceph.client.s3 import MARKER_TAG
from provisioning.providers.ceph.handlers.owned import OwnedBucket


@dataclass(frozen=True)
class DoorHandler(OwnedBucket):
    """Each authority has one, always of the same name."""

    def create(self, target: Target) -> Outcome:
        """S3 would answer "done" for a bucket that this owner has already, so it is looked for first."""
        if self._by_name(target) is not None:
            raise AlreadyExists(f"There is a bucket {DOOR} already.")
        self._owner(target).create_bucket(DOOR, _spec(target).placement_target, lock=False)
        self._shape(target)
        found = self._by_name(target)
        return Outcome(external_id=found.id if found else None)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Whole: it is three small calls."""
        if fixed := {"owner", "placement_target"} & set(after):
            raise PermanentError(f"The {' and '.join(sorted(fixed))} of a door cannot change.")
        self._shape(target)
        return Outcome(external_id=target.external_id)

    def delete(self, target: Target) -> Outcome:
        """NotEmpty when somebody put something there."""
        assert target.external_id
        if self._there(target) is not None:
            self._owner(target).delete_bucket(DOOR)
        return Outcome()

    def _address(self, target: Target) -> tuple[str, str]:
        return str(_spec(target).owner).partition("$")[0], DOOR

    def _present(self, target: Target, found: RgwBucket) -> Present:
        if found.owner != _spec(target).owner:
            return Present(found.id, {"owner": found.owner}, ours=False)
        key = self._owner(target)
        tags, policy = key.tags(DOOR), key.policy(DOOR)
        attributes = {
            "owner": found.owner,
            "placement_target": found.placement_target,
            "archives": sorted(name.removeprefix(DOOR_TAG) for name in tags if name.startswith(DOOR_TAG)),
            "private": key.private(DOOR),
            "policy": None if policy is None else digest(policy),
        }
        # Without a tag as yet it is ours all the same: see ceph.bucket.
        ours = tags.get(MARKER_TAG) in (None, str(target.marker))
        return Present(found.id, attributes, {"bucket": DOOR, "tenant": found.tenant}, ours=ours)

    def _shape(self, target: Target) -> None:
        spec, key = _spec(target), self._owner(target)
        key.set_tags(DOOR, str(target.marker), [f"{DOOR_TAG}{name}" for name in sorted(spec.archives)])
        key.set_private(DOOR, on=spec.private)
        key.set_policy(DOOR, door_policy(spec))


def _spec(target: Target) -> DoorSpec:
    assert isinstance(target.spec, DoorSpec)
    return target.spec
