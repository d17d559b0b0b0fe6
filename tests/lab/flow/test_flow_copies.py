"""An archive with other copies beside the old one, on a real Ceph: the pool and the sites on which it really is."""

import subprocess

import pytest

from elaastic.selectors.copies import copies_of_archives
from elaastic.services.changing import change_terms
from lab.ceph.cluster import CephCluster
from lab.marche import SITE_CODES, TARGETS
from provisioning.models import CapacityRow, Reservation
from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.credentials import read as read_credentials
from provisioning.selectors.region import platform
from tenants.models.errors import Invalid
from tests.lab.flow.town import Town, Towns, done, fresh
from tests.lab.flow.wire import s3
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real

FOTO = {"name": "foto", "expected_interval_hours": 24, "copies": 2}
BODY = b"x" * 100_000


@pytest.fixture(scope="module")
def town(portal: LivePortal, towns: Towns) -> Town:
    """With copies on three sites, then an archive on two beside it; one file in each."""
    portal.start_worker("a", concurrency=2)
    town = towns.ready(quota_gib=1)
    changed(towns, town, [*fresh(town).terms["archives"], FOTO])
    for bucket in ("backup", "foto"):
        s3(town.keys["writer"]).put_object(Bucket=bucket, Key="file", Body=BODY)
    return town


def changed(towns: Towns, town: Town, archives: list[dict[str, object]]) -> None:
    terms = {**fresh(town).terms, "archives": archives}
    request = change_terms(subscription=fresh(town), terms=terms, by=town.owner)
    towns.decide(request)
    done(request)


def sites_of_file(lab: CephCluster, portal: LivePortal, town: Town, bucket: str) -> tuple[str, set[str], int]:
    """The bucket's placement target as the gateway says it; where that pool has the file, and how many copies."""
    ours = platform(portal.platform)
    assert ours is not None
    admin = Admin(ours.endpoints["api"], lambda: read_credentials(ours.credentials_file), None)
    found = admin.bucket(town.tenant, bucket)
    target = next(one for one in TARGETS if one.id == found.placement_target)
    listed = ["rados", "--conf", str(lab.conf), "--pool", target.data_pool, "ls"]
    there = subprocess.run(listed, check=True, timeout=30, capture_output=True, text=True).stdout.splitlines()
    mine = [name for name in there if name.startswith(found.id) and name.endswith("_file")]
    assert mine, "the file is in another pool"
    with lab.mon() as mon:
        acting = [mon.command("osd map", pool=target.data_pool, object=name)["acting"] for name in mine]
        pools = {pool["pool_name"]: pool["size"] for pool in mon.command("osd pool ls", detail="detail")}
    (sites,) = {frozenset(SITE_CODES[osd] for osd in one) for one in acting}
    return target.id, set(sites), pools[target.data_pool]


def test_each_file_is_on_as_many_sites_as_its_archive_was_given(
    ceph_lab: CephCluster, portal: LivePortal, town: Town
) -> None:
    promised = {one.name: one for one in copies_of_archives(fresh(town))}
    for bucket, copies in (("backup", 3), ("foto", 2)):
        target, sites, size = sites_of_file(ceph_lab, portal, town, bucket)
        assert (target, size) == (promised[bucket].target, copies)
        assert sites == {place.site.code for place in promised[bucket].sites}
        assert len(sites) == copies


def test_the_ledger_holds_the_space_once_on_each_site(town: Town) -> None:
    held = Reservation.objects.filter(stack__key=fresh(town).stack_key)
    assert dict(held.values_list("row__site", "amount")) == dict.fromkeys(SITE_CODES, 1)
    for row in CapacityRow.objects.all():
        assert row.used == sum(Reservation.objects.filter(row=row).values_list("amount", flat=True)) <= row.total


def test_a_lost_site_takes_neither(ceph_lab: CephCluster, portal: LivePortal, town: Town) -> None:
    _target, sites, _size = sites_of_file(ceph_lab, portal, town, "foto")
    restore = s3(town.keys["restore"])
    with ceph_lab.lost_site(sorted(sites)[0]):
        for bucket in ("backup", "foto"):
            assert restore.get_object(Bucket=bucket, Key="file")["Body"].read() == BODY


def test_given_up_it_restores_and_comes_back_with_the_copies_it_has(towns: Towns, town: Town) -> None:
    backup = fresh(town).terms["archives"][0]
    changed(towns, town, [backup])
    restore = s3(town.keys["restore"])
    assert restore.get_object(Bucket="foto", Key="file")["Body"].read() == BODY
    assert [(one.name, one.in_terms, one.copies) for one in copies_of_archives(fresh(town))] == [
        ("backup", True, 3), ("foto", False, 2),
    ]  # fmt: skip
    with pytest.raises(Invalid) as refused:
        changed(towns, town, [backup, {**FOTO, "copies": 3}])
    assert set(refused.value.errors) == {"terms.archives.1.copies"}
    changed(towns, town, [backup, FOTO])
    assert restore.get_object(Bucket="foto", Key="file")["Body"].read() == BODY
    s3(town.keys["writer"]).put_object(Bucket="foto", Key="more", Body=BODY)
