"""The stages of an export on a ground that is a dict: what one machine meets holds up no other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from provisioning.domain.conditions import Condition, State
from provisioning.domain.course import CARRY, CLEAN, LARGEST, TAKE, Course, Place, Source, Step
from provisioning.domain.errors import NotFound, PermanentError, PlatformDown
from provisioning.domain.findings import Findings
from provisioning.domain.manifest import Desired, Manifest
from provisioning.operations.export import EXPORT, PATIENCE_S
from provisioning.operations.ground import Standing, Taken
from provisioning.operations.moment import Again, Answer, Done, Judged, Moment
from provisioning.operations.stages import carry_on
from tests.provisioning.operations.test_stages import Ground, machine

NAMES = ("web", "mail")
COURSE = Course(
    "192.168.1.0/24",
    Place({"openstack": "cloud"}, "pu"),
    tuple(replace(machine(name), source=Source("images", f"{name}/failback", "", 0, "", "raw")) for name in NAMES),
    tuple(Step(kind, group, name) for group, kind in ((1, TAKE), (2, CARRY)) for name in NAMES),
)
WHOLE = Taken("qcow2", 100, "a" * 128)


@dataclass
class Cloud(Ground):
    """Two machines stand, and their images come at once, unless it is said otherwise."""

    standing_machines: tuple[str, ...] = NAMES
    images: dict[str, Taken | Exception | None] = field(default_factory=dict)
    archive: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    abandoned: list[str] = field(default_factory=list)
    wanted: tuple[Desired, ...] = ()

    def apply(self, wanted: Manifest, purge: Iterable[str] = ()) -> bool:
        self.wanted = wanted.resources
        return super().apply(wanted, purge)

    def hosted(self) -> Mapping[str, Standing]:
        names = [f"machine-{name}" for name in self.standing_machines]
        return {name: Standing(Condition(State.READY), f"id of {name}") for name in names}

    def taken(self, platform: str, image: str) -> Taken | None:
        found = self.images.get(image.removeprefix("id of copy-"), WHOLE)
        if isinstance(found, Exception):
            raise found
        return found

    def collect(self, platform: str, image: str, to: Path, sha512: str) -> str:
        if self.error:
            raise self.error
        return sha512

    def store(self, archive: str, key: str, file: Path, sha512: str) -> None:
        if refusal := self.refusals.get(key.partition("/")[0]):
            raise refusal
        self.archive[key] = sha512

    def abandon(self, archive: str, key: str) -> None:
        self.abandoned.append(key)


def moment(ground: Cloud, place: int = 0, found: Findings | None = None) -> Moment:
    return Moment(COURSE, place, ground.now(), found or Findings({}, {}), ground)


def on(at: Moment) -> tuple[Answer, str]:
    return carry_on(at, EXPORT)


def through(ground: Cloud, at: Moment | None = None) -> tuple[Findings, str, str]:
    """What was found, the verdict and its reason, once there is only the last stage."""
    at = at or moment(ground)
    for _turn in range(30):
        answer, _trouble = on(at)
        if isinstance(answer, Judged):
            return answer.found, answer.verdict, answer.reason
        at = replace(at, found=answer.found)
        if isinstance(answer, Done):
            at = replace(at, place=at.place + 1, entered_at=ground.now())
        if at.stage.kind == CLEAN:
            return at.found, "passed", ""
    raise AssertionError(at)


def test_the_images_are_made_together_and_come_home_under_the_machines_names() -> None:
    ground = Cloud()
    found, verdict, _reason = through(ground)
    assert verdict == "passed"
    assert ground.archive == {"web/failback.qcow2": "a" * 128, "mail/failback.qcow2": "a" * 128}
    assert set(ground.rows) == {"copy-web", "copy-mail"}
    assert found.of("web").bytes == 100 and found.of("web").stored_at


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Taken("qcow2", LARGEST + 1, "a" * 128), "TooLarge"),
        (Taken("qcow2", 0, ""), "TaskFailed"),
        (PermanentError("x", reason="TaskFailed"), "TaskFailed"),
    ],
)
def test_an_image_that_is_too_large_or_did_not_come_is_told_and_the_other_comes_home(
    said: Taken | Exception, reason: str
) -> None:
    ground = Cloud(images={"web": said})
    found, verdict, why = through(ground)
    assert (verdict, why, found.of("web").left_out) == ("incomplete", reason, reason)
    assert list(ground.archive) == ["mail/failback.qcow2"]


def test_a_machine_that_is_gone_is_told_and_nothing_is_asked_for_it() -> None:
    ground = Cloud(standing_machines=("mail",))
    found, _verdict, _why = through(ground)
    assert found.of("web").left_out == "MachineGone"
    assert set(ground.rows) == {"copy-mail"}


@pytest.mark.parametrize("state", [State.FAILED, State.DRIFTED, State.BLOCKED])
def test_what_waits_for_a_person_is_left_out(state: State) -> None:
    ground = Cloud(said={"copy-web": Condition(state, "Vanished")})
    assert through(ground)[0].of("web").left_out == "Vanished"


def test_an_image_that_does_not_come_is_waited_for_and_then_given_up() -> None:
    ground = Cloud(images={"web": None})
    answer, _trouble = on(moment(ground))
    assert isinstance(answer, Again) and answer.found.of("mail").taken_at
    at = replace(moment(ground), found=answer.found)
    ground.time += timedelta(seconds=PATIENCE_S - 1)
    assert isinstance(on(at)[0], Again)
    ground.time += timedelta(seconds=2)
    answer, _trouble = on(at)
    assert isinstance(answer, Done) and answer.found.of("web").left_out == "TooSlow"


def test_a_platform_that_is_away_holds_up_its_own_machine_alone_and_is_named_after_an_hour() -> None:
    ground = Cloud(images={"web": PlatformDown("the cloud is away")})
    answer, trouble = on(moment(ground))
    assert isinstance(answer, Again) and trouble == "the cloud is away"
    assert answer.found.of("mail").taken_at and not answer.found.of("web").left_out
    at = replace(moment(ground), found=answer.found)
    ground.time += timedelta(seconds=PATIENCE_S + 1)
    answer, _trouble = on(at)
    assert isinstance(answer, Done) and answer.found.of("web").left_out == "PlatformUnavailable"


@pytest.mark.parametrize("reason", ["BackupServerAway", "PlatformUnavailable"])
def test_what_the_engine_waits_for_is_named_when_it_took_too_long(reason: str) -> None:
    ground = Cloud(said={"copy-web": Condition(State.BLOCKED, reason)}, images={"web": None})
    answer, _trouble = on(moment(ground))
    assert isinstance(answer, Again) and not answer.found.of("web").left_out
    at = replace(moment(ground), found=answer.found)
    ground.time += timedelta(seconds=PATIENCE_S + 1)
    answer, _trouble = on(at)
    assert isinstance(answer, Done) and answer.found.of("web").left_out == reason


def test_each_machine_is_imaged_in_the_way_of_its_platform() -> None:
    ground = Cloud()
    systems = {"web": "openstack", "mail": "proxmox"}
    both = replace(
        COURSE,
        place=Place({"openstack": "cloud", "proxmox": "cluster"}, "pu"),
        machines=tuple(replace(one, system=systems[one.name]) for one in COURSE.machines),
    )
    on(replace(moment(ground), course=both))
    asked = {one.name: (one.kind, one.platform, one.spec) for one in ground.wanted}
    assert asked == {
        "copy-web": ("openstack.server_image", "cloud", {"server": "id of machine-web"}),
        "copy-mail": ("proxmox.guest_backup", "cluster", {"guest": "id of machine-mail"}),
    }


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (PlatformDown("away"), "PlatformUnavailable"),
        (NotFound("away"), "ArchiveAway"),
        (OSError(28, "No space left on device"), "SpoolFull"),
    ],
)
def test_an_archive_that_is_away_is_tried_again_for_an_hour(refusal: Exception, reason: str) -> None:
    ground = Cloud(refusals={"web": refusal})
    at = moment(ground)
    while at.found.of("web").file == "":
        answer, _trouble = on(at)
        at = replace(at, found=answer.found, place=at.place + isinstance(answer, Done))
    answer, trouble = on(at)
    assert isinstance(answer, Again) and trouble and not answer.found.of("web").left_out
    ground.time += timedelta(seconds=PATIENCE_S + 1)
    answer, _trouble = on(at)
    assert answer.found.of("web").left_out == reason


def test_one_that_cannot_go_on_lets_the_others_pass() -> None:
    ground = Cloud(refusals={"web": PlatformDown("the archive is away")})
    at = replace(moment(ground), place=1, found=on(moment(ground))[0].found)
    for _turn in range(3):
        answer, trouble = on(at)
        at = replace(at, found=answer.found)
    assert list(ground.archive) == ["mail/failback.qcow2"] and trouble == "the archive is away"
    assert not at.found.of("web").left_out and not at.found.of("web").stored_at
    ground.refusals.clear()
    assert through(ground, at)[1] == "passed"


def test_what_is_refused_for_good_is_left_out_at_once_and_what_was_begun_is_abandoned() -> None:
    ground = Cloud(refusals={"web": PermanentError("full", reason="QuotaExceeded")})
    found, verdict, why = through(ground)
    assert (verdict, why) == ("incomplete", "QuotaExceeded")
    at = moment(ground, len(COURSE.stages) - 1, found)
    while not isinstance(on(at)[0], Done):
        pass
    assert ground.abandoned[-1] == "web/failback.qcow2" and "mail/failback.qcow2" not in ground.abandoned


def test_a_file_that_is_not_there_any_more_is_brought_again() -> None:
    ground = Cloud(refusals={"web": FileNotFoundError()})
    at = moment(ground)
    while at.found.of("web").file == "":
        answer, _trouble = on(at)
        at = replace(at, found=answer.found, place=at.place + isinstance(answer, Done))
    answer, _trouble = on(at)
    assert isinstance(answer, Again) and not answer.found.of("web").file
    ground.refusals.clear()
    assert through(ground, replace(at, found=answer.found))[1] == "passed"
