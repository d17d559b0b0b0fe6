"""The platform as a whole: sign of life, marks, census, sites and capacity."""

import json
import multiprocessing
import uuid
from dataclasses import replace
from typing import Any

import pytest

from lab.ceph.cluster import CephCluster
from lab.deadline import wait_until
from provisioning.domain.handler import Target
from provisioning.domain.observation import Sighting
from provisioning.domain.region import PlacementTarget, Platform, parse_region
from provisioning.kinds.ceph import BucketSpec
from provisioning.providers.ceph.provider import CephProvider
from tests.provisioning.providers.ceph.town import Town


def test_a_platform_that_stands_answers_the_probe(ceph_platform: Platform) -> None:
    CephProvider(ceph_platform).probe()


def test_marks_come_back_in_order_and_only_those_after(town: Town) -> None:
    run = f"{town.platform.id}/9{uuid.uuid4().int % 10**11:011d}"
    marks = [f"{run}-{n}" for n in ("a", "b", "c")]
    for mark in (marks[1], marks[0], marks[2], marks[0]):
        town.provider.push_mark(mark)
    there = town.provider.marks(run)
    assert [mark for mark in there if mark.startswith(run)] == marks
    assert marks[0] not in town.provider.marks(marks[0])
    assert marks[1] in town.provider.marks(marks[0])


def _archive(town: Town) -> Target:
    secrets = town.make_key(town.make_user("owner", max_buckets=1))
    roles = {role: f"{town.tenant}${role}" for role in ("owner", "writer", "restore", "probe")}
    spec = BucketSpec(bucket="backup", owner_key="k", placement_target="three-sites", retention_days=1, **roles)
    return town.target("archive-backup", spec, ref_secrets={"owner_key": secrets})


def test_the_census_sees_what_was_made_and_nothing_without_a_marker(town: Town) -> None:
    target = _archive(town)
    secrets = target.ref_secrets["owner_key"]
    town.make_user("probe")
    town.outside.create_user(uid=f"{town.tenant}$writer", display_name="A stranger", generate_key=False)
    made = town.provider.handlers["ceph.bucket"].create(target)
    mine = [s for s in town.provider.census() if f".{town.stack}." in s.marker]
    assert made.external_id
    assert set(mine) == {
        Sighting("ceph.user", f"{town.tenant}$owner", str(town.marker("owner"))),
        Sighting("ceph.user", f"{town.tenant}$probe", str(town.marker("probe"))),
        Sighting("ceph.key", secrets["access_key"].reveal(), str(town.marker("owner-key"))),
        Sighting("ceph.bucket", made.external_id, str(town.marker("backup"))),
    }


def test_an_archives_figures_tell_current_from_held(town: Town) -> None:
    town.provider.handlers["ceph.bucket"].create(_archive(town))
    probe = town.make_key(town.make_user("probe"))
    writer = town.s3(town.make_key(town.make_user("writer")))
    pair = probe["access_key"].reveal(), probe["secret_key"]
    empty = town.provider.figures(town.tenant, "backup", *pair)
    assert (empty.held_bytes, empty.current_objects, empty.newest) == (0, 0, None)
    for key, body in (("a", b"x" * 100), ("b", b"y" * 10), ("a", b"z" * 50)):
        writer.put_object(Bucket="backup", Key=key, Body=body)
    last = writer.head_object(Bucket="backup", Key="a")["LastModified"]

    def counted() -> bool:
        return town.provider.figures(town.tenant, "backup", *pair).held_bytes == 160

    wait_until("three versions counted", counted, timeout_s=15)
    full = town.provider.figures(town.tenant, "backup", *pair)
    assert (full.held_objects, full.current_bytes, full.current_objects) == (3, 60, 2)
    assert full.newest
    assert full.newest.replace(microsecond=0) == last


def test_the_listing_of_users_goes_by_page(town: Town) -> None:
    made = {town.make_user(role) for role in ("owner", "writer", "restore")}
    paged = list(town.provider._admin.uids(page=2))
    assert made <= set(paged)
    assert len(paged) == len(set(paged))


def test_every_site_has_its_capacity(ceph_platform: Platform) -> None:
    samples = CephProvider(ceph_platform).capacity()
    assert [sample.site for sample in samples] == list(ceph_platform.sites)
    for sample in samples:
        assert sample.resource == "storage_gib"
        assert 0 <= sample.used < sample.total <= ceph_platform.totals_by_site[sample.site]["storage_gib"]


def test_every_placement_target_of_the_region_file_is_there_and_a_wrong_one_is_named(
    ceph_platform: Platform,
) -> None:
    assert CephProvider(ceph_platform).missing_targets() == []
    wrong = PlacementTarget("two-sites-an-xx", ("an", "pu"), 2)
    more = replace(ceph_platform, placement_targets=(*ceph_platform.placement_targets, wrong))
    assert CephProvider(more).missing_targets() == ["two-sites-an-xx"]


def test_no_site_is_down(ceph_platform: Platform) -> None:
    assert CephProvider(ceph_platform).health() == []


@pytest.mark.parametrize("ceph_platform", ["real"], indirect=True)
@pytest.mark.real
def test_with_a_site_lost_its_code_is_named_and_archives_are_still_made(ceph_lab: CephCluster, town: Town) -> None:
    target = _archive(town)
    with ceph_lab.lost_site("pu"):
        wait_until("pu seen down", lambda: town.provider.health() == ["pu"], timeout_s=30)
        made = town.provider.handlers["ceph.bucket"].create(target)
        assert made.external_id
    wait_until("pu seen up", lambda: town.provider.health() == [], timeout_s=30)


@pytest.mark.real
def test_a_handle_opened_before_a_fork_is_not_used_after_it(ceph_lab: CephCluster) -> None:
    provider = CephProvider(parse_region(ceph_lab.region_file.read_text()).platforms[0])
    here = provider.health()
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    child = context.Process(target=_ask, args=(provider, theirs))
    child.start()
    try:
        assert mine.poll(20), "The forked process did not answer: it hangs on its parent's handle."
        assert json.loads(mine.recv()) == here
    finally:
        child.kill()
        child.join()


def _ask(provider: CephProvider, answer: Any) -> None:
    answer.send(json.dumps(provider.health()))
