"""`ceph.user`: one of the four identities of an authority's RGW tenant."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.ceph import UserSpec, whole_kib
from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.instant import Instant

_BY_MODIFY = frozenset({"max_buckets", "suspended"})


def tenant_of(target: Target) -> str:
    """RGW's alphabet for tenants is `[a-z0-9_]`. Two markers that end in one tenant name differ in the display
    name, so the second is told that the name is taken.
    """
    return f"{target.marker.installation}_{target.marker.stack}".replace("-", "_")


@dataclass(frozen=True)
class UserHandler(Instant):
    """The display name is the marker; the uid is `tenant$role`."""

    admin: Admin

    def observe(self, target: Target) -> Observation:
        """By uid, which is the external id."""
        uid = self._uid(target)
        try:
            found = self.admin.user(uid)
        except NotThere:
            return Absent()
        return Present(
            external_id=uid,
            attributes={
                "max_buckets": found.max_buckets,
                "quota_bytes": found.quota_bytes,
                "bucket_quota_bytes": found.bucket_quota_bytes,
                "suspended": found.suspended,
            },
            outputs={"uid": uid, "tenant": uid.partition("$")[0]},
            ours=found.display_name == str(target.marker),
        )

    def create(self, target: Target) -> Outcome:
        """The user, then its quotas. Stopped between them, it shows without, as a difference."""
        uid, spec = self._uid(target), _spec(target)
        if not isinstance(self.observe(target), Absent):
            raise AlreadyExists(f"There is a user {uid} already.")
        self.admin.create_user(uid, str(target.marker), spec.max_buckets, spec.suspended)
        self._set_quotas(uid, spec, {n for n in ("quota_bytes", "bucket_quota_bytes") if getattr(spec, n)})
        return Outcome(external_id=uid)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """What differs, and with it nothing else."""
        uid, spec = self._uid(target), _spec(target)
        # A quota first: whoever is unsuspended at the same time must already find it.
        self._set_quotas(uid, spec, set(after))
        if _BY_MODIFY & set(after):
            self.admin.modify_user(uid, spec.max_buckets, spec.suspended)
        return Outcome(external_id=uid)

    def delete(self, target: Target) -> Outcome:
        """NotEmpty while it owns a bucket: RGW refuses, and the portal never purges."""
        assert target.external_id
        with suppress(NotThere):
            self.admin.remove_user(target.external_id)
        return Outcome()

    def _set_quotas(self, uid: str, spec: UserSpec, fields: set[str]) -> None:
        if "quota_bytes" in fields:
            self.admin.set_quota(uid, "user", whole_kib(spec.quota_bytes))
        if "bucket_quota_bytes" in fields:
            self.admin.set_quota(uid, "bucket", whole_kib(spec.bucket_quota_bytes))

    @staticmethod
    def _uid(target: Target) -> str:
        return target.external_id or f"{tenant_of(target)}${_spec(target).role}"


def _spec(target: Target) -> UserSpec:
    assert isinstance(target.spec, UserSpec)
    return target.spec
