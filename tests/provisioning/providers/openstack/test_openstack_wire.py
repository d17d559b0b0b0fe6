"""The services' own words on the wire, where the portal's kinds seldom come: refusals, pages, states on the way."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lab.deadline import wait_until
from provisioning.domain.errors import TemporaryError
from provisioning.domain.handler import Target
from provisioning.kinds.openstack import RouterSpec, SecurityGroupSpec
from provisioning.providers.openstack.client.cloud import Cloud
from tests.provisioning.providers.openstack.conftest import platform
from tests.provisioning.providers.openstack.town import PROJECT, Settled, Town

NOVA = "2.87"


def said(answer: Any) -> tuple[int, str]:
    """The status, and the error's name in the body; Glance's page has none."""
    try:
        body = answer.json()
    except ValueError:
        return answer.status_code, ""
    name, inner = next(iter(body.items()))
    return answer.status_code, str(inner.get("type") or name)


@pytest.fixture(scope="module")
def wired(body: Any, outside: Any, openstack_platform: Any, openstack_provider: Any, tmp_path_factory: Any) -> Town:
    """A town whose things serve all of these tests: each leaves them as they were."""
    stack, folder = f"t{uuid.uuid4().hex[:11]}", tmp_path_factory.mktemp("wired")
    made = Town(openstack_platform, openstack_provider, stack, outside, folder)
    made.__dict__["project"] = made.make("project", "reserve", replace(PROJECT, servers=5, vcpus=5, ram_mib=-1))
    return made


@pytest.fixture(scope="module")
def leg(wired: Town) -> str:
    """A router that joins the town's subnet, by its id."""
    return wired.make("router", "way", RouterSpec(wired.project, [wired.wiring[1]]))


def _body(**words: Any) -> dict[str, Any]:
    return {"json": words}


NEUTRON: dict[str, tuple[Any, tuple[int, str]]] = {
    "a filter that is none": (lambda n, w: n.get("/networks?colour=red"), (400, "HTTPBadRequest")),
    "a field that is none": (
        lambda n, w: n.post("/networks", **_body(network={"colour": "red"})), (400, "HTTPBadRequest")
    ),
    "a page after nothing": (lambda n, w: n.get(f"/ports?limit=2&marker={uuid.uuid4()}"), (404, "PortNotFound")),
    "a subnet with a port": (lambda n, w: n.delete(f"/subnets/{w.wiring[1]}"), (409, "SubnetInUse")),
    "a group of a port": (lambda n, w: n.delete(f"/security-groups/{w.wiring[2]}"), (409, "SecurityGroupInUse")),
    "addresses that overlap": (
        lambda n, w: n.post("/subnets", **_body(subnet=_subnet(w, "10.20.0.128/25"))), (400, "InvalidInput")
    ),
    "an address of another subnet": (
        lambda n, w: n.post("/ports", **_body(port=_port(w, ip_address="10.99.0.9"))), (400, "InvalidIpForSubnet")
    ),
    "a group that is none": (
        lambda n, w: n.post("/ports", **_body(port=_port(w) | {"security_groups": [str(uuid.uuid4())]})),
        (404, "SecurityGroupNotFound"),
    ),
    "no rules and a group": (
        lambda n, w: n.put(f"/ports/{w.plug}", **_body(port={"port_security_enabled": False})),
        (409, "PortSecurityPortHasSecurityGroup"),
    ),
    "a router's way out that is none": (
        lambda n, w: n.put(f"/routers/{w.leg}", **_body(router={"external_gateway_info": {"network_id": w.lan}})),
        (400, "BadRequest"),
    ),
    "a router with a leg": (lambda n, w: n.delete(f"/routers/{w.leg}"), (409, "RouterInUse")),
    "a leg twice": (
        lambda n, w: n.put(f"/routers/{w.leg}/add_router_interface", json={"subnet_id": w.wiring[1]}),
        (400, "BadRequest"),
    ),
    "a leg as a port": (lambda n, w: n.delete(f"/ports/{_leg_port(w)}"), (409, "ServicePortInUse")),
    "no such leg": (
        lambda n, w: n.put(f"/routers/{w.leg}/remove_router_interface", json={"subnet_id": str(uuid.uuid4())}),
        (404, "SubnetNotFound"),
    ),
    "no such rule": (
        lambda n, w: n.delete(f"/security-group-rules/{uuid.uuid4()}"), (404, "SecurityGroupRuleNotFound")
    ),
}  # fmt: skip


