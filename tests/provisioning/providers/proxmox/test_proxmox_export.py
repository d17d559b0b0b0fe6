"""What stands on Proxmox comes home by the Backup Server beside it, into the archive, once, and nothing is left."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from elaastic.levels import LEVELS, Mode
from elaastic.levels.started import Started
from lab.deadline import wait_until
from provisioning.domain import checkpoint
from provisioning.domain.conditions import State
from provisioning.domain.course import CARRY, TAKE, Course, Machine, Place, Source, Step
from provisioning.domain.findings import Findings, Found
from provisioning.models import Operation, Plan, Stack, clock
from provisioning.providers.proxmox.client import api
from provisioning.services import images, operations, stacks
from provisioning.services.images import Where
from tests.provisioning.operations import forge
from tests.provisioning.providers.dying import Died, dies_once_at
from tests.provisioning.providers.openstack.region import Subscribed, hurry
from tests.provisioning.providers.proxmox.backed import CONTENT, Copies, with_backups
from tests.provisioning.providers.proxmox.drilled import FILES, SITE, WEB, left_of, of, subscribe, until
from tests.provisioning.providers.proxmox.town import Town
from tests.provisioning.providers.relay import Relay
from tests.provisioning.providers.simulated import simulated_region

__all__ = ["simulated_region"]
pytestmark = pytest.mark.django_db(transaction=True)
STEM = "failback-20261124T014105Z"
VMID = "5000"


@dataclass
class Home:
    """A town, what brings its machines home, and the way to the Backup Server."""

    at: Subscribed
    way: Relay
    course: Course

    @property
    def copies(self) -> Copies:
        return Copies(self.at.town)

    def began(self, key: str = "") -> str:
        """The operation's; `key` ends the name of what comes home."""
        name, course = f"x{uuid.uuid4().hex[:9]}", self.course
        homes = [replace(one, source=replace(one.source, key=one.source.key + key)) for one in course.machines]
        course = replace(course, machines=tuple(homes))
        operations.begin(key=name, host=self.at.town.stack, kind="export", course=course)
        return name

    def archived(self, name: str) -> list[bytes]:
        """Every object that came home under the machine's name."""
        stack = self.at.town.stack
        found = [one for one in images.versions(stack, "images") if one.key.startswith(f"{name}/{STEM}")]
        where = [Where(stack, "images", one.key, one.version) for one in found]
        return [b"".join(images.stream(one)) for one in where]


@pytest.fixture
def made(
    town: Town, simulated_region: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Home]]:
    """One machine on Proxmox runs in the town's pool, and beside it those of `more` on OpenStack."""
    monkeypatch.setattr(api, "POLL_S", 0.02)
    relay = Relay(town.wire.backup_port)

    def make(*more: Any) -> Home:
        at = subscribe(with_backups(town), simulated_region, settings, tmp_path, FILES, *more)
        document = yaml.safe_load(settings.REGION_FILE.read_text())
        cluster = next(one for one in document["platforms"] if one["provider"] == "proxmox")
        cluster["endpoints"]["backup"] = f"https://127.0.0.1:{relay.port}"
        settings.REGION_FILE.write_text(yaml.safe_dump(document))
        _stand(at, tmp_path, [one["name"] for one in more])
        return Home(at, relay, _course(at, FILES, *more))

    yield make
    relay.close()


def _stand(at: Subscribed, folder: Path, others: list[str]) -> None:
    """As a failover leaves it: `files` on Proxmox, then those on OpenStack, one after the other."""
    content = {"files": CONTENT, **dict.fromkeys(others, forge.raw(1))}
    started = []
    for turn, name in enumerate(content, start=1):
        file = folder / f"{name}.raw"
        file.write_bytes(content[name])
        sha512 = hashlib.sha512(content[name]).hexdigest()
        where = {"system": "proxmox", "stores": "shared shared"}
        if name != "files":
            where = {"size": "dr.small", "zone": SITE}
        started.append(Started(name, turn, str(file), sha512, "raw", **where))
    blueprint = LEVELS[2].blueprint
    assert blueprint is not None
    manifest = blueprint(at.terms, at.placement, Mode(failed_over=tuple(started)))
    plan = Plan.objects.get(pk=stacks.propose_plan(at.town.stack, manifest, at.placement))
    stacks.approve_plan(plan.pk, plan.digest)

    def ready() -> bool:
        hurry(at.town.stack)
        return set(at.states().values()) == {"ready"}

    wait_until("the machines", ready, timeout_s=180, every_s=0.05)


def _course(at: Subscribed, *terms: Any) -> Course:
    platforms = {name: id for name, id in at.placement.platforms.items() if name != "ceph"}
    machines = []
    for one in terms:
        system = {"stateful": "proxmox", "stateless": "openstack"}[one["nature"]]
        source = Source("images", f"{one['name']}/{STEM}", "", 0, "", "raw")
        machines.append(Machine(one["name"], system, one["vcpus"], one["ram_mib"], one["disk_gib"], source))
    steps = tuple(Step(kind, group, one.name) for group, kind in ((1, TAKE), (2, CARRY)) for one in machines)
    return Course("192.168.1.0/24", Place(platforms, SITE), tuple(machines), steps)


