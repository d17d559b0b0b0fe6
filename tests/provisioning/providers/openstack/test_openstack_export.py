"""What stands after a failover comes home, into the Ceph beside the cloud, once; nothing is left on the cloud."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from elaastic.levels import Mode
from elaastic.levels.started import Started
from lab.deadline import wait_until
from lab.openstack.image import MARKER_SHA256, drill_image
from provisioning.domain.conditions import State
from provisioning.domain.course import CARRY, TAKE, Course, Machine, Source, Step
from provisioning.domain.findings import Findings, Found
from provisioning.domain.names import Marker
from provisioning.models import Operation, Resource, Stack, clock
from provisioning.operations import export as stages
from provisioning.services import images, operations
from provisioning.services.images import Where
from tests.provisioning.providers.dying import Died, dies_once_at
from tests.provisioning.providers.openstack.region import QEMU, Subscribed, hurry
from tests.provisioning.providers.openstack.test_openstack_drill import (
    GOOD,
    carried_out,
    ceph_lab,
    course,
    machine,
    on_real_hosts,
    subscribed,
)
from tests.provisioning.providers.openstack.test_openstack_failover import approved, worked

__all__ = ["ceph_lab", "subscribed"]
pytestmark = pytest.mark.django_db(transaction=True)
# Nova's fake driver writes no bytes into an image.
simulated = pytest.mark.parametrize("body", ["simulated"], indirect=True)
STEM = "failback-20261123T184105Z"


@pytest.fixture
def standing(subscribed: Subscribed, settings: Any) -> Course:
    """Two machines run in the town's own project, as after a failover; the course that brings them home."""
    return stands(subscribed, settings, [machine(subscribed, name, GOOD, "raw") for name in ("web", "mail")], GOOD)


def stands(at: Subscribed, settings: Any, machines: list[Machine], content: bytes, zone: str = "") -> Course:
    """All of them made from this content."""
    started = []
    for group, one in enumerate(machines, start=1):
        file = settings.SPOOL_DIR.parent / f"{one.name}.image"
        file.write_bytes(content)
        source, site = one.source, zone or at.placement.reserve
        started.append(Started(one.name, group, str(file), source.sha512, source.form, "dr.small", site))
    approved(at, Mode(failed_over=tuple(started)))

    def ready() -> bool:
        hurry(at.town.stack)
        return set(at.states().values()) == {"ready"}

    wait_until("the machines", ready, timeout_s=180, every_s=0.1)
    homes = tuple(replace(one, source=Source("images", f"{one.name}/{STEM}", "", 0, "", "raw")) for one in machines)
    steps = [Step(kind, group, one.name) for group, kind in ((1, TAKE), (2, CARRY)) for one in machines]
    return replace(course(at, machines, ""), machines=homes, steps=tuple(steps))


def exported(at: Subscribed, wanted: Course, then: Callable[[str], None] = lambda key: None) -> Operation:
    key = begun(at, wanted)
    then(key)
    return ended(at, key)


def begun(at: Subscribed, wanted: Course) -> str:
    key = f"x{uuid.uuid4().hex[:10]}"
    operations.begin(key=key, host=at.town.stack, kind="export", course=wanted)
    return key


def ended(at: Subscribed, key: str) -> Operation:
    return worked(at, key, lambda row: bool(hurry(key)) or row.ended_at is not None, "the end of the export")


def found(done: Operation, name: str) -> Found:
    return Findings.parse(done.found).of(name)


def in_the_archive(at: Subscribed, name: str) -> list[images.Version]:
    return [one for one in images.versions(at.town.stack, "images") if one.key.startswith(f"{name}/{STEM}")]


def left_on_the_cloud(at: Subscribed) -> list[str]:
    """Images of machines, for any stack of this test's: the cloud may show others' too."""
    mine = set(Stack.objects.values_list("key", flat=True))
    seen = [one for one in at.town.provider.census() if one.kind == "openstack.server_image"]
    return [one.external_id for one in seen if (told := Marker.parse(one.marker)) and told.stack in mine]


