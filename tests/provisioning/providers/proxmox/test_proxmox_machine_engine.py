"""A town's machine on Proxmox through the real engine: from a plan to what runs, through deaths, and to the end."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from provisioning.domain import checkpoint
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Desired
from provisioning.engine import reconciler
from provisioning.models import OrphanSighting, Stack
from provisioning.providers.proxmox.client import api
from provisioning.services import capacity, stacks, upkeep
from tests.lab.proxmox.clients import ended
from tests.provisioning.providers.proxmox.machine import (
    Killed,
    apply,
    approve,
    machine,
    plan,
    states,
    work,
    write_region,
)
from tests.provisioning.providers.proxmox.town import POOL, Town

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Deaths:
    """A worker that dies each time it has sent something, and every second time before it sends."""

    count: Counter[str] = field(default_factory=Counter)

    def reach(self, name: str) -> None:
        """Stands for `checkpoint.reach`."""
        self.count[name] += 1
        before_sending = name.startswith("intent") and self.count[name] % 2
        if before_sending or name.startswith("sent"):
            raise Killed(name)


@pytest.fixture
def stack(town: Town, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """The platform is in the region file, and the stack in the database."""
    monkeypatch.setattr(api, "POLL_S", 0.02)
    settings.REGION_FILE = tmp_path / "region.yaml"
    write_region(town.platform, settings.REGION_FILE)
    capacity.load_totals()
    stacks.create_stack(town.stack)
    return town


@pytest.fixture
def wanted(tmp_path: Path) -> tuple[Desired, ...]:
    return machine(tmp_path / "disk.raw")


def _census(town: Town) -> list[str]:
    return sorted(one.external_id for one in town.provider.census())


def _ids(town: Town) -> list[str]:
    return sorted(Stack.objects.get(key=town.stack).resources.values_list("external_id", flat=True))


def _guests(town: Town) -> list[dict[str, Any]]:
    return town.outside.cluster.resources.get(type="vm")  # type: ignore[no-any-return]


def test_an_approved_plan_ends_with_a_machine_that_runs_and_a_second_one_changes_nothing(
    stack: Town, wanted: tuple[Desired, ...]
) -> None:
    apply(stack.stack, *wanted)
    assert states(stack.stack) == dict.fromkeys((one.name for one in wanted), State.READY)
    assert [(one["vmid"], one["pool"]) for one in _guests(stack)] == [(5000, POOL)]
    assert plan(stack.stack, *wanted).changes == []
    upkeep.take_census()
    assert not OrphanSighting.objects.exists()
    assert _census(stack) == _ids(stack)


def test_a_worker_that_dies_around_every_call_leaves_one_of_each_and_at_the_end_nothing(
    stack: Town, wanted: tuple[Desired, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = Deaths()
    monkeypatch.setattr(checkpoint, "hook", deaths.reach)
    apply(stack.stack, *wanted)
    assert set(states(stack.stack).values()) == {State.READY}
    assert deaths.count["sent create"] >= len(wanted)
    assert deaths.count["intent create"] > len(wanted)
    assert deaths.count["sent update"] >= 1
    assert _census(stack) == _ids(stack)
    assert [one["vmid"] for one in _guests(stack)] == [5000]
    apply(stack.stack, purge=("vm",))
    assert states(stack.stack) == {}
    assert deaths.count["sent delete"] >= len(wanted)
    assert _census(stack) == []
    assert _guests(stack) == []


def test_a_machine_is_kept_until_its_end_is_said_in_words(stack: Town, wanted: tuple[Desired, ...]) -> None:
    kept = [replace(one, retain=one.name == "vm") for one in wanted]
    apply(stack.stack, *kept)
    apply(stack.stack)
    assert states(stack.stack)["vm"] == State.RETAINED
    assert _guests(stack)[0]["vmid"] == 5000
    apply(stack.stack, purge=("vm",))
    assert (states(stack.stack), _guests(stack), _census(stack)) == ({}, [], [])


def test_a_vmid_that_somebody_took_in_between_is_left_to_him(stack: Town, wanted: tuple[Desired, ...]) -> None:
    ended(stack.outside, stack.outside.nodes("pve2").qemu.post(vmid=5000, name="somebodys"))
    apply(stack.stack, *wanted)
    assert states(stack.stack)["vm"] == State.READY
    assert sorted((one["vmid"], one.get("pool")) for one in _guests(stack)) == [(5000, None), (5001, POOL)]


def test_what_somebody_opened_is_closed_again_without_a_plan(stack: Town, wanted: tuple[Desired, ...]) -> None:
    apply(stack.stack, *wanted)
    guest = stack.outside.nodes(_guests(stack)[0]["node"]).qemu(5000)
    guest.firewall.rules.post(type="in", action="ACCEPT", enable=1, proto="tcp", dport="3389")
    guest.config.put(net1="virtio,bridge=vmbr0")
    work(stack.stack)
    assert states(stack.stack)["vm"] == State.READY
    assert [rule["dport"] for rule in guest.firewall.rules.get()] == ["22"]
    assert "net1" not in guest.config.get()


def test_one_that_somebody_removed_is_made_again_under_another_vmid_when_a_plan_says_so(
    stack: Town, wanted: tuple[Desired, ...]
) -> None:
    apply(stack.stack, *wanted)
    guest = stack.outside.nodes(_guests(stack)[0]["node"]).qemu(5000)
    ended(stack.outside, guest.status.stop.post())
    ended(stack.outside, guest.delete())
    work(stack.stack)
    assert states(stack.stack)["vm"].startswith("drifted Vanished")
    apply(stack.stack, *wanted)
    assert states(stack.stack)["vm"] == State.READY
    assert [one["vmid"] for one in _guests(stack)] == [5001]


def test_a_task_that_fails_is_tried_three_times_and_then_told(stack: Town, wanted: tuple[Desired, ...]) -> None:
    for _ in range(3):
        stack.wire.control("fail_task", type="qmcreate", text="unable to create VM: no space left on device")
    apply(stack.stack, *wanted)
    assert states(stack.stack)["vm"].startswith("failed TaskFailed")
    assert "no space left" in states(stack.stack)["vm"]
    assert _guests(stack) == []
    stacks.retry(stack.stack, "vm")
    work(stack.stack)
    assert states(stack.stack)["vm"] == State.READY
    assert [one["vmid"] for one in _guests(stack)] == [5000]


def test_what_stands_as_approved_is_only_looked_at(stack: Town, wanted: tuple[Desired, ...]) -> None:
    apply(stack.stack, *wanted)
    stack.wire.control("clear")
    work(stack.stack)
    calls = stack.wire.control("calls")
    assert calls
    assert [call for call in calls if not call.startswith("GET ")] == []


def test_a_removal_that_is_under_way_is_not_called_a_creation(
    stack: Town, wanted: tuple[Desired, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(stack.stack, *wanted)
    stack.wire.control("slow_task", type="qmstop", seconds=1000)
    monkeypatch.setattr(reconciler, "BUDGET_S", 0.5)
    approve(stack.stack, purge=("vm",))
    work(stack.stack, turns=4)
    assert states(stack.stack)["vm"].startswith("progressing Deleting")
    work(stack.stack)
    assert states(stack.stack) == {}