def ended(key: str) -> Operation:
    return until(key, "the end of the export", lambda seen: seen.ended_at is not None)


def found(key: str, name: str = "files") -> Found:
    return Findings.parse(of(key).found).of(name)


def dumps(home: Home) -> int:
    """How often a backup of it was made, by the cluster's own account."""
    nodes = ("pve1", "pve2", "pve3")
    tasks = [one for node in nodes for one in home.at.town.outside.nodes(node).tasks.get(source="all")]
    return len([one for one in tasks if one["type"] == "vzdump"])


POINTS = ("sent create", "stored")
MORE = ("recorded create", "recorded take", "sent delete")


@pytest.mark.parametrize("points", [POINTS, pytest.param(MORE, marks=pytest.mark.deep)])
def test_a_worker_that_dies_at_any_point_makes_one_backup_and_leaves_none(
    made: Callable[..., Home], monkeypatch: pytest.MonkeyPatch, points: tuple[str, ...]
) -> None:
    home = made()
    for number, point in enumerate(points, start=1):
        key = home.began(f"-{number}")
        dies_once_at(point, monkeypatch)
        with pytest.raises(Died):
            ended(key)
        Stack.objects.update(claim_token=None, claim_expires_at=None)
        assert ended(key).verdict == "passed", (point, found(key))
        assert home.copies.all() == [], point
        assert dumps(home) == number, point
    assert home.archived("files") == [CONTENT] * len(points)
    mine = found(key)
    assert (mine.form, mine.bytes, mine.key) == ("raw", len(CONTENT), f"files/{STEM}-{len(points)}.raw")
    assert mine.sha512 == hashlib.sha512(CONTENT).hexdigest()
    assert left_of(home.at.town, of(key)) == [] and home.at.town.provider.runs(VMID)


@pytest.mark.deep
def test_a_backup_server_that_goes_away_is_told_and_waited_for_and_nothing_is_lost(
    made: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the moment in which its backup has been made."""
    home = made()
    key = home.began()

    def leaves(reached: str) -> None:
        if reached == "recorded take" and found(key).taken_at:
            home.way.close()

    monkeypatch.setattr(checkpoint, "hook", leaves)
    until(key, "what is in the way", lambda seen: "Backup Server" in seen.trouble)
    assert of(key).verdict == "" and not found(key).left_out
    home.way.reopen()
    assert ended(key).verdict == "passed"
    assert home.archived("files") == [CONTENT] and dumps(home) == 1 and home.copies.all() == []


@pytest.mark.deep
def test_a_machine_whose_platform_stays_away_is_left_out_and_the_other_comes_home_and_then_both(
    made: Callable[..., Home],
) -> None:
    """After an hour, by its own name. What there may be of it is removed when it is back."""
    home = made(WEB)
    home.way.close()
    key = home.began()
    until(key, "the other's image", lambda seen: bool(found(key, "web").taken_at))
    late = {**of(key).found["machines"]["web"], "taken_at": (clock.now() - timedelta(hours=2)).isoformat()}
    Operation.objects.filter(stack__key=key).update(
        found={**of(key).found, "machines": {**of(key).found["machines"], "web": late}},
        entered_at=clock.now() - timedelta(hours=2),
    )
    done = until(key, "its verdict", lambda seen: bool(seen.verdict))
    assert (done.verdict, done.reason, done.about) == ("incomplete", "BackupServerAway", "files")
    assert len(home.archived("web")) == 1 and home.archived("files") == []
    home.way.reopen()
    assert ended(key).verdict == "incomplete"
    assert left_of(home.at.town, done) == [] and dumps(home) == 0

    key = home.began("-again")
    done = ended(key)
    assert (done.verdict, done.reason) == ("passed", ""), (found(key), found(key, "web"))
    assert home.archived("files") == [CONTENT] and len(home.archived("web")) == 2
    assert home.copies.all() == [] and left_of(home.at.town, done) == []
    assert set(home.at.states().values()) == {"ready"}


@pytest.mark.deep
def test_one_that_is_stopped_in_the_middle_of_a_backup_leaves_none(made: Callable[..., Home]) -> None:
    home = made()
    home.at.town.wire.control("slow_task", type="vzdump", seconds=20)
    key = home.began()
    until(key, "a backup that is being made", lambda seen: dumps(home) == 1)
    assert operations.stop(key)
    done = ended(key)
    assert done.verdict == "stopped" and home.archived("files") == []
    assert home.copies.all() == [] and left_of(home.at.town, done) == []
    assert not done.stack.resources.exclude(state=State.GONE).exists()
