"""The real OpenStack is a cloud that a region could run: a town is taken in, its server runs, its quota holds."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack import exceptions

from lab.deadline import wait_until
from lab.openstack import qemu
from lab.openstack.cloud import OpenStack
from lab.openstack.image import MARKER_SHA256, drill_image
from lab.openstack.settings import ENDPOINTS, HOST, REGION
from lab.registry import load_system
from lab.system import State

pytestmark = [pytest.mark.real, pytest.mark.openstack]


@dataclass(frozen=True)
class Town:
    """A domain with one project; `cloud` is what its application credential may do."""

    project: str
    cloud: Any


def test_a_token_comes_with_a_catalogue_on_loopback(openstack_lab: OpenStack) -> None:
    administrator = openstack_lab.administrator()
    assert administrator.authorize()
    for service_type in ENDPOINTS:
        assert administrator.endpoint_for(service_type).startswith(f"http://{HOST}:"), service_type


@pytest.fixture
def town(openstack_lab: OpenStack) -> Iterator[Town]:
    """Taken in as the portal will do it: domain, project, user, quotas, and a credential of the town's own."""
    administrator = openstack_lab.administrator()
    identity, mark, password = administrator.identity, uuid.uuid4().hex[:10], uuid.uuid4().hex
    domain = identity.create_domain(name=f"town-{mark}")
    project = identity.create_project(name=f"dr-{mark}", domain_id=domain.id, tags=["elaastic"])
    user = identity.create_user(name=f"portal-{mark}", password=password, domain_id=domain.id)
    identity.assign_project_role_to_user(project, user, identity.find_role("member"))
    administrator.compute.update_quota_set(project.id, cores=2, ram=512, instances=2)
    administrator.network.update_quota(project.id, networks=6, subnets=6, routers=1, ports=20)
    signed_in = _connect(
        openstack_lab,
        username=user.name,
        password=password,
        project_name=project.name,
        user_domain_id=domain.id,
        project_domain_id=domain.id,
    )
    credential = signed_in.identity.create_application_credential(
        signed_in.current_user_id, "portal", roles=[{"name": "member"}]
    )
    cloud = _connect(
        openstack_lab,
        auth_type="v3applicationcredential",
        application_credential_id=credential.id,
        application_credential_secret=credential.secret,
    )
    yield Town(project.id, cloud)
    _empty(cloud, project.id)
    identity.delete_project(project)
    identity.update_domain(domain, enabled=False)
    identity.delete_domain(domain)


def _connect(lab: OpenStack, **who: str) -> Any:
    nothing_else = {"load_yaml_config": False, "load_envvars": False}
    return openstack.connect(auth_url=lab.url, region_name=REGION, **nothing_else, **who)


def _drill(cloud: Any) -> Any:
    """A server on the host that really boots, ACTIVE, in a network of its own."""
    network = cloud.network.create_network(name="drill")
    cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.20.0.0/24")
    format = {"disk_format": "qcow2", "container_format": "bare"}
    image = cloud.image.create_image(name="drill", filename=str(drill_image()), **format)
    server = cloud.compute.create_server(
        name="drill",
        image_id=image.id,
        flavor_id=cloud.compute.find_flavor("dr.small", ignore_missing=False).id,
        networks=[{"uuid": network.id}],
        availability_zone=qemu.ZONE,
    )
    return cloud.compute.wait_for_server(server, interval=0.5, wait=180)


def _empty(cloud: Any, project: str) -> None:
    for server in cloud.compute.servers():
        cloud.compute.delete_server(server)
        cloud.compute.wait_for_delete(server, interval=0.5)
    for router in cloud.network.routers(project_id=project):
        for port in cloud.network.ports(device_id=router.id):
            cloud.network.remove_interface_from_router(router, port=port.id)
        cloud.network.delete_router(router)
    for network in cloud.network.networks(project_id=project):
        cloud.network.delete_network(network)
    for group in cloud.network.security_groups(project_id=project):
        if group.name != "default":
            cloud.network.delete_security_group(group)
    for image in cloud.image.images(owner=project):
        cloud.image.delete_image(image)