def _subnet(town: Town, cidr: str) -> dict[str, Any]:
    return {"network_id": town.wiring[0], "project_id": town.project, "ip_version": 4, "cidr": cidr}


def _port(town: Town, **more: Any) -> dict[str, Any]:
    network, subnet, _ = town.wiring
    return {"network_id": network, "project_id": town.project, "fixed_ips": [{"subnet_id": subnet, **more}]}


def _leg_port(town: Any) -> str:
    (port,) = town.outside.network.ports(device_id=town.leg)
    return str(port.id)


@pytest.fixture(scope="module")
def plugged(wired: Town, leg: str) -> Any:
    """With a port and a router's leg in its network."""
    wired.__dict__.update(plug=wired.port("wired"), leg=leg, lan=wired.wiring[0])
    return wired


@pytest.mark.parametrize("name", NEUTRON)
def test_neutron_refuses_in_its_own_words(plugged: Any, name: str) -> None:
    ask, answer = NEUTRON[name]
    assert said(ask(plugged.outside.network, plugged)) == answer


def test_the_same_rule_is_taken_once(wired: Town) -> None:
    rule = {
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 1,
        "port_range_max": 2,
    }
    given = {"security_group_rule": {**rule, "security_group_id": wired.wiring[2], "project_id": wired.project}}
    answers = [said(wired.outside.network.post("/security-group-rules", json=given)) for _ in range(2)]
    assert answers == [(201, "security_group_rule"), (409, "SecurityGroupRuleExists")]


def test_the_group_that_comes_by_itself_lets_its_members_in_and_everybody_out(wired: Town) -> None:
    (group,) = wired.outside.network.security_groups(project_id=wired.make("project", "roomy", PROJECT))
    rules = [
        (one["direction"], one["ethertype"], bool(one["remote_group_id"])) for one in group.security_group_rules
    ]
    inside = {("ingress", version, True) for version in ("IPv4", "IPv6")}
    assert set(rules) == inside | {("egress", version, False) for version in ("IPv4", "IPv6")}
    assert group.name == "default" and len(rules) == 4


def test_where_there_is_no_room_for_the_rules_of_that_group_nothing_can_be_made(wired: Town) -> None:
    """They count like any other; the group itself does not."""
    narrow = wired.make("project", "narrow", replace(PROJECT, security_group_rules=3))
    network = {"network": {"name": "x", "project_id": narrow}}
    assert said(wired.outside.network.get(f"/security-groups?project_id={narrow}")) == (409, "OverQuota")
    assert said(wired.outside.network.post("/networks", json=network)) == (409, "OverQuota")
    (one,) = wired.outside.network.security_groups(
        project_id=wired.make("project", "groupless", replace(PROJECT, security_groups=0))
    )
    assert one.name == "default"


def test_a_quota_that_was_never_set_is_neutron_s_own_and_none_to_remove(wired: Town) -> None:
    project = wired.outside.identity.create_project(name=f"bare-{wired.stack}", domain_id=wired.domain).id
    assert wired.outside.network.get_quota(project).networks == 100
    assert wired.outside.compute.get_quota_set(project).ram == 51200
    assert said(wired.outside.network.delete(f"/quotas/{project}")) == (404, "TenantQuotaNotFound")


