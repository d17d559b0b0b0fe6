"""Guests of towns: from an imported image to what starts, and to its end."""

from dataclasses import replace
from typing import Any

import pytest

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, InProgress
from provisioning.kinds.proxmox import SnapshotSpec
from provisioning.models import Number
from provisioning.providers.proxmox.agent import Ran
from provisioning.providers.proxmox.client.errors import NobodyAnswers, NotThere
from tests.lab.proxmox.clients import ended
from tests.provisioning.providers.battery import Battery, differs, present
from tests.provisioning.providers.proxmox.test_proxmox_machine_kinds import NumberedBattery
from tests.provisioning.providers.proxmox.town import POOL, Settled, Town

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ("in tcp/22 10.20.0.0/24", "in tcp/8000-8010 0.0.0.0/0", "out any 10.20.0.0/24")


class TestGuest(NumberedBattery):
    kind = "proxmox.guest"
    first, second = "5000", "5001"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.guest_target(rules=RULES)

    def spoil(self, town: Any, target: Target) -> None:
        """Somebody plugs it into the office's network, and opens it."""
        guest = _guest(town, target)
        guest.config.put(net1="virtio,bridge=vmbr0")
        guest.firewall.options.put(policy_in="ACCEPT")
        guest.firewall.rules.post(type="in", action="ACCEPT", enable=1, proto="tcp", dport="3389")

    def take_name(self, town: Any, target: Target) -> None:
        ended(town.outside, town.outside.nodes("pve1").qemu.post(vmid=5000, name="somebodys"))

    def test_it_is_closed_and_opened_before_it_is_started(self, town: Town, handler: Any, target: Target) -> None:
        made = handler.create(target)
        calls = [call for call in town.wire.control("calls") if f"qemu/{made.external_id}/" in call]
        order = [call.rpartition("/")[2] for call in calls if call.startswith(("PUT", "POST"))]
        assert order == ["options", "rules", "rules", "rules", "start"]

    def test_it_is_marked_and_its_disk_is_a_copy(self, town: Town, handler: Any, target: Target) -> None:
        made = handler.create(target)
        config = _guest(town, replace(target, external_id=made.external_id)).config.get()
        assert (config["tags"], config["name"]) == ("mcloud.town12.vm", "mcloud.town12.vm")
        assert config["scsi0"].startswith("shared:5000/vm-5000-disk-0.qcow2")
        assert [one["vmid"] for one in town.outside.pools.get(poolid=POOL)[0]["members"]] == [5000]

    def test_stopped_it_shows_and_is_started_again(self, town: Town, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        ended(town.outside, _guest(town, recorded).status.stop.post())
        assert differs(recorded, handler.observe(recorded)) == {"running": True}
        handler.update(recorded, {"running": True})
        assert differs(recorded, handler.observe(recorded)) == {}

    def test_what_it_has_of_processors_and_memory_is_brought_back(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        off = replace(target, spec=replace(target.spec, running=False))
        recorded = self.recorded(off, handler.create(off).external_id)
        _guest(town, recorded).config.put(cores=8, memory=64)
        after = differs(recorded, handler.observe(recorded))
        assert after == {"vcpus": 1, "ram_mib": 256}
        handler.update(recorded, after)
        assert differs(recorded, handler.observe(recorded)) == {}

    def test_with_the_clusters_firewall_off_it_is_not_started(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        town.outside.cluster.firewall.options.put(enable=0)
        with pytest.raises(PermanentError) as refused:
            handler.create(target)
        assert refused.value.reason == "FirewallOff"
        assert present(handler.observe(target)).attributes["running"] is False

    def test_without_its_image_nothing_is_left_of_it(self, handler: Any, target: Target) -> None:
        """A 200 with a UPID proves nothing."""
        nothing = replace(target, spec=replace(target.spec, image="shared:import/gone.raw"))
        with pytest.raises(PermanentError) as failed:
            handler.create(nothing)
        assert failed.value.reason == "TaskFailed"
        assert handler.observe(nothing) == Absent()
        assert Number.objects.get(series="VMID").number == 5000

    def test_while_it_is_made_a_lost_task_is_found_again(self, town: Town, handler: Any, target: Target) -> None:
        town.wire.control("slow_task", type="qmcreate", seconds=40)
        handler.handler.create(target)
        seen = handler.handler.observe(target)
        assert isinstance(seen, InProgress)
        with pytest.raises(AlreadyExists):
            handler.handler.create(target)
        assert present(handler.observe(target)).external_id == "5000"

    def test_one_that_somebody_is_making_under_our_vmid_is_not_decided_about(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        """Whose it is shows when it stands; to take another VMID now might make two."""
        town.wire.control("slow_task", type="qmcreate", seconds=3000)
        town.outside.nodes("pve1").qemu.post(vmid=5000, name="somebodys")
        with pytest.raises(TemporaryError):
            handler.handler.create(target)
        with pytest.raises(TemporaryError):
            handler.handler.observe(target)

    def test_after_a_restored_database_it_is_found_by_its_tag(self, handler: Any, target: Target) -> None:
        made = handler.create(target)
        Number.objects.all().delete()
        assert present(handler.observe(target)).external_id == made.external_id

    def test_it_is_not_removed_without_our_tag(self, town: Town, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        _guest(town, recorded).config.put(tags="somebodys")
        with pytest.raises(PermanentError) as refused:
            handler.delete(recorded)
        assert refused.value.reason == "NameTaken"
        assert not handler.observe(recorded).ours

    def test_with_its_end_its_disks_go_and_its_image_stays(self, town: Town, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        handler.delete(recorded)
        left = town.outside.nodes("pve1").storage("shared").content.get()
        assert [one["volid"] for one in left] == [target.spec.image]

    def test_one_that_may_not_be_seen_is_never_absent(self, town: Town, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        for who in ({"users": "portal@pve"}, {"tokens": "portal@pve!svc"}):
            town.outside.access.acl.put(path="/vms", roles="NoAccess", **who)
        town.outside.pools.put(poolid=POOL, vms=recorded.external_id, delete=1)
        with pytest.raises(TemporaryError, match="taken"):
            handler.handler.observe(recorded)

    def test_while_it_is_backed_up_it_waits(self, town: Town, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        town.wire.control("put", section="vms", id="5000", value={"lock": "backup"})
        assert present(handler.observe(recorded))
        with pytest.raises(TemporaryError, match="backup"):
            handler.delete(recorded)


def _guest(town: Town, target: Target) -> Any:
    (row,) = [
        one for one in town.outside.cluster.resources.get(type="vm") if str(one["vmid"]) == target.external_id
    ]
    return town.outside.nodes(row["node"]).qemu(target.external_id)


def test_a_guest_of_nowhere_waits_for_a_node_that_has_its_storage(town: Town) -> None:
    target = town.guest_target()
    for node in ("pve1", "pve2", "pve3"):
        town.wire.control("put", section="nodes", id=node, value={"offline": 1})
    with pytest.raises(TemporaryError):
        Settled(town.provider.handlers["proxmox.guest"]).create(target)


class TestSnapshot(Battery):
    kind = "proxmox.snapshot"

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Settled(town.provider.handlers[self.kind])

    @pytest.fixture
    def target(self, town: Town) -> Target:
        guest = town.guest_target(running=False)
        made = Settled(town.provider.handlers["proxmox.guest"]).create(guest)
        return town.target("before-it", SnapshotSpec(made.external_id))

    def take_name(self, town: Any, target: Target) -> None:
        guest = _guest(town, replace(target, external_id=target.spec.guest))
        ended(town.outside, guest.snapshot.post(snapname="m-before-it"))

    def test_made_twice_is_refused_and_harmless(self, handler: Any, target: Target) -> None:
        handler.create(target)
        before = handler.observe(target)
        with pytest.raises(AlreadyExists):
            handler.handler.create(target)
        assert handler.observe(target) == before

    def test_while_it_is_taken_it_is_waited_for(self, town: Town, handler: Any, target: Target) -> None:
        town.wire.control("slow_task", type="qmsnapshot", seconds=20)
        handler.handler.create(target)
        town.wire.control("clock", pace=0.02)  # what begins begins
        assert isinstance(handler.handler.observe(target), InProgress)
        assert present(handler.observe(target)).external_id == "5000 m-before-it"

    def test_one_that_broke_off_is_a_persons_to_clear(self, town: Town, handler: Any, target: Target) -> None:
        town.wire.control("fail_task", type="qmsnapshot", text="VM 5000 qmp command 'savevm' failed")
        with pytest.raises(PermanentError) as failed:
            handler.create(target)
        assert failed.value.reason == "TaskFailed"
        with pytest.raises(TemporaryError, match="qm unlock"):
            handler.observe(target)

    def test_it_goes_with_its_guest(self, town: Town, handler: Any, target: Target) -> None:
        handler.create(target)
        ended(town.outside, _guest(town, replace(target, external_id="5000")).delete())
        assert handler.observe(target) == Absent()


def test_what_the_agent_inside_says_is_handed_on(town: Town) -> None:
    made = Settled(town.provider.handlers["proxmox.guest"]).create(town.guest_target())
    vmid, agent = str(made.external_id), town.provider.agent
    assert not agent.answers(vmid)
    with pytest.raises(NobodyAnswers):
        agent.addresses(vmid)
    said = {"exitcode": 3, "out-data": "gone\n", "err-data": "why"}
    addresses = {"lo": "127.0.0.1", "eth0": "10.20.0.7", "eth1": "169.254.1.1"}
    town.wire.control(
        "put", section="guests", id=vmid, value={"agent": 1, "addresses": addresses, "executed": said}
    )
    assert agent.answers(vmid)
    assert agent.addresses(vmid) == ("10.20.0.7",)
    pid = agent.execute(vmid, ["cat", "/etc/hostname", "two words"])
    assert agent.executed(vmid, pid) == Ran(3, "gone\n", "why", whole=True)
    said = {"exited": 0}
    town.wire.control("put", section="guests", id=vmid, value={"executed": said})
    assert agent.executed(vmid, agent.execute(vmid, ["true"])) is None
    with pytest.raises(NotThere):
        agent.answers("5999")
