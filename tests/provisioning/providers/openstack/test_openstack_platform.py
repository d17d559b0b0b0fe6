"""An OpenStack read by the portal's client: its capacity, its sites, and what its refusals mean."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab import ports
from provisioning.domain.errors import PermanentError, PlatformDown, TemporaryError
from provisioning.domain.handler import Sample
from provisioning.providers.openstack import marks
from provisioning.providers.openstack.capacity import Capacity
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.provider import OpenStackProvider
from tests.provisioning.providers.openstack.conftest import Body, platform
from tests.provisioning.providers.openstack.town import PROJECT, Town


def test_capacity_is_the_hosts_of_the_sites_and_of_no_other_zone(body: Body, cloud: Cloud) -> None:
    samples = Capacity(cloud, (body.site,)).samples()
    assert {(one.site, one.resource) for one in samples} == {(body.site, "vcpus"), (body.site, "ram_mib")}
    assert all(sample.total > sample.used >= 0 for sample in samples)
    assert Sample(body.site, "vcpus", total=body.vcpus, used=0) in [replace(one, used=0) for one in samples]


def test_a_site_without_a_living_host_is_down(body: Body, cloud: Cloud) -> None:
    assert Capacity(cloud, ("elsewhere", body.site)).sites_down() == ["elsewhere"]


def test_the_environment_of_the_worker_does_not_leak_in(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_USERNAME", "nobody")
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:1/v3")
    assert cloud.read("signing in", lambda connection: connection.authorize())


@pytest.mark.parametrize("service", ["identity", "network", "compute", "image"])
def test_what_is_not_there_is_not_there_in_every_service(cloud: Cloud, service: str) -> None:
    nobody = uuid.uuid4().hex
    calls = {
        "identity": lambda c: c.identity.get_project(nobody),
        "network": lambda c: c.network.get_network(nobody),
        "compute": lambda c: c.compute.get_server(str(uuid.UUID(nobody))),
        "image": lambda c: c.image.get_image(str(uuid.UUID(nobody))),
    }
    with pytest.raises(NotThere):
        cloud.read("looking for nobody", calls[service])


def test_a_wrong_password_is_the_operator_s_to_mend(body: Body, tmp_path: Path) -> None:
    wrong = Cloud(platform(tmp_path, body.url, {**body.login, "password": "wrong"}))
    with pytest.raises(PermanentError) as caught:
        wrong.read("signing in", lambda connection: connection.authorize())
    assert caught.value.reason == "Forbidden"


def test_a_full_quota_is_told_from_a_taken_name(outside: Any, cloud: Cloud) -> None:
    identity = outside.identity
    project = identity.create_project(name=f"full-{uuid.uuid4().hex[:8]}", domain_id="default")
    try:
        cloud.read("setting a quota", lambda c: c.network.update_quota(project.id, networks=0))
        with pytest.raises(PermanentError) as caught:
            cloud.read("making a network", lambda c: c.network.create_network(name="n", project_id=project.id))
        assert caught.value.reason == "QuotaExceeded"
        with pytest.raises(PermanentError) as caught:
            cloud.read("making it again", lambda c: c.identity.create_project(name=project.name))
        assert caught.value.reason == "AlreadyExists"
    finally:
        identity.delete_project(project)


def test_the_probe_tells_a_good_platform_from_others(town: Town, tmp_path: Path) -> None:
    town.provider.probe()
    wrong = platform(tmp_path, town.platform.endpoints["api"], "wrong", region="marche")
    with pytest.raises(PermanentError):
        OpenStackProvider(wrong).probe()
    nowhere = replace(town.platform, endpoints={"api": f"http://127.0.0.1:{ports.free_block(1)}/v3"})
    with pytest.raises(PlatformDown):
        OpenStackProvider(nowhere).probe()


def test_a_domain_that_is_not_there_is_the_operator_s_to_mend(town: Town) -> None:
    lost = OpenStackProvider(replace(town.platform, domain="never-made"))
    with pytest.raises(PermanentError, match="no domain never-made") as caught:
        lost.handlers["openstack.project"].observe(town.target("reserve", PROJECT))
    assert caught.value.reason == "Forbidden"


def test_marks_are_kept_in_order_and_pushed_again_harmlessly(town: Town) -> None:
    id = f"os-{town.stack}"
    mine = OpenStackProvider(replace(town.platform, id=id))
    first, second = f"{id}/000000000001-aaaaaaaaaaaa", f"{id}/000000000002-bbbbbbbbbbbb"
    assert mine.marks("") == []
    for mark in (second, first, first):
        mine.push_mark(mark)
    assert mine.marks("") == [first, second]
    assert mine.marks(first) == [second]
    assert OpenStackProvider(replace(town.platform, id=f"{id}-2")).marks("") == []


def test_the_oldest_of_many_marks_go(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "KEPT", 2)
    id = f"os-{town.stack}"
    mine = OpenStackProvider(replace(town.platform, id=id))
    for number in range(5):
        mine.push_mark(f"{id}/{number:012d}-aaaaaaaaaaaa")
    assert mine.marks("") == [f"{id}/{number:012d}-aaaaaaaaaaaa" for number in (2, 3, 4)]


def test_a_list_whose_page_is_gone_is_looked_at_again_and_not_absent(town: Town) -> None:
    """Neutron knows no page after what is not there any more."""
    with pytest.raises(TemporaryError, match="changed between two pages"):
        town.provider._cloud.listed("listing", "network", "router", marker=str(uuid.uuid4()), limit=2)


def test_the_census_sees_what_is_ours_on_every_page_and_nothing_else(town: Town) -> None:
    """Half of the cloud's networks a page: there are two at least."""
    networks = {town.network(f"lan-{number}") for number in range(3)}
    subnet = town.subnet(min(networks))
    town.outside.network.create_network(name="strangers", project_id=town.project)
    every = len(list(town.outside.network.networks()))
    paged = OpenStackProvider(town.platform, page=every // 2)
    seen = {(one.kind, one.external_id) for one in paged.census() if f".{town.stack}." in one.marker}
    assert seen == {
        ("openstack.project", town.project),
        ("openstack.subnet", subnet),
        *(("openstack.network", network) for network in networks),
    }
    whole = [one.external_id for one in paged.census()]
    assert len(whole) == len(set(whole))
