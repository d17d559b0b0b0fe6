"""Drills with machines on the emulated cluster: one that passes beside a cloud, and each way of not passing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.domain.course import CHECK, Course, Step
from provisioning.domain.findings import Findings
from provisioning.models import Operation
from provisioning.providers.proxmox.client import api
from provisioning.services import operations
from tests.provisioning.operations import forge
from tests.provisioning.providers.openstack.region import Subscribed
from tests.provisioning.providers.proxmox.drilled import (
    FILES,
    WEB,
    begin,
    carried_out,
    course,
    left_of,
    machine,
    of,
    subscribe,
    turn,
    until,
)
from tests.provisioning.providers.proxmox.town import Town
from tests.provisioning.providers.simulated import simulated_region

__all__ = ["simulated_region"]
pytestmark = pytest.mark.django_db(transaction=True)
# What a machine of the simulated cloud says because its image bids it.
GOOD = forge.raw(1) + b"\nSIMULATED-CONSOLE: LAST LINE\n"
FIRST = "5000"


@pytest.fixture
def at(
    town: Town, simulated_region: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Subscribed]:
    """A town whose one machine starts on the cluster."""
    monkeypatch.setattr(api, "POLL_S", 0.02)
    yield subscribe(town, simulated_region, settings, tmp_path, FILES)
    assert not list((tmp_path / "spool").glob("*"))


def boots(town: Town, vmid: str = FIRST, **more: Any) -> None:
    """The guest that gets this VMID has a system with an agent in it."""
    town.wire.control("put", section="guests", id=vmid, value={"agent": 1, **more})


def kind_of(seen: Operation) -> str:
    """The stage at which it is."""
    return Course.parse(seen.course).stages[seen.place].kind


def test_machines_on_both_platforms_start_in_order_answer_and_leave_nothing(
    town: Town, simulated_region: Path, settings: Any, tmp_path: Path
) -> None:
    at = subscribe(town, simulated_region, settings, tmp_path, FILES, WEB)
    boots(town)
    key = begin(at, course(at, [machine(at, FILES), machine(at, WEB, GOOD)]))
    until(key, "its start", lambda one: Findings.parse(one.found).of("files").started_at)
    (guest,) = town.outside.cluster.resources.get(type="vm")
    config = town.outside.nodes(guest["node"]).qemu(guest["vmid"]).config.get()
    assert guest["pool"] == f"mcloud.{at.town.stack}.pool"
    assert (config["cores"], config["memory"]) == (2, "512")
    networks = {one["vnet"]: one for one in town.outside.cluster.sdn.vnets.get()}
    assert networks[config["net0"].partition("bridge=")[2].partition(",")[0]]["zone"] == town.platform.sdn_zone

    done = until(key, "the end of the operation", lambda one: one.ended_at is not None)
    assert done.verdict == "passed", (done.reason, done.message)
    files, web = (Findings.parse(done.found).of(name) for name in ("files", "web"))
    assert files.imported_at <= files.asked_at <= files.started_at <= files.answered_at <= web.asked_at
    assert web.answered_at and (files.stores, web.size) == ("shared shared", "dr.small")
    assert left_of(town, done) == []
    assert town.outside.cluster.resources.get(type="vm") == []
    assert set(at.states().values()) == {"ready"}


def test_content_that_is_not_what_was_looked_at_is_a_bad_backup(town: Town, at: Subscribed) -> None:
    done = carried_out(at, course(at, [machine(at, FILES, said=b"what had arrived")]))
    assert (done.verdict, done.reason, done.about) == ("backup_bad", "ContentDiffers", "files")
    assert left_of(town, done) == []


def test_an_image_in_which_nothing_boots_is_a_bad_backup(town: Town, at: Subscribed) -> None:
    key = begin(at, course(at, [machine(at, FILES, bytes(2**12))], within=30))
    until(key, "the check", lambda one: kind_of(one) == CHECK)
    assert turn(key).verdict == ""
    _pass(key, seconds=40)
    done = until(key, "the end of the operation", lambda one: one.ended_at is not None)
    assert (done.verdict, done.reason, done.about) == ("backup_bad", "AgentSilent", "files")
    assert left_of(town, done) == []


def test_a_port_and_a_page_are_asked_by_the_agent_inside(town: Town, at: Subscribed) -> None:
    """A guest without curl, in which first nobody listens."""
    closed = {"bash": {"exitcode": 1, "err-data": "Connection refused"}, "wget": {"exitcode": 0}}
    boots(town, programs=closed)
    checks = [
        Step("check", 1, "files", 60, check="tcp", port=5432),
        Step("check", 1, "files", 60, check="http", port=8080, path="/login"),
    ]
    key = begin(at, course(at, [machine(at, FILES)], checks=checks))
    until(key, "a refused port", lambda one: "Connection refused" in str(one.found))
    assert not Findings.parse(of(key).found).of("files").answered_at
    boots(town, programs={"bash": {"exitcode": 0}, "wget": {"exitcode": 0}})
    done = until(key, "the end of the operation", lambda one: one.ended_at is not None)
    assert done.verdict == "passed", (done.reason, done.message)
    said = Findings.parse(done.found).of("files").console.splitlines()
    assert said == ["tcp 5432: ok", "http 8080 /login: ok"]


def test_where_no_program_can_ask_nothing_is_said_about_the_backup(town: Town, at: Subscribed) -> None:
    boots(town, programs={"vim": {}})
    checks = [Step("check", 1, "files", 60, check="tcp", port=5432)]
    done = carried_out(at, course(at, [machine(at, FILES)], checks=checks))
    assert (done.verdict, done.reason, done.about) == ("not_tested", "CannotAsk", "files")
    assert "Failed to execute child process" in done.message


def test_a_storage_that_fails_says_nothing_about_the_backup(town: Town, at: Subscribed) -> None:
    for _ in range(3):
        town.wire.control("fail_task", type="qmcreate", text="unable to create VM: no space left on device")
    done = carried_out(at, course(at, [machine(at, FILES)]))
    assert (done.verdict, done.reason, done.about) == ("not_tested", "TaskFailed", "files")
    assert "no space left" in done.message and left_of(town, done) == []


def test_without_room_on_any_storage_nothing_is_asked_for(town: Town, at: Subscribed) -> None:
    town.wire.control("put", section="storages", id="shared", value={"total": 2**29})
    done = carried_out(at, course(at, [machine(at, FILES)]))
    assert (done.verdict, done.reason) == ("not_tested", "NoStore")


def test_with_its_node_down_nothing_is_said_about_the_backup(town: Town, at: Subscribed) -> None:
    key = begin(at, course(at, [machine(at, FILES)], within=30))
    until(key, "the check", lambda one: kind_of(one) == CHECK)
    (guest,) = town.outside.cluster.resources.get(type="vm")
    town.wire.control("put", section="nodes", id=guest["node"], value={"offline": 1})
    _pass(key, seconds=60)
    seen = turn(key)
    assert seen.verdict == "" and "No route to host" in seen.trouble
    _pass(key, hours=1)
    seen = turn(key)
    assert (seen.verdict, seen.reason) == ("not_tested", "PlatformUnavailable")
    assert turn(key).ended_at is None
    town.wire.control("put", section="nodes", id=guest["node"], value={"offline": 0})
    done = until(key, "the end of the operation", lambda one: one.ended_at is not None)
    assert left_of(town, done) == []


def test_with_the_cluster_down_nothing_is_said_about_the_backup(town: Town, at: Subscribed) -> None:
    """Two nodes of three are gone, and not that of the machine, whose agent is silent."""
    key = begin(at, course(at, [machine(at, FILES)], within=30))
    until(key, "the check", lambda one: kind_of(one) == CHECK)
    (guest,) = town.outside.cluster.resources.get(type="vm")
    others = {"pve1", "pve2", "pve3"} - {guest["node"]}
    for node in others:
        town.wire.control("put", section="nodes", id=node, value={"offline": 1})
    _pass(key, seconds=60)
    seen = turn(key)
    assert (seen.verdict, seen.reason) == ("not_tested", "SiteDown")
    for node in others:
        town.wire.control("put", section="nodes", id=node, value={"offline": 0})
    until(key, "the end of the operation", lambda one: one.ended_at is not None)


def test_switched_off_by_somebody_or_removed_it_says_nothing_about_the_backup(town: Town, at: Subscribed) -> None:
    key = begin(at, course(at, [machine(at, FILES)], within=30))
    until(key, "the check", lambda one: kind_of(one) == CHECK)
    town.wire.control("put", section="vms", id=FIRST, value={"status": "stopped"})
    _pass(key, seconds=60)
    Operation.objects.update(claim_until=None)
    seen = _carried_on(key)
    assert (seen.verdict, seen.reason) == ("not_tested", "SwitchedOff")
    until(key, "the end of the operation", lambda one: one.ended_at is not None)


def _carried_on(key: str) -> Operation:
    """Without the engine, which would switch it on again."""
    operations.carry_on_next()
    return of(key)


def _pass(key: str, **time: float) -> None:
    """So much of it is over at once: rows are written, nobody waits."""
    seen, by = of(key), timedelta(**time)
    found = Findings.parse(seen.found)
    for name, one in found.machines.items():
        if one.started_at:
            earlier = (datetime.fromisoformat(one.started_at) - by).isoformat()
            found = found.noting(name, started_at=earlier)
    changes: dict[str, Any] = {
        "found": found.as_json(),
        "entered_at": seen.entered_at - by,
        "due_at": seen.begun_at,
    }
    Operation.objects.filter(pk=seen.pk).update(**changes)