KEYSTONE: dict[str, tuple[Any, tuple[int, str]]] = {
    "a domain in use": (lambda k, w: k.delete(f"/domains/{w.domain}"), (403, "error")),
    "a tag that is none": (lambda k, w: k.delete(f"/projects/{w.project}/tags/none"), (404, "error")),
    "a member who is none": (lambda k, w: k.delete(f"/groups/{w.group}/users/{w.stranger}"), (404, "error")),
    "a name that is taken": (
        lambda k, w: k.post("/users", **_body(user={"name": f"stranger-{w.stack}", "domain_id": w.domain})),
        (409, "error"),
    ),
    "a domain that is none": (
        lambda k, w: k.post("/projects", **_body(project={"name": "x", "domain_id": "0" * 32})), (400, "error")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYSTONE)
def test_keystone_refuses_in_its_own_words(wired: Town, name: str) -> None:
    assert wired.group
    if "stranger" not in wired.__dict__:
        made = wired.outside.identity.create_user(name=f"stranger-{wired.stack}", domain_id=wired.domain)
        wired.__dict__["stranger"] = made.id
    ask, answer = KEYSTONE[name]
    assert said(ask(wired.outside.identity, wired)) == answer


def test_nobody_signs_in_to_a_project_that_is_switched_off(wired: Town, tmp_path: Any) -> None:
    shut = wired.make("project", "shut", replace(PROJECT, enabled=False))
    wired.outside.identity.assign_project_role_to_group(
        shut, wired.group, wired.outside.identity.find_role("member", ignore_missing=False)
    )
    cloud = Cloud(platform(tmp_path, wired.platform.endpoints["api"], "none", region="marche"))
    with (
        pytest.raises(TemporaryError, match="was not let in"),
        cloud.signed_in("trying", user_id=wired.user, password=wired.password.reveal(), project_id=shut),
    ):
        pass


@pytest.fixture(scope="module")
def machine(wired: Town) -> Iterator[Any]:
    """A machine of the town's that runs, as the bare SDK has it."""
    target = wired.server_target("wired-vm")
    handler = Settled(wired.provider.handlers["openstack.server"])
    target = replace(target, external_id=handler.create(target).external_id)
    yield wired.outside.compute.get_server(target.external_id)
    handler.delete(target)


def test_the_oldest_version_of_nova_knows_no_tags_and_no_name_of_a_size(wired: Town, machine: Any) -> None:
    """For which reason the portal never leaves the version to chance."""
    nova = wired.outside.compute
    oldest = nova.get(f"/servers/{machine.id}", microversion="2.1").json()["server"]
    spoken = nova.get(f"/servers/{machine.id}", microversion=NOVA).json()["server"]
    assert "tags" not in oldest and set(oldest["flavor"]) == {"id", "links"}
    assert spoken["tags"] and spoken["flavor"]["original_name"] == "dr.small"
    hosts = nova.get("/os-hypervisors/detail", microversion="2.88").json()["hypervisors"]
    assert hosts and not any("vcpus" in host for host in hosts)


def test_a_machine_that_runs_is_where_its_port_says(wired: Town, machine: Any) -> None:
    (port,) = wired.outside.network.ports(device_id=machine.id)
    shown = wired.outside.compute.get(f"/servers/{machine.id}", microversion=NOVA).json()["server"]
    assert (port.status, port.device_owner) == ("ACTIVE", f"compute:{shown['OS-EXT-AZ:availability_zone']}")
    ((_network, ((address),)),) = shown["addresses"].items()
    assert address["addr"] == port.fixed_ips[0]["ip_address"]
    assert shown["OS-EXT-STS:vm_state"] == "active"
    assert shown["OS-EXT-STS:task_state"] is None


def test_nova_pages_the_newest_first_and_says_where_the_next_page_is(wired: Town, machine: Any) -> None:
    nova = wired.outside.compute
    page = nova.get("/servers/detail?all_tenants=True&limit=1", microversion=NOVA).json()
    assert len(page["servers"]) == 1 and page["servers_links"][0]["rel"] == "next"
    answer = nova.get(f"/servers/detail?all_tenants=True&marker={uuid.uuid4()}", microversion=NOVA)
    assert said(answer) == (400, "badRequest")


def test_nova_refuses_in_its_own_words(wired: Town, machine: Any) -> None:
    nova, town = wired.outside.compute, wired
    act = f"/servers/{machine.id}/action"
    assert said(nova.post(act, json={"os-start": None}, microversion=NOVA)) == (409, "conflictingRequest")
    assert said(nova.post(act, json={"dance": None}, microversion=NOVA)) == (400, "badRequest")
    assert said(nova.get(f"/servers/{machine.id}", microversion="2.999")) == (406, "computeFault")
    huge = {"name": "dr.small", "ram": 1, "vcpus": 1, "disk": 1}
    assert said(nova.post("/flavors", json={"flavor": huge}, microversion=NOVA)) == (409, "conflictingRequest")
    assert said(nova.delete(f"/flavors/{uuid.uuid4()}", microversion=NOVA)) == (404, "itemNotFound")
    assert town.project


def test_the_town_itself_is_told_what_it_asked_wrongly(wired: Town, machine: Any) -> None:
    spec = wired.server_target("wrong").spec
    flavor = wired.outside.compute.find_flavor("dr.small", ignore_missing=False).id
    good = {"name": "x", "imageRef": spec.image, "flavorRef": flavor, "networks": [{"port": spec.port}]}
    queued = wired.outside.image.create_image(
        "empty", disk_format="raw", container_format="bare", owner=wired.project, allow_duplicates=True
    )
    wrong: dict[str, dict[str, Any]] = {
        "no such image": {"imageRef": str(uuid.uuid4())},
        "an image without content": {"imageRef": queued.id},
        "no such zone": {"availability_zone": "atlantis"},
        "no such port": {"networks": [{"port": str(uuid.uuid4())}]},
    }
    with _town(wired) as town:
        for what, words in wrong.items():
            answer = town.compute.post("/servers", json={"server": good | words}, microversion=NOVA)
            assert said(answer) == (400, "badRequest"), what
        everybody = town.compute.get("/servers/detail?all_tenants=True", microversion=NOVA)
        assert said(everybody) == (403, "forbidden")
        mine = town.compute.get("/servers/detail", microversion=NOVA).json()["servers"]
        assert [one["id"] for one in mine] == [machine.id]


def _town(town: Town) -> Any:
    credential: Target = town.credential
    return town.provider._cloud.signed_in(
        "asking as the town",
        auth_type="v3applicationcredential",
        application_credential_id=str(credential.external_id).partition(" ")[2],
        application_credential_secret=credential.secrets["secret"].reveal(),
    )


def test_a_machine_that_is_being_built_says_so_and_has_no_console_yet(wired: Town) -> None:
    target = wired.server_target("early")
    made = wired.provider.handlers["openstack.server"].create(target)
    first = wired.outside.compute.get(f"/servers/{made.external_id}", microversion=NOVA).json()["server"]
    assert first["status"] in {"BUILD", "ACTIVE"}
    assert first["OS-EXT-STS:vm_state"] == ("building" if first["status"] == "BUILD" else "active")
    Settled(wired.provider.handlers["openstack.server"]).delete(replace(target, external_id=made.external_id))


def test_glance_refuses_what_comes_in_the_wrong_order(wired: Town) -> None:
    glance = wired.outside.image
    words = {"disk_format": "raw", "container_format": "bare", "owner": wired.project, "allow_duplicates": True}
    made = glance.create_image("order", **words)
    start = {"json": {"method": {"name": "glance-direct"}}}
    stream = {"headers": {"Content-Type": "application/octet-stream"}}
    assert said(glance.post(f"/images/{made.id}/import", **start)) == (409, "")
    assert glance.put(f"/images/{made.id}/stage", data=b"content", **stream).status_code == 204
    assert said(glance.put(f"/images/{made.id}/stage", data=b"content", **stream)) == (409, "")
    assert said(glance.get(f"/images?marker={uuid.uuid4()}")) == (400, "")
    assert said(glance.delete(f"/images/{made.id}/tags/none")) == (404, "")
    assert glance.post(f"/images/{made.id}/import", **start).status_code == 202
    wait_until("the import", lambda: glance.get_image(made.id).status == "active", timeout_s=60, every_s=0.1)
    assert glance.get_image(made.id).size == len(b"content")
    page = glance.get("/images?limit=1").json()
    assert len(page["images"]) == 1 and page["next"].startswith("/v2/images?")


def test_another_town_s_image_is_not_there(wired: Town) -> None:
    private = wired.outside.image.create_image(
        "theirs", disk_format="raw", container_format="bare", owner=wired.make("project", "theirs", PROJECT),
        visibility="private", allow_duplicates=True,
    )  # fmt: skip
    with _town(wired) as town:
        assert said(town.image.get(f"/images/{private.id}")) == (404, "")
        assert private.id not in {one["id"] for one in town.image.get("/images?limit=100").json()["images"]}
    wired.make("security_group", "spare", SecurityGroupSpec(wired.project, []))
