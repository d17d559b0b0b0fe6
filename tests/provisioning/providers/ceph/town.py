"""A stack of its own on a platform, as the engine and as somebody else would see it."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from provisioning.domain.handler import Target
from provisioning.domain.names import Marker, full_name
from provisioning.domain.observation import Present
from provisioning.domain.region import Platform
from provisioning.domain.secrets import Secret, generate
from provisioning.kinds.ceph import KeySpec, UserSpec
from provisioning.providers.ceph.provider import CephProvider


@dataclass
class Town:
    """A stack of its own on the platform, and the hands of somebody who is not the engine."""

    platform: Platform
    provider: CephProvider
    stack: str
    outside: Any  # rgwadmin with the portal's caps and without its guard
    _credentials: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def tenant(self) -> str:
        return f"mcloud_{self.stack}".replace("-", "_")

    def marker(self, name: str) -> Marker:
        return Marker("mcloud", self.stack, name)

    def target(self, name: str, spec: Any, **more: Any) -> Target:
        """As the engine would make it."""
        words = {"incarnation": 1, **more}
        marker = self.marker(name)
        return Target(name, full_name(marker, words["incarnation"]), marker, spec=spec, **words)

    def s3(self, secrets: dict[str, Secret] | None = None) -> Any:
        """With an identity's key; with the portal's own when none is given."""
        pair = secrets or {n: Secret(self._credentials[n]) for n in ("access_key", "secret_key")}
        return boto3.client(
            "s3",
            endpoint_url=self.platform.endpoints["data"],
            aws_access_key_id=pair["access_key"].reveal(),
            aws_secret_access_key=pair["secret_key"].reveal(),
            region_name="us-east-1",
            config=Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def make_user(self, role: str, **words: Any) -> str:
        """Its uid."""
        handler, target = self.provider.handlers["ceph.user"], self.target(role, UserSpec(role, **words))
        handler.create(target)
        seen = handler.observe(target)
        assert isinstance(seen, Present)
        return str(seen.outputs["uid"])

    def make_key(self, uid: str) -> dict[str, Secret]:
        """Its secrets."""
        secrets = new_secrets()
        target = self.target("key", KeySpec(uid), secrets=secrets)
        self.provider.handlers["ceph.key"].create(target)
        return secrets


def new_secrets() -> dict[str, Secret]:
    """As the engine generates them for a key."""
    return {n: generate(n) for n in ("access_key", "secret_key")}
