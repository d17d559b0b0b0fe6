"""What the simulated cloud does beyond the contract: its consoles, its memory, and the harness's hand on it."""

import struct
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests
from openstack import exceptions

from lab.deadline import wait_until
from lab.marche import FLAVORS
from lab.simulated.app import Region
from lab.simulated.inprocess import KEYSTONE, Adapter, region_in
from lab.simulated.region import Credentials

PASSWORD = "portal-password"
# A boot sector, and nothing in it.
RAW = bytes(510) + b"\x55\xaa"
QCOW2 = struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 0, 0, 16, 1 << 20) + bytes(64)
LINE = b"\nSIMULATED-CONSOLE: MARKER 42\n"


@pytest.fixture
def region(tmp_path: Path) -> Region:
    made = region_in(tmp_path)
    made.control.moment(0.2)
    return made


def connected(region: Region) -> Any:
    """The portal's own user, by the SDK, without a network."""
    who = {"username": "portal", "password": PASSWORD, "project_name": "portal", "region_name": "marche"}
    where = {"auth_url": KEYSTONE, "user_domain_name": "Default", "project_domain_name": "Default"}
    made = openstack.connect(load_yaml_config=False, load_envvars=False, **who, **where)
    made.session.session.mount("http://", Adapter(region))
    return made


@pytest.fixture
def cloud(region: Region) -> Any:
    return connected(region)


def image_of(cloud: Any, content: bytes, format: str = "raw") -> Any:
    """Staged and imported, as the portal does."""
    made = cloud.image.create_image("disk", disk_format=format, container_format="bare", allow_duplicates=True)
    cloud.image.stage_image(made, data=content)
    cloud.image.post(f"/images/{made.id}/import", json={"method": {"name": "glance-direct"}})
    return made


def imported(cloud: Any, content: bytes, format: str = "raw") -> str:
    made = image_of(cloud, content, format)
    wait_until("the import", lambda: cloud.image.get_image(made.id).status == "active", timeout_s=20, every_s=0.05)
    return str(made.id)


def booted(cloud: Any, image: str, *, zone: str = "", flavor: str = "dr.small", status: str = "ACTIVE") -> str:
    """A machine's id, when it is in that state."""
    network = cloud.network.create_network(name="lan")
    cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.0.0.0/24")
    port = cloud.network.create_port(network_id=network.id)
    size = next(one for one in cloud.compute.flavors() if one.name == flavor)
    where = {"availability_zone": zone} if zone else {}
    made = cloud.compute.create_server(
        name="vm", image_id=image, flavor_id=size.id, networks=[{"port": port.id}], **where
    )
    wait_until(status, lambda: cloud.compute.get_server(made.id).status == status, timeout_s=20, every_s=0.05)
    return str(made.id)


def console(cloud: Any, server: str, lines: int = 100) -> str:
    return str(cloud.compute.get_server_console_output(server, length=lines)["output"])


@pytest.mark.parametrize(("head", "format"), [(RAW, "raw"), (QCOW2, "qcow2")], ids=["raw", "qcow2"])
def test_a_machine_says_what_its_image_bids_it_say_and_then_its_login(cloud: Any, head: bytes, format: str) -> None:
    """Wherever in the image the line is, across the blocks in which it is read too."""
    content = head + b"x" * ((1 << 20) - len(head) - 10) + LINE + bytes(1 << 16) + LINE.replace(b"42", b"43")
    server = booted(cloud, imported(cloud, content, format))
    wait_until("its login", lambda: "vm login:" in console(cloud, server), timeout_s=20, every_s=0.05)
    assert console(cloud, server, 3).splitlines() == ["MARKER 42", "MARKER 43", "vm login:"]


def test_it_says_so_a_moment_after_it_was_started_and_again_at_the_next_start(cloud: Any, region: Region) -> None:
    server = booted(cloud, imported(cloud, RAW + LINE))
    region.control.moment(3600)
    assert "MARKER" not in console(cloud, server)
    region.control.moment(0.05)
    wait_until("its line", lambda: "MARKER 42" in console(cloud, server), timeout_s=20, every_s=0.05)
    for act, state in (("stop", "SHUTOFF"), ("start", "ACTIVE")):
        getattr(cloud.compute, f"{act}_server")(server)
        wait_until(state, lambda s=state: cloud.compute.get_server(server).status == s, timeout_s=20, every_s=0.05)
    region.control.moment(3600)
    assert "MARKER" not in console(cloud, server)


def test_a_corrupt_image_runs_and_never_gets_to_its_login(cloud: Any) -> None:
    """Its first bytes are somebody's mistake: nothing in it boots, and nothing else is said about it."""
    server = booted(cloud, imported(cloud, b"\0" * 510 + b"\0\0" + LINE))
    wait_until("its end", lambda: "No bootable device." in console(cloud, server), timeout_s=20, every_s=0.05)
    assert "login:" not in console(cloud, server) and "MARKER" not in console(cloud, server)
    assert cloud.compute.get_server(server).status == "ACTIVE"


