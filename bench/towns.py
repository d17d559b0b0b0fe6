"""Towns of level 2 with one image each, and drills of the machine in it, carried out by workers of the portal."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha512
from pathlib import Path
from typing import Any, Final

from bench.setting import MACHINES, proposed_stack
from lab.deadline import wait_until
from lab.process import Daemons
from lab.registry import ROOT

CELERY: Final = Path(sys.executable).parent / "celery"
LAN: Final = "192.168.1.0/24"
ARCHIVE, KEY, NAME = "images", "web/disk", "web"


@dataclass(frozen=True)
class Image:
    """What the town uploaded, and the text that its machine writes when it is up."""

    content: bytes
    form: str
    says: str


@dataclass(frozen=True)
class Town:
    """Active; its image lies in its archive as `version`. `cloud`, `ceph`: platforms' ids."""

    key: str
    cloud: str
    ceph: str
    zone: str
    image: Image
    version: str

    @classmethod
    def asked(cls, serial: int, image: Image, zone: str = "") -> "Town":
        """Approved; workers bring it up. `zone`: where its machines start, if not where its reserve is."""
        from provisioning.selectors.region import region
        from provisioning.selectors.stacks import plan
        from provisioning.services import stacks

        key, plan_id, digest = proposed_stack(serial, level=2)
        made = plan(plan_id)
        assert made is not None
        stacks.approve_plan(plan_id, digest)
        ids = {one.provider: one.id for one in region().platforms}
        return cls(key, ids["openstack"], ids["ceph"], zone or made.placement.reserve, image, "")

    def active(self) -> "Town":
        """Once it is, with its image uploaded."""
        from provisioning.models import Stack

        def ready() -> bool:
            return Stack.objects.get(key=self.key).state == "ready"

        wait_until(f"{self.key} is ready", ready, timeout_s=300, every_s=0.2)
        done = self.s3("writer").put_object(Bucket=self.bucket, Key=KEY, Body=self.image.content)
        words = {**vars(self), "version": str(done["VersionId"])}
        return Town(**words)

    @property
    def project(self) -> str:
        """By Keystone's id."""
        return str(self._row("reserve").external_id)

    @property
    def bucket(self) -> str:
        """Of its images."""
        return str(self._row(f"archive-{ARCHIVE}").outputs["bucket"])

    def s3(self, who: str) -> Any:
        """A client with that key of the town's."""
        import boto3
        from botocore.config import Config

        from provisioning import vault
        from provisioning.selectors.region import region

        row = self._row(f"{who}-key")
        key = vault.read([row.pk])[row.pk]
        (ceph,) = [one for one in region().platforms if one.id == self.ceph]
        plain = Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.client(
            "s3", endpoint_url=ceph.endpoints["data"], region_name="us-east-1", config=plain,
            aws_access_key_id=key["access_key"].reveal(), aws_secret_access_key=key["secret_key"].reveal(),
        )  # fmt: skip

    def begin(self) -> str:
        """Ask for a drill; its key. Raises OperationOpen while another one is under way."""
        from provisioning.services import operations

        key = f"d{secrets.token_hex(5)}"
        operations.begin(key=key, host=self.key, kind="drill", course=self._course())
        return key

    def _course(self) -> Any:
        from provisioning.domain.course import Course, Machine, Place, Source, Step

        sum_, size = sha512(self.image.content).hexdigest(), len(self.image.content)
        terms = MACHINES[0]
        source = Source(ARCHIVE, KEY, self.version, size, sum_, self.image.form)
        machine = Machine(NAME, "openstack", terms["vcpus"], terms["ram_mib"], terms["disk_gib"], source)
        start = Step("start", 1, NAME)
        check = Step("check", 1, NAME, 300, self.image.says, check="console")
        place = Place({"openstack": self.cloud}, self.zone, self.zone)
        return Course(LAN, place, (machine,), (start, check))

    def _row(self, name: str) -> Any:
        from provisioning.models import Resource

        return Resource.objects.get(stack__key=self.key, name=name)


@contextmanager
def workers(daemons: Daemons, count: int) -> Iterator[None]:
    """So many worker processes of the portal, each with one process for its work, as the environment says."""
    from provisioning.signals import doorbell

    doorbell.deliver = None  # they do the work, not this process
    options = ["--pool", "prefork", "--concurrency", "1", "-Q", "portal,ceph,openstack"]
    quiet = ["--without-gossip", "--without-mingle"]
    names = [f"worker-{number}" for number in range(count)]
    for name in names:
        words = [str(CELERY), "-A", "mcloud_portal", "worker", "-n", f"{name}@bench", *options, *quiet]
        daemons.spawn(name, words, cwd=ROOT, env=dict(os.environ))
    for name in names:
        wait_until(f"{name} is ready", lambda name=name: "ready." in daemons.tail(name), timeout_s=120)
    try:
        yield
    finally:
        daemons.stop()
