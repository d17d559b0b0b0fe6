"""What a client of Proxmox VE must live with, by `proxmoxer` unchanged over HTTPS."""

import threading

import pytest
import requests
from proxmoxer import AuthenticationError, ProxmoxAPI, ResourceException

from lab.proxmox.system import Proxmox
from lab.system import Options, State
from tests.lab.proxmox.clients import PASSWORD, by_token, ended, fresh, root
from tests.lab.proxmox.wire import Wire


@pytest.fixture
def wire(emulator: Wire) -> Wire:
    fresh(emulator)
    return emulator


def refused(code: int, words: str) -> "pytest.RaisesContext[ResourceException]":
    return pytest.raises(ResourceException, match=f"(?s){code}.*{words}")


def test_without_the_labs_authority_nobody_connects(wire: Wire) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        ProxmoxAPI("127.0.0.1", port=wire.port, user="root@pam", password=PASSWORD, verify_ssl=True)


def test_a_wrong_password_opens_nothing(wire: Wire) -> None:
    with pytest.raises(AuthenticationError):
        ProxmoxAPI("127.0.0.1", port=wire.port, user="root@pam", password="no", verify_ssl=wire.ca_file)


def test_a_two_hundred_proves_nothing(wire: Wire) -> None:
    api = root(wire)
    upid = api.nodes("pve1").qemu.post(vmid=100, scsi0="shared:0,import-from=shared:import/gone.qcow2")
    assert ended(api, upid).startswith("unable to create VM 100 - failed to stat")
    assert api.cluster.resources.get(type="vm") == []


def test_an_unknown_bridge_is_noticed_at_the_start_only(wire: Wire) -> None:
    api = root(wire)
    assert ended(api, api.nodes("pve1").qemu.post(vmid=100, net0="virtio,bridge=vmbr9")) == "OK"
    assert ended(api, api.nodes("pve1").qemu(100).status.start.post()) == "start failed: QEMU exited with code 1"


def test_a_token_of_separated_privilege_has_only_what_it_was_given_itself(wire: Wire) -> None:
    api = root(wire)
    api.pools.post(poolid="town")
    api.access.users.post(userid="town@pve", password="password-of-town")
    api.access.acl.put(path="/pool/town", roles="PVEVMAdmin", users="town@pve")
    token = api.access.users("town@pve").token("portal").post(privsep=1)
    town = by_token(wire, "town@pve", "portal", token["value"])
    with refused(403, "Permission check failed"):
        town.nodes("pve1").qemu.post(vmid=100, pool="town", memory=64)
    api.access.acl.put(path="/pool/town", roles="PVEVMAdmin", tokens="town@pve!portal")
    assert ended(town, town.nodes("pve1").qemu.post(vmid=100, pool="town", memory=64)) == "OK"
    with refused(403, "VM.Allocate"):
        api.nodes("pve1").qemu.post(vmid=101, memory=64)
        town.nodes("pve1").qemu(101).delete()


def test_of_four_at_once_with_one_id_one_gets_it(wire: Wire) -> None:
    api = root(wire)
    vmid = api.cluster.nextid.get()
    assert vmid == "100"
    results: list[str] = []

    def create() -> None:
        try:
            results.append(root(wire).nodes("pve1").qemu.post(vmid=vmid))
        except ResourceException as error:
            results.append(str(error))

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.startswith("UPID:") for result in results) == 1
    assert sum("already exists on node" in result for result in results) == 3


