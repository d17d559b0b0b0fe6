"""Drills with images out of the Ceph beside the cloud: one that passes, and each way of not passing."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from elaastic.levels import Mode
from lab.deadline import wait_until
from lab.fixtures import ceph_lab
from lab.openstack.image import MARKER_SHA256, drill_image
from provisioning.domain.conditions import State
from provisioning.domain.course import Course, Machine, Place, Source, Step
from provisioning.domain.findings import Findings, seconds_between
from provisioning.models import Operation, clock
from provisioning.services import operations
from tests.provisioning.operations import forge
from tests.provisioning.providers.openstack.conftest import REAL, Body
from tests.provisioning.providers.openstack.region import QEMU, Subscribed, hurry
from tests.provisioning.providers.openstack.town import Town

__all__ = ["ceph_lab"]
pytestmark = pytest.mark.django_db(transaction=True)
# What the lab's fake driver says of every machine, and a simulated one because its image bids it.
FAKE_SAYS = "LAST LINE"
GOOD = forge.raw(1) + b"\nSIMULATED-CONSOLE: LAST LINE\n"
on_real_hosts = pytest.mark.parametrize("body", [REAL], indirect=True)


@pytest.fixture
def subscribed(body: Body, town: Town, ceph_beside: Path, settings: Any, tmp_path: Path) -> Iterator[Subscribed]:
    settings.SPOOL_DIR = tmp_path / "spool"
    made = Subscribed.prepare(town, ceph_beside, settings, tmp_path, body.zones)
    made.apply(Mode())
    assert set(made.states().values()) == {"ready"}, made.states()
    yield made
    assert not list((tmp_path / "spool").glob("*"))


def machine(at: Subscribed, name: str, content: bytes, form: str, said: bytes | None = None) -> Machine:
    """Uploaded; `said`: the bytes of which the sum was taken, where they are others."""
    version = at.upload(f"{name}/disk.{form}", content)
    digest = hashlib.sha512(content if said is None else said).hexdigest()
    source = Source("images", f"{name}/disk.{form}", version, len(content), digest, form)
    return Machine(name, "openstack", 1, 256, 1, source)


def course(at: Subscribed, machines: list[Machine], text: str, zone: str = "", within: int = 120) -> Course:
    """The first machine, then the others."""
    zone = zone or at.placement.reserve
    place = Place({"openstack": at.town.platform.id}, zone, zone)
    steps = []
    for group, one in enumerate(machines, start=1):
        steps.append(Step("start", group, one.name))
        steps.append(Step("check", group, one.name, within, text, check="console"))
    return Course("192.168.1.0/24", place, tuple(machines), tuple(steps))


def carried_out(at: Subscribed, wanted: Course, timeout_s: float = 120) -> Operation:
    """To its very end, by a worker that has nothing else to do."""
    key = f"d{uuid.uuid4().hex[:10]}"
    operations.begin(key=key, host=at.town.stack, kind="drill", course=wanted)

    def ended() -> bool:
        Operation.objects.filter(stack__key=key).update(due_at=clock.now())
        operations.carry_on_next()
        hurry(key)
        return Operation.objects.get(stack__key=key).ended_at is not None

    wait_until("the end of the operation", ended, timeout_s=timeout_s, every_s=0.2)
    return Operation.objects.select_related("stack").get(stack__key=key)


def left_of(at: Subscribed, done: Operation) -> list[str]:
    """What somebody else sees of it in the town's project, and in the portal's domain."""
    cloud, project = at.town.outside, at.project
    marker = f".{done.stack.key}."
    seen = [
        *cloud.compute.servers(all_projects=True, project_id=project),
        *cloud.image.images(owner=project),
        *[one for one in cloud.network.ports(project_id=project) if done.stack.key in (one.description or "")],
        *[one for one in cloud.network.networks(project_id=project) if marker in (one.description or "")],
        *[one for one in cloud.identity.users(domain_id=at.town.domain) if marker in one.name],
        *[one for one in cloud.identity.groups(domain_id=at.town.domain) if marker in one.name],
    ]
    return [one.name for one in seen]


def test_two_machines_start_in_order_answer_and_leave_nothing(subscribed: Subscribed) -> None:
    both = [machine(subscribed, name, GOOD, "raw") for name in ("web", "mail")]
    done = carried_out(subscribed, course(subscribed, both, FAKE_SAYS))
    assert done.verdict == "passed", (done.reason, done.message)
    found = Findings.parse(done.found)
    web, mail = found.of("web"), found.of("mail")
    assert web.imported_at <= web.asked_at <= web.started_at <= web.answered_at <= mail.asked_at
    assert FAKE_SAYS in mail.console and web.size == "dr.small"
    assert seconds_between(done.begun_at.isoformat(), mail.answered_at) is not None
    assert left_of(subscribed, done) == []
    assert not done.stack.resources.exclude(state=State.GONE).exists()
    assert set(subscribed.states().values()) == {"ready"}


def test_content_that_is_not_what_was_looked_at_is_a_bad_backup(subscribed: Subscribed) -> None:
    bad = machine(subscribed, "web", GOOD, "raw", said=b"what had arrived")
    done = carried_out(subscribed, course(subscribed, [bad], FAKE_SAYS))
    assert (done.verdict, done.reason) == ("backup_bad", "ContentDiffers")
    assert left_of(subscribed, done) == []


def test_a_file_that_is_no_image_of_its_kind_is_a_bad_backup(subscribed: Subscribed) -> None:
    bad = machine(subscribed, "web", b"QFI\xfb" + b"\xff" * 2**16, "qcow2")
    done = carried_out(subscribed, course(subscribed, [bad], FAKE_SAYS))
    assert (done.verdict, done.reason) == ("backup_bad", "ImageRefused")
    assert done.about == "web" and left_of(subscribed, done) == []


def test_a_machine_that_stays_silent_is_a_bad_backup_and_its_console_is_kept(subscribed: Subscribed) -> None:
    mute = machine(subscribed, "web", GOOD, "raw")
    done = carried_out(subscribed, course(subscribed, [mute], "what nobody says", within=3))
    assert (done.verdict, done.reason) == ("backup_bad", "NoAnswer")
    assert FAKE_SAYS in Findings.parse(done.found).of("web").console
    assert left_of(subscribed, done) == []


@pytest.mark.parametrize("body", ["simulated"], indirect=True)
def test_an_image_in_which_nothing_boots_is_a_bad_backup(subscribed: Subscribed) -> None:
    """The lab's fake driver says the same of every image, and its other host needs minutes to say nothing."""
    broken = machine(subscribed, "web", bytes(len(GOOD)) + GOOD[512:], "raw")
    done = carried_out(subscribed, course(subscribed, [broken], FAKE_SAYS, within=3))
    assert (done.verdict, done.reason) == ("backup_bad", "NoAnswer")
    assert "No bootable device." in Findings.parse(done.found).of("web").console


