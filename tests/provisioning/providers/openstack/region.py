"""A town of level 2 in one region of a Ceph and an OpenStack, both simulated or both real. The cloud's sites are
two of its zones; the lab's are `lab`, which takes everything and starts nothing, and `qemu`, which really boots.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import boto3
import yaml
from botocore.config import Config

from elaastic.levels import LEVELS, Mode
from elaastic.levels.level2 import DEFAULTS
from elaastic.selectors.placing import choose_placement
from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Placement
from provisioning.engine.reconciler import reconcile
from provisioning.models import Plan, Resource, Stack, clock
from provisioning.services import capacity, stacks
from provisioning.services.surroundings import surroundings
from tests.provisioning.providers.openstack.town import Town

MACHINE: Final = {"nature": "stateless", "vcpus": 1, "ram_mib": 256, "disk_gib": 1, "expected_interval_hours": 24}
TERMS: Final[dict[str, Any]] = {
    **DEFAULTS,
    "quota_gib": 1,
    "machines": [{"name": "web", **MACHINE}, {"name": "mail", **MACHINE, "vcpus": 2}],
}
IN_ANCONA: Final = (43.6, 13.5)
QEMU = "qemu"


@dataclass
class Subscribed:
    """The town, and what was approved for it."""

    town: Town
    placement: Placement
    terms: Mapping[str, Any] = field(default_factory=lambda: TERMS)

    @classmethod
    def prepare(
        cls, town: Town, ceph_region: Path, settings: Any, folder: Path, zones: tuple[str, ...]
    ) -> "Subscribed":
        """The region file is written and read; nothing is asked for yet. The reserve is in the first of `zones`."""
        found = yaml.safe_load(ceph_region.read_text())
        far = {"lat": 45.0, "lon": 11.0, "seismic_zone": 4}
        others = set(zones) - {site["code"] for site in found["sites"]}
        sites = [*found["sites"], *({"code": code, "name": code, **far} for code in sorted(others))]
        ceph = {**found["platforms"][0], "id": f"ceph-{town.stack}"}
        cloud = town.platform = replace(town.platform, id=f"openstack-{town.stack}")
        room = {site: {"vcpus": 8, "ram_mib": 8192} for site in zones}
        openstack = {
            "id": cloud.id, "provider": "openstack", "sites": list(zones), "endpoints": dict(cloud.endpoints),
            "credentials_file": cloud.credentials_file, "queue": "openstack", "region": cloud.region,
            "domain": cloud.domain, "external_network": cloud.external_network, "totals_by_site": room,
        }  # fmt: skip
        settings.REGION_FILE = folder / "region.yaml"
        settings.REGION_FILE.write_text(yaml.safe_dump({**found, "sites": sites, "platforms": [ceph, openstack]}))
        capacity.load_totals()
        stacks.create_stack(town.stack)
        placement = choose_placement(LEVELS[2], TERMS, IN_ANCONA)
        assert placement is not None and placement.reserve in zones
        return cls(town, replace(placement, reserve=zones[0]))

    def apply(self, mode: Mode) -> None:
        """Planned, approved, and brought to rest."""
        blueprint = LEVELS[2].blueprint
        assert blueprint is not None
        manifest = blueprint(self.terms, self.placement, mode)
        plan = Plan.objects.get(pk=stacks.propose_plan(self.town.stack, manifest, self.placement))
        assert not plan.unseen
        stacks.approve_plan(plan.pk, plan.digest)
        for _ in range(60):
            hurry(self.town.stack)
            rows = Stack.objects.get(key=self.town.stack).resources.all()
            if all(row.condition_is_rest for row in rows):
                return

    def states(self) -> dict[str, str]:
        """Of what is not gone."""
        rows = Stack.objects.get(key=self.town.stack).resources.exclude(state=State.GONE)
        return {row.name: f"{row.state} {row.reason} {row.message}".strip() for row in rows}

    @property
    def project(self) -> str:
        """By Keystone's id."""
        return Resource.objects.get(stack__key=self.town.stack, name="reserve").external_id

    def upload(self, key: str, content: bytes) -> str:
        """Into the images' archive, with the writer's key; the version's id."""
        rows = Resource.objects.filter(stack__key=self.town.stack)
        secrets = vault.read([rows.get(name="writer-key").pk])[rows.get(name="writer-key").pk]
        bucket = rows.get(name="archive-images").outputs["bucket"]
        ceph = yaml.safe_load(Path(self._region_file()).read_text())["platforms"][0]
        client = boto3.client(
            "s3", endpoint_url=ceph["endpoints"]["data"], region_name="us-east-1",
            aws_access_key_id=secrets["access_key"].reveal(), aws_secret_access_key=secrets["secret_key"].reveal(),
            config=Config(
                s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )  # fmt: skip
        done = client.put_object(Bucket=bucket, Key=key, Body=content)
        return str(done["VersionId"])

    def _region_file(self) -> Path:
        from django.conf import settings

        return Path(settings.REGION_FILE)


def hurry(stack: str) -> None:
    """One reconcile in which all that waits for a time has waited."""
    mine = Resource.objects.filter(stack__key=stack)
    mine.filter(next_look__isnull=False).update(next_look=clock.now())
    mine.filter(absent_since__isnull=False).update(absent_since=clock.now() - timedelta(minutes=1))
    mine.filter(intent_at__isnull=False).update(intent_at=clock.now() - timedelta(minutes=3))
    reconcile(Stack.objects.get(key=stack).pk, surroundings())