def test_one_change_at_a_time_for_each_guest(wire: Wire) -> None:
    api = root(wire)
    ended(api, api.nodes("pve1").qemu.post(vmid=100, memory=64))
    ended(api, api.nodes("pve1").qemu(100).status.start.post())
    shutdown = api.nodes("pve1").qemu(100).status.shutdown.post(timeout=300)
    with refused(500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"):
        api.nodes("pve1").qemu(100).config.put(description="x")
    assert api.nodes("pve1").tasks(shutdown).status.get()["status"] == "running"
    api.nodes("pve1").tasks(shutdown).delete()
    api.nodes("pve1").qemu(100).config.put(description="x")
    assert api.nodes("pve1").qemu(100).config.get()["description"] == "x"


def test_a_task_that_finds_the_lock_taken_for_too_long_fails(wire: Wire) -> None:
    api = root(wire)
    ended(api, api.nodes("pve1").qemu.post(vmid=100, scsi0="shared:1"))
    ended(api, api.nodes("pve1").qemu(100).status.start.post())
    api.nodes("pve1").qemu(100).status.shutdown.post(timeout=300)
    upid = api.nodes("pve1").qemu(100).resize.put(disk="scsi0", size="+1G")
    assert ended(api, upid) == "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"


def test_a_second_start_waits_for_the_first_and_finds_it_running(wire: Wire) -> None:
    api = root(wire)
    ended(api, api.nodes("pve1").qemu.post(vmid=100, memory=64))
    first = api.nodes("pve1").qemu(100).status.start.post()
    second = api.nodes("pve1").qemu(100).status.start.post()
    assert (ended(api, first), ended(api, second)) == ("OK", "VM 100 already running")


def test_a_guest_that_answers_its_agent_obeys_a_shutdown(wire: Wire) -> None:
    api = root(wire)
    vm = api.nodes("pve1").qemu(100)
    ended(api, api.nodes("pve1").qemu.post(vmid=100, memory=64, agent="enabled=1"))
    ended(api, vm.status.start.post())
    with refused(500, "QEMU guest agent is not running"):
        vm.agent.ping.post()
    wire.control("put", section="guests", id="100", value={"agent": 1, "addresses": {"eth0": "10.0.0.5"}})
    assert vm.agent.ping.post() == {"result": {}}
    shown = vm.agent("network-get-interfaces").get()["result"]
    assert shown[0]["ip-addresses"][0]["ip-address"] == "10.0.0.5"
    assert ended(api, vm.status.shutdown.post(timeout=60)) == "OK"
    assert vm.status.current.get()["status"] == "stopped"


def test_parameters_are_named_one_by_one(wire: Wire) -> None:
    api = root(wire)
    with pytest.raises(ResourceException) as caught:
        api.pools.post(poolid="a b", colour="red")
    assert caught.value.status_code == 400
    assert set(caught.value.errors) == {"poolid", "colour"}
    assert api.pools.get() == []


@pytest.mark.parametrize("status", [595, 596])
def test_a_node_that_is_away_speaks_through_its_proxy(wire: Wire, status: int) -> None:
    api = root(wire)
    wire.control("fault", path="/nodes/pve1/qemu", status=status, text="Connection refused")
    with refused(status, "Connection refused"):
        api.nodes("pve1").qemu.post(vmid=100)
    assert api.nodes("pve1").qemu.get() == []


def test_an_answer_can_be_lost_after_the_work_was_done(wire: Wire) -> None:
    api = root(wire)
    wire.control("fault", path="/pools$", method="POST", status=596, text="Broken pipe", after=True)
    with refused(596, "Broken pipe"):
        api.pools.post(poolid="town")
    assert [pool["poolid"] for pool in api.pools.get()] == ["town"]


def test_a_call_that_is_refused_half_way_leaves_nothing(wire: Wire) -> None:
    api = root(wire)
    with refused(500, "no such group 'nobody'"):
        api.access.users.post(userid="half@pve", groups="nobody")
    assert "half@pve" not in [user["userid"] for user in api.access.users.get()]


def test_applying_networks_is_ok_although_a_node_failed(wire: Wire) -> None:
    api = root(wire)
    api.cluster.sdn.zones.post(zone="town", type="simple")
    api.cluster.sdn.vnets.post(vnet="vtown", zone="town")
    assert api.cluster.sdn.vnets.get(running=1) == []
    wire.control("fail_task", type="srvreload", text="command 'ifreload -a' failed: exit code 1")
    assert ended(api, api.cluster.sdn.put()) == "OK"
    ends = [task["status"] for node in ("pve1", "pve2", "pve3") for task in _reloads(api, node)]
    assert sorted(ends) == ["OK", "OK", "command 'ifreload -a' failed: exit code 1"]
    assert [vnet["vnet"] for vnet in api.cluster.sdn.vnets.get(running=1)] == ["vtown"]


def _reloads(api: ProxmoxAPI, node: str) -> list[dict[str, str]]:
    return [task for task in api.nodes(node).tasks.get() if task["type"] == "srvreload"]


def test_the_control_is_closed_to_who_signs(wire: Wire) -> None:
    answer = wire.call("POST", "/control/reset", json={}, headers={"Authorization": "PVEAPIToken=a@pve!b=c"})
    assert answer.status_code == 403


def test_what_was_made_is_there_after_a_restart(tmp_path_factory: pytest.TempPathFactory, emulator: Wire) -> None:
    folder = tmp_path_factory.mktemp("kept")
    system = Proxmox(Options(base=folder, folder=folder / "proxmox"), pace=0.02)
    assert system.status().state is State.ABSENT
    system.up()
    try:
        wire = Wire(system.port, system.backup_port, system.ca_file)
        fresh(wire)
        root(wire).pools.post(poolid="kept")
        system.down(keep=True)
        assert system.status().state is State.STOPPED
        system.start()
        again = Wire(system.port, system.backup_port, system.ca_file)
        assert [pool["poolid"] for pool in root(again).pools.get()] == ["kept"]
        assert system.status().state is State.HEALTHY
    finally:
        system.down(keep=False)
    assert system.status().state is State.ABSENT