def test_a_server_of_a_town_runs_in_a_network_of_its_own(openstack_lab: OpenStack, town: Town) -> None:
    cloud = town.cloud
    network = cloud.network.create_network(name="drill")
    subnet = cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.20.0.0/24")
    outside = cloud.network.find_network("public", ignore_missing=False)
    router = cloud.network.create_router(name="drill", external_gateway_info={"network_id": outside.id})
    cloud.network.add_interface_to_router(router, subnet=subnet.id)
    group = cloud.network.create_security_group(name="drill")
    ssh = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "192.0.2.0/24"}
    cloud.network.create_security_group_rule(security_group_id=group.id, direction="ingress", **ssh)
    image = cloud.image.create_image(name="vm", data=bytes(2**20), disk_format="raw", container_format="bare")

    server = cloud.compute.create_server(
        name="vm",
        image_id=image.id,
        flavor_id=cloud.compute.find_flavor("dr.small", ignore_missing=False).id,
        networks=[{"uuid": network.id}],
        security_groups=[{"name": "drill"}],
    )
    server = cloud.compute.wait_for_server(server, interval=0.5, wait=120)

    assert server.status == "ACTIVE"
    assert server.addresses["drill"][0]["addr"].startswith("10.20.0.")
    administrator = openstack_lab.administrator()
    (port,) = administrator.network.ports(device_id=server.id)
    assert (port.status, port.binding_vif_type) == ("ACTIVE", "tap")
    used = administrator.placement.get(
        "/usages", params={"project_id": town.project}, headers={"OpenStack-API-Version": "placement 1.38"}
    ).json()["usages"]
    assert [found["MEMORY_MB"] for found in used.values()] == [256]


def test_a_town_gets_no_more_than_its_quota(town: Town) -> None:
    for number in range(6):
        town.cloud.network.create_network(name=f"net-{number}")
    with pytest.raises(exceptions.ConflictException, match="Quota exceeded"):
        town.cloud.network.create_network(name="one-too-many")


def test_lists_are_of_the_project_and_come_by_page(openstack_lab: OpenStack, town: Town) -> None:
    names = {f"net-{number}" for number in range(5)}
    for name in names:
        town.cloud.network.create_network(name=name)
    administrator = openstack_lab.administrator()

    listed = list(administrator.network.networks(project_id=town.project, limit=2))

    assert {network.name for network in listed} == names
    assert len(listed) == len(names)
    first = administrator.network.get("/networks", params={"project_id": town.project, "limit": 2}).json()
    assert len(first["networks"]) == 2
    assert any(link["rel"] == "next" for link in first["networks_links"])


@pytest.mark.deep
def test_the_image_of_a_drill_boots_and_says_so_on_its_console(openstack_lab: OpenStack, town: Town) -> None:
    server = _drill(town.cloud)

    def console() -> str:
        return str(town.cloud.compute.get_server_console_output(server)["output"])

    # Assumption: an emulated kernel on a busy machine needs ten times the six seconds of an idle one.
    wait_until("the marker on the console", lambda: "MARKER" in console(), timeout_s=90, every_s=0.5)
    assert "BOOT-OK kernel" in console()
    assert f"MARKER {MARKER_SHA256}" in console()
    assert openstack_lab.administrator().compute.get_server(server.id).compute_host == qemu.HOST_NAME


@pytest.mark.deep
def test_a_stopped_cloud_leaves_nothing_running_and_comes_back_with_what_it_held(tmp_path: Path) -> None:
    lab = load_system("openstack", tmp_path)
    assert isinstance(lab, OpenStack)
    lab.up()
    try:
        administrator = lab.administrator()
        server = _drill(administrator)
        (port,) = administrator.network.ports(device_id=server.id)
        device = Path("/sys/class/net") / f"tap{port.id[:11]}"
        assert device.exists()
        assert _running(tmp_path)

        lab.down(keep=True)

        assert lab.status().state is State.STOPPED
        assert not device.exists()
        assert not _running(tmp_path)
        lab.start()
        assert lab.status().state is State.HEALTHY
        assert lab.administrator().compute.get_server(server.id).name == "drill"
    finally:
        lab.down(keep=False)
    assert lab.status().state is State.ABSENT
    assert not _running(tmp_path)


def _running(folder: Path) -> list[str]:
    """The command lines that name the folder, of every process of the machine."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(place.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if str(folder) in line]
