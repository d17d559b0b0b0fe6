"""A town that uploads images with its writer's key, and the workers that look at them."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import boto3
from botocore.config import Config

from elaastic.models import RecoveryPoint, Request, Subscription
from elaastic.selectors.subscriptions import overview
from elaastic.services import inspecting, intake
from elaastic.services.asking import request_subscription
from elaastic.services.collecting import reveal_credential
from elaastic.services.deciding import approve_request
from provisioning import vault
from provisioning.models import Resource
from provisioning.selectors.stacks import resources
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Later
from tests.personas import World

MIB: Final = 2**20
TERMS: Final[dict[str, Any]] = {
    "quota_gib": 1,
    "archives": [
        {"name": "backup", "expected_interval_hours": 24},
        {"name": "images", "expected_interval_hours": 168},
    ],
    "retention_days": 30,
    "copies": 3,
    "machines": [
        {
            "name": name, "nature": "stateful", "vcpus": 1, "ram_mib": 1024, "disk_gib": 10,
            "expected_interval_hours": 168,
        }
        for name in ("files", "web")
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Town:
    """The world's home authority at level 2."""

    world: World
    ceph: dict[str, Any]
    later: Later
    id: int
    clients: dict[str, Any]

    @classmethod
    def active(cls, world: World, ceph: dict[str, Any], later: Later) -> "Town":
        """Asked, approved, brought up."""
        by = world["owner"].actor
        asked = request_subscription(authority=world.home, level=2, terms=TERMS, by=by)
        workers_make_plans()
        asked = Request.objects.get(pk=asked.pk)
        approve_request(request=asked, plan_digest=asked.plan_digest, by=world["approver"].actor)
        workers_bring_everything_up()
        made = cls(world, ceph, later, asked.subscription_id, {})
        assert overview(made.row).state == "active", resources(made.row.stack_key)
        made.clients.update({name: made._collect(name) for name in ("writer", "restore")})
        return made

    @property
    def row(self) -> Subscription:
        return Subscription.objects.get(pk=self.id)

    @property
    def tenant(self) -> str:
        owner = next(r for r in resources(self.row.stack_key) if r.name == "owner")
        return str(owner.outputs["tenant"])

    def s3(self, name: str = "writer") -> Any:
        """A client of the town's own, with the key that it collected."""
        return self.clients[name]

    def _collect(self, name: str) -> Any:
        shown = reveal_credential(subscription=self.row, name=name, by=self.world["owner"].actor)
        return self._client(shown.access_key.reveal(), shown.secret_key.reveal())

    def _client(self, access_key: str, secret_key: str) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.ceph["endpoints"]["data"], region_name="us-east-1",
            aws_access_key_id=access_key, aws_secret_access_key=secret_key,
            config=Config(
                s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )  # fmt: skip

    def workers_look(self) -> None:
        """The archive is listed, and everything that waits is read."""
        assert intake.note_images(self.row)
        while inspecting.read_next():
            pass

    def points(self, machine: str = "files") -> list[RecoveryPoint]:
        return list(RecoveryPoint.objects.filter(subscription=self.id, machine=machine))

    def destroy(self, point: RecoveryPoint) -> None:
        """For good, as the lifecycle does at its time: with the owner's key, which nobody has."""
        row = Resource.objects.get(stack__key=self.row.stack_key, name="owner-key")
        key = vault.read([row.pk])[row.pk]
        owner = self._client(key["access_key"].reveal(), key["secret_key"].reveal())
        owner.delete_object(Bucket="images", Key=point.key, VersionId=point.version)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.later.passed += timedelta(**time)


def sums(content: bytes) -> tuple[str, str]:
    return hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest()