def test_no_host_says_nothing_about_the_backup(subscribed: Subscribed) -> None:
    good = machine(subscribed, "web", GOOD, "raw")
    wanted = course(subscribed, [good], FAKE_SAYS)
    large = replace(wanted, machines=(replace(good, vcpus=4000),))
    done = carried_out(subscribed, large)
    assert (done.verdict, done.reason) == ("not_tested", "NoSize")
    assert left_of(subscribed, done) == []


@pytest.mark.deep
@on_real_hosts
def test_a_real_machine_boots_says_its_word_and_is_measured(subscribed: Subscribed) -> None:
    real = machine(subscribed, "web", drill_image().read_bytes(), "qcow2")
    done = carried_out(subscribed, course(subscribed, [real], f"MARKER {MARKER_SHA256}", QEMU, 180), timeout_s=300)
    assert (done.verdict, done.message) == ("passed", "")
    found = Findings.parse(done.found).of("web")
    assert seconds_between(found.asked_at, found.answered_at)
    assert left_of(subscribed, done) == []


@pytest.mark.deep
@on_real_hosts
def test_with_its_host_down_nothing_is_said_about_the_backup(subscribed: Subscribed) -> None:
    real = machine(subscribed, "web", drill_image().read_bytes(), "qcow2")
    nova = subscribed.town.outside.compute
    (service,) = [one for one in nova.services(binary="nova-compute") if one.host == QEMU]
    nova.update_service_forced_down(service, QEMU, "nova-compute", True)
    try:
        done = carried_out(subscribed, course(subscribed, [real], f"MARKER {MARKER_SHA256}", QEMU, 180))
    finally:
        nova.update_service_forced_down(service, QEMU, "nova-compute", False)
    assert (done.verdict, done.reason) == ("not_tested", "NoHost")
    assert left_of(subscribed, done) == []
