"""Level 1 through the real engine, on both regions: from a plan to credentials that work, and back."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from elaastic.levels.level1 import DEFAULTS, blueprint
from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Manifest, Placement
from provisioning.domain.region import Platform, parse_region
from provisioning.engine.reconciler import reconcile
from provisioning.models import Plan, Stack, clock
from provisioning.providers.ceph.provider import CephProvider
from provisioning.services import capacity, stacks, upkeep
from provisioning.services.surroundings import surroundings
from tests.provisioning.providers.ceph.town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ceph_platform(ceph_platform: Platform, settings: Any, tmp_path: Path) -> Platform:
    """With an id of its own: the empty database of each test must not find the marks of another's."""
    source = Path(ceph_platform.credentials_file).parent / "region.yaml"
    document = yaml.safe_load(source.read_text())
    document["platforms"][0]["id"] = f"ceph-{uuid.uuid4().hex[:8]}"
    settings.REGION_FILE = tmp_path / "region.yaml"
    settings.REGION_FILE.write_text(yaml.safe_dump(document))
    capacity.load_totals()
    return parse_region(settings.REGION_FILE.read_text()).platforms[0]


@pytest.fixture
def key(town: Town) -> Iterator[str]:
    """A stack called as the town, so that the town's end is its end."""
    stacks.create_stack(town.stack)
    yield town.stack


def _placement(town: Town) -> Placement:
    return Placement({"ceph": town.platform.id}, "three-sites", town.platform.sites)


def _level1(town: Town, **terms: Any) -> Manifest:
    return blueprint({**DEFAULTS, "quota_gib": 1, **terms}, _placement(town))


def _apply(town: Town, manifest: Manifest) -> None:
    key = town.stack
    plan = Plan.objects.get(pk=stacks.propose_plan(key, manifest, _placement(town)))
    assert not plan.unseen
    stacks.approve_plan(plan.pk, plan.digest)
    for _ in range(6):
        reconcile(Stack.objects.get(key=key).pk, surroundings())
        if all(r.condition_is_rest for r in Stack.objects.get(key=key).resources.all()):
            return


def _states(key: str) -> dict[str, str]:
    rows = Stack.objects.get(key=key).resources.all()
    return {r.name: f"{r.state} {r.reason} {r.message}".strip() for r in rows}


def test_an_approved_plan_ends_with_a_writer_that_writes(key: str, town: Town) -> None:
    manifest = _level1(town, immutability="governance")
    _apply(town, manifest)
    assert set(_states(key).values()) == {State.READY}
    row = Stack.objects.get(key=key).resources.get(name="writer-key")
    writer = town.s3(vault.read([row.pk])[row.pk])
    writer.put_object(Bucket="backup", Key="a", Body=b"1")
    again = Plan.objects.get(pk=stacks.propose_plan(key, manifest, _placement(town)))
    assert again.changes == []


def test_a_policy_removed_behind_our_back_is_put_back_without_a_new_plan(key: str, town: Town) -> None:
    manifest = _level1(town)
    _apply(town, manifest)
    rows = {r.name: r for r in Stack.objects.get(key=key).resources.all()}
    owner = town.s3(vault.read([rows["owner-key"].pk])[rows["owner-key"].pk])
    owner.delete_bucket_policy(Bucket="backup")
    Stack.objects.get(key=key).resources.filter(name="archive-backup").update(next_look=clock.now())
    reconcile(Stack.objects.get(key=key).pk, surroundings())
    assert _states(key)["archive-backup"] == State.READY
    assert owner.get_bucket_policy(Bucket="backup")["Policy"]


def test_a_census_after_the_work_finds_nothing_unknown(key: str, town: Town) -> None:
    _apply(town, _level1(town))
    upkeep.take_census()
    mine = {s.external_id for s in CephProvider(town.platform).census() if f".{key}." in s.marker}
    rows = {r.external_id for r in Stack.objects.get(key=key).resources.all()}
    assert mine == rows