@simulated
def test_both_come_home_whole_while_the_machines_run_on(subscribed: Subscribed, standing: Course) -> None:
    at = subscribed
    done = exported(at, standing)
    assert (done.verdict, done.reason) == ("passed", "")
    for name in ("web", "mail"):
        mine = found(done, name)
        (version,) = in_the_archive(at, name)
        assert (mine.form, mine.key, mine.bytes) == ("raw", f"{name}/{STEM}.raw", version.size)
        came = b"".join(images.stream(Where(at.town.stack, "images", version.key, version.version)))
        assert hashlib.sha512(came).hexdigest() == mine.sha512
        assert came.startswith(GOOD) and b"SIMULATED-WRITTEN" in came
        assert mine.asked_at <= mine.taken_at <= mine.brought_at <= mine.stored_at
    assert left_on_the_cloud(at) == []
    assert not done.stack.resources.exclude(state=State.GONE).exists()
    assert set(at.states().values()) == {"ready"}
    again = exported(at, standing)
    assert again.verdict == "passed" and len(in_the_archive(at, "web")) == 2


POINTS = ("approved", "recorded take", "stored", "noted carry", "recorded carry")
MORE = ("operation taken", "planned", "looked take", "looked carry", "looked clean", "recorded clean")


@simulated
@pytest.mark.parametrize("points", [POINTS, pytest.param(MORE, marks=pytest.mark.deep)])
def test_a_worker_that_dies_at_any_point_leaves_one_object_and_no_image(
    subscribed: Subscribed, standing: Course, monkeypatch: pytest.MonkeyPatch, points: tuple[str, ...]
) -> None:
    at = subscribed
    one = replace(standing, machines=standing.machines[:1], steps=(standing.steps[0], standing.steps[2]))
    for point in points:
        home = replace(one.machines[0].source, key=f"web/{STEM}-{point.replace(' ', '-')}")
        key = begun(at, replace(one, machines=(replace(one.machines[0], source=home),)))
        dies_once_at(point, monkeypatch)
        with pytest.raises(Died):
            ended(at, key)
        Operation.objects.filter(stack__key=key).update(claim_until=clock.now())
        assert ended(at, key).verdict == "passed", point
        assert left_on_the_cloud(at) == [], point
    assert len(in_the_archive(at, "web")) == len(points)


@simulated
def test_one_that_is_too_large_or_gone_stops_no_other(
    subscribed: Subscribed, standing: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = subscribed
    monkeypatch.setattr(stages, "LARGEST", 2**20)
    done = exported(at, standing)
    assert (done.verdict, done.reason, done.about) == ("incomplete", "TooLarge", "web")
    assert found(done, "web").bytes > 2**20
    monkeypatch.undo()
    gone = replace(standing.machines[0], name="nobody")
    done = exported(at, replace(standing, machines=(gone, standing.machines[1])))
    assert (done.verdict, done.reason, done.about) == ("incomplete", "MachineGone", "nobody")
    assert len(in_the_archive(at, "mail")) == 1
    assert left_on_the_cloud(at) == []


@simulated
def test_one_that_is_stopped_leaves_no_image(subscribed: Subscribed, standing: Course) -> None:
    at = subscribed
    key = begun(at, standing)
    worked(at, key, lambda row: bool(hurry(key)) or bool(left_on_the_cloud(at)), "an image on the cloud")
    assert operations.stop(key)
    done = ended(at, key)
    assert done.verdict == "stopped"
    assert left_on_the_cloud(at) == [] and in_the_archive(at, "web") == []


@pytest.mark.deep
@on_real_hosts
def test_a_machine_that_really_runs_comes_home_and_starts_again(subscribed: Subscribed, settings: Any) -> None:
    at, said, content = subscribed, f"MARKER {MARKER_SHA256}", drill_image().read_bytes()
    first = machine(at, "web", content, "qcow2")
    wanted = stands(at, settings, [first], content, QEMU)
    running = Resource.objects.get(stack__key=at.town.stack, name="machine-web").external_id
    wait_until("its word", lambda: said in at.town.provider.console(running), timeout_s=120, every_s=0.5)
    done = exported(at, wanted)
    assert (done.verdict, done.reason) == ("passed", ""), found(done, "web")
    (version,) = in_the_archive(at, "web")
    mine = found(done, "web")
    assert (mine.form, mine.bytes) == ("qcow2", version.size)
    assert left_on_the_cloud(at) == [] and set(at.states().values()) == {"ready"}
    again = Source("images", version.key, version.version, version.size, mine.sha512, mine.form)
    drill = course(at, [replace(first, source=again)], said, QEMU, 180)
    assert carried_out(at, drill, timeout_s=300).verdict == "passed"