def test_a_qcow2_that_would_read_another_file_is_refused_by_its_import(cloud: Any) -> None:
    backed = struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 100, 8, 16, 1 << 20) + bytes(512)
    made = image_of(cloud, backed, "qcow2")
    failed = "os_glance_failed_import"
    wait_until(
        "the refusal", lambda: cloud.image.get_image(made.id).properties.get(failed), timeout_s=20, every_s=0.05
    )
    assert cloud.image.get_image(made.id).status == "importing"


def test_a_restart_forgets_nothing_and_goes_on(tmp_path: Path) -> None:
    keys = Credentials("PORTAL", "portal-secret", PASSWORD)
    before = Region(tmp_path, keys)
    before.control.moment(0.3)
    cloud = connected(before)
    made = image_of(cloud, RAW + LINE)
    token = cloud.session.get_token()
    before.store.close()

    after = connected(Region(tmp_path, keys))
    wait_until("the import", lambda: after.image.get_image(made.id).status == "active", timeout_s=20, every_s=0.05)
    assert [one.name for one in after.compute.flavors()] and len(list(after.identity.domains())) == 2
    known = requests.Session()
    known.mount("http://", Adapter(Region(tmp_path, keys)))
    project = f"{KEYSTONE}/projects/{after.current_project_id}"
    assert known.get(project, headers={"X-Auth-Token": token}).status_code == 200


def test_a_lost_site_is_down_and_takes_no_machine(cloud: Any, region: Region) -> None:
    image = imported(cloud, RAW)
    region.control.site("pu", up=False)
    down = {one.availability_zone for one in cloud.compute.services(binary="nova-compute") if one.state == "down"}
    assert down == {"pu"}
    server = booted(cloud, image, zone="pu", status="ERROR")
    assert cloud.compute.get_server(server).fault["message"].startswith("No valid host")
    region.control.site("pu", up=True)
    on = booted(cloud, image, zone="pu")
    assert cloud.compute.get_server(on).availability_zone == "pu"


def test_a_host_is_full_when_its_memory_is_given_out(cloud: Any, region: Region) -> None:
    """A machine as large as a host takes it whole; a site has four."""
    project = cloud.current_project_id
    cloud.compute.update_quota_set(project, ram=-1, cores=-1, force=True)
    cloud.compute.create_flavor(name="host", ram=region.shape.host_ram_mib, vcpus=1, disk=1)
    image = imported(cloud, RAW)
    for _ in range(region.shape.hosts_a_site):
        booted(cloud, image, zone="mc", flavor="host")
    booted(cloud, image, zone="mc", flavor="dr.small", status="ERROR")
    booted(cloud, image, flavor="dr.small")


def test_the_harness_makes_a_call_go_wrong_after_its_work_and_reads_it_in_the_log(
    cloud: Any, region: Region
) -> None:
    cloud.network.get("/networks")
    region.control.clear()
    region.control.fault(kind="status", status=503, route="networks_create", after=True)
    with pytest.raises(exceptions.HttpException) as lost:
        cloud.network.create_network(name="made all the same")
    assert lost.value.response.status_code == 503
    assert [one.name for one in cloud.network.networks(name="made all the same")] == ["made all the same"]
    routes = [(call["route"], call["status"]) for call in region.control.calls()]
    assert routes == [("networks_create", 201), ("networks_list", 200)]


def test_a_listing_lags_where_the_harness_says_so(cloud: Any, region: Region) -> None:
    cloud.network.get("/networks")
    region.control.lag(1)
    cloud.network.create_network(name="late")
    assert [list(cloud.network.networks(name="late")) == [], len(list(cloud.network.networks(name="late")))] == [
        True,
        1,
    ]


def test_a_snapshot_brings_back_what_there_was(cloud: Any, region: Region) -> None:
    server = booted(cloud, imported(cloud, RAW))
    region.control.save("stands")
    cloud.compute.delete_server(server)
    wait_until("its end", lambda: not list(cloud.compute.servers()), timeout_s=20, every_s=0.05)
    region.control.restore("stands")
    assert [one.id for one in cloud.compute.servers()] == [server]


def test_an_empty_region_has_what_its_operator_made_and_nothing_else(cloud: Any, region: Region) -> None:
    cloud.network.create_network(name="mine")
    region.control.reset()
    anew = connected(region)
    assert [one.name for one in anew.network.networks()] == ["public"]
    assert {one.name: (one.ram, one.vcpus, one.disk) for one in anew.compute.flavors()} == FLAVORS


def test_what_nobody_calls_is_not_there_and_nobody_gets_in_without_a_token(region: Region, cloud: Any) -> None:
    assert cloud.network.get("/floatingips").status_code == 501
    bare = requests.Session()
    bare.mount("http://", Adapter(region))
    assert bare.get(f"{KEYSTONE}/users").status_code == 401
    assert bare.get(f"{KEYSTONE}/users", headers={"X-Auth-Token": "guess"}).status_code == 401


def test_no_password_and_no_token_is_kept_as_it_is(cloud: Any, region: Region) -> None:
    cloud.identity.create_user(name="town", password="plain-to-see", domain_id="default")
    kept = "".join(str(tuple(row)) for row in region.store.all("SELECT * FROM things"))
    assert "town" in kept
    for secret in (PASSWORD, "plain-to-see", cloud.session.get_token()):
        assert secret not in kept
