"""One cluster as the engine sees it: probe, marks, census, capacity, health, and what refusals mean."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lab import ports
from lab.proxmox.runbook import ROLE
from provisioning.domain.errors import AlreadyExists, PermanentError, PlatformDown, ProviderError, TemporaryError
from provisioning.domain.observation import InProgress
from provisioning.kinds.proxmox import GrantSpec, PoolSpec, TokenSpec, UserSpec
from provisioning.providers.proxmox.client.errors import NotThere, Said, translate
from provisioning.providers.proxmox.provider import ProxmoxProvider
from tests.lab.proxmox.clients import ended
from tests.provisioning.providers.proxmox.town import Town

GIB = 1 << 30


@pytest.mark.parametrize(
    ("status", "text", "family", "reason"),
    [
        (500, "pool 't1' does not exist", NotThere, "NotThere"),
        (500, "delete pool failed: pool 't1' does not exist", NotThere, "NotThere"),
        (500, "no such user ('a@pve')", NotThere, "NotThere"),
        (500, "no such token 'x' for user 'a@pve'", NotThere, "NotThere"),
        (500, "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist", NotThere, "NotThere"),
        (500, "storage 'x' does not exist", PermanentError, "Refused"),
        (500, "create pool failed: pool 't1' already exists", AlreadyExists, "AlreadyExists"),
        (500, "unable to create VM 100 - VM 100 already exists on node 'pve1'", AlreadyExists, "AlreadyExists"),
        (500, "can't lock file '/var/lock/x.conf' - got timeout", TemporaryError, "PlatformBusy"),
        (500, "VM is locked (snapshot)", TemporaryError, "PlatformBusy"),
        (500, "delete pool failed: pool 'a' is not empty (contains pool 'a/b')", PermanentError, "NotEmpty"),
        (500, "only root can set 'args' config", PermanentError, "Refused"),
        (500, "Internal Server Error", TemporaryError, "PlatformBusy"),
        (500, "", TemporaryError, "PlatformBusy"),
        (400, "Parameter verification failed.", PermanentError, "Refused"),
        (401, "No ticket", PermanentError, "Forbidden"),
        (403, "Permission check failed (/, Sys.Modify)", PermanentError, "Forbidden"),
        (404, "", TemporaryError, "PlatformBusy"),
        (429, "", TemporaryError, "PlatformBusy"),
        (501, "Method 'GET /x' not implemented", PermanentError, "Refused"),
        (502, "", PlatformDown, "PlatformUnavailable"),
        (595, "Connection refused", PlatformDown, "PlatformUnavailable"),
        (596, "Broken pipe", PlatformDown, "PlatformUnavailable"),
    ],
)
def test_what_a_refusal_means(status: int, text: str, family: type[ProviderError], reason: str) -> None:
    error = translate(Said("trying", status, text))
    assert (type(error), error.reason) == (family, reason)


def test_a_parameter_at_fault_is_named() -> None:
    error = translate(Said("trying", 400, "Parameter verification failed.", {"zone": "value may only be 8 long"}))
    assert "zone: value may only be 8 long" in error.message


@pytest.mark.parametrize(("status", "unsent"), [(595, True), (596, False)])
def test_a_node_that_is_away_is_never_absence(town: Town, status: int, unsent: bool) -> None:
    town.wire.control("fault", path="/pools$", status=status, text="Connection refused")
    with pytest.raises(PlatformDown) as raised:
        town.provider.handlers["proxmox.pool"].observe(town.target("reserve", PoolSpec()))
    assert raised.value.unsent is unsent


def test_a_create_whose_answer_was_lost_is_found_by_the_next_look(town: Town) -> None:
    handler, target = town.provider.handlers["proxmox.pool"], town.target("reserve", PoolSpec())
    town.wire.control("fault", path="/pools$", method="POST", status=596, text="Broken pipe", after=True)
    with pytest.raises(PlatformDown):
        handler.create(target)
    with pytest.raises(AlreadyExists):
        handler.create(target)
    assert handler.observe(target).ours  # type: ignore[union-attr]


def test_the_probe_tells_a_good_platform_from_others(town: Town, tmp_path: Path) -> None:
    town.provider.probe()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("token_id: portal@pve!svc\ntoken_secret: no\n")
    _refused(town, PermanentError, credentials_file=str(wrong))
    _refused(town, PermanentError, credentials_file=str(tmp_path / "gone.yaml"))
    _refused(town, PlatformDown, ca_file=None)
    _refused(town, PlatformDown, endpoints={"api": f"https://127.0.0.1:{ports.free_block(1)}"})


def _refused(town: Town, family: type[ProviderError], **words: object) -> None:
    with pytest.raises(family):
        ProxmoxProvider(replace(town.platform, **words)).probe()  # type: ignore[arg-type]


def test_marks_are_kept_in_order_and_pushed_again_harmlessly(town: Town) -> None:
    first, second = "pve-an/000000000001-aaaaaaaaaaaa", "pve-an/000000000002-bbbbbbbbbbbb"
    for mark in (first, second, second):
        town.provider.push_mark(mark)
    assert town.provider.marks("") == [first, second]
    assert town.provider.marks(first) == [second]
    assert ProxmoxProvider(replace(town.platform, id="pve-pu")).marks("") == []


def test_the_census_sees_what_is_ours_and_nothing_else(town: Town) -> None:
    handlers = town.provider.handlers
    user = "mcloud.town12.operator@pve"
    handlers["proxmox.pool"].create(town.target("reserve", PoolSpec()))
    handlers["proxmox.user"].create(town.target("operator", UserSpec()))
    handlers["proxmox.token"].create(town.target("access", TokenSpec(user)))
    handlers["proxmox.grant"].create(town.target("may", GrantSpec("/pool/mcloud.town12.reserve", ROLE, user)))
    town.outside.pools.post(poolid="strangers")
    seen = {(one.kind, one.external_id) for one in town.provider.census()}
    assert seen == {
        ("proxmox.pool", "mcloud.town12.reserve"),
        ("proxmox.user", user),
        ("proxmox.token", f"{user}!access"),
        ("proxmox.grant", f"/pool/mcloud.town12.reserve {ROLE} {user}"),
    }


def test_capacity_counts_nodes_running_guests_and_each_shared_storage_once(town: Town) -> None:
    api = town.outside
    town.outside.access.acl.put(path="/vms", roles="PVEAuditor", users="portal@pve", tokens="portal@pve!svc")
    ended(api, api.nodes("pve1").qemu.post(vmid=100, cores=4, scsi0="shared:10"))
    ended(api, api.nodes("pve1").qemu(100).status.start.post())
    town.wire.control("put", section="vms", id="100", value={"created": 0})
    found = {one.resource: one for one in town.provider.capacity()}
    assert (found["vcpus"].total, found["vcpus"].used) == (3 * 64, 4)
    assert found["ram_mib"].total == 3 * 512 * 1024
    assert (found["storage_gib"].total, found["storage_gib"].used) == (252, 10)
    two = ProxmoxProvider(replace(town.platform, sites=("an", "pu")))
    assert two.capacity() == []


def test_a_site_is_down_when_too_few_nodes_are_up_to_agree(town: Town) -> None:
    found = []
    for node in ("pve1", "pve2", "pve3"):
        found.append(town.provider.health())
        town.wire.control("put", section="nodes", id=node, value={"offline": 1})
    assert [*found, town.provider.health()] == [[], [], ["an"], ["an"]]


def test_a_node_that_is_away_gives_no_capacity(town: Town) -> None:
    town.wire.control("put", section="nodes", id="pve2", value={"offline": 1})
    found = {one.resource: one.total for one in town.provider.capacity()}
    assert (found["vcpus"], found["ram_mib"]) == (2 * 64, 2 * 512 * 1024)


def test_a_storage_that_is_away_or_a_node_s_own_gives_no_capacity(town: Town) -> None:
    ceph = {"type": "rbd", "content": "images", "shared": 1, "monhost": "192.0.2.9", "total": 100 * GIB}
    town.wire.control("put", section="storages", id="ceph", value=ceph)
    town.wire.control("put", section="storages", id="own", value={"type": "dir", "content": "images", "path": "/x"})
    assert _storage(town) == 252
    town.wire.control("put", section="neighbours", id="192.0.2.9", value={"answers": 1})
    assert _storage(town) == 352


def _storage(town: Town) -> int:
    return next(one.total for one in town.provider.capacity() if one.resource == "storage_gib")


def test_a_task_is_done_only_when_its_exit_status_says_so(town: Town) -> None:
    api, wait = town.outside, town.provider._api.task
    upid = api.nodes("pve1").qemu.post(vmid=100, scsi0="shared:0,import-from=shared:import/gone.raw")
    assert _end(lambda: wait("making a guest", upid)) == "TaskFailed"
    upid = api.nodes("pve1").qemu.post(vmid=100)
    assert _end(lambda: wait("making a guest", upid)) == ""


def _end(look: Callable[[], InProgress | None]) -> str:
    try:
        while look():
            pass
    except PermanentError as failed:
        return failed.reason
    return ""


def test_no_value_of_a_token_is_logged(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    town.provider.handlers["proxmox.user"].create(town.target("operator", UserSpec()))
    with caplog.at_level(logging.INFO):
        made = town.provider.handlers["proxmox.token"].create(
            town.target("access", TokenSpec("mcloud.town12.operator@pve"))
        )
        town.provider._api.call(
            "changing a password", "post", "access/users", userid="canary@pve", password="canary-canary"
        )
    assert made.secrets["secret"].reveal() not in caplog.text
    assert "canary-canary" not in caplog.text
