"""The stages of an operation, step by step, on a ground that is a dict: every order of events, in no time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioning.domain.conditions import Condition, State
from provisioning.domain.course import (
    CHECK,
    CLEAN,
    IMAGES,
    PAUSE,
    PEOPLE,
    START,
    Course,
    Machine,
    Place,
    Source,
    Step,
)
from provisioning.domain.errors import NotFound, PermanentError, PlatformDown, TemporaryError
from provisioning.domain.findings import Findings, seconds_between
from provisioning.domain.manifest import Manifest
from provisioning.operations.ground import Ended, Size, Standing, Store
from provisioning.operations.moment import Again, Answer, Done, Judged, Moment
from provisioning.operations.stages import carry_on, fitting, roomiest

SOURCE = Source("images", "web/disk.raw", "v1", 1, "0" * 128, "raw")


def machine(name: str, vcpus: int = 1, system: str = "openstack") -> Machine:
    return Machine(name, system, vcpus, 256, 1, SOURCE)


COURSE = Course(
    "192.168.1.0/24",
    Place({"openstack": "cloud"}, "pu"),
    (machine("dns"), machine("web")),
    (
        Step("start", 1, "dns"),
        Step("check", 1, "dns", 60, "login:", check="console"),
        Step("pause", 2, seconds=30),
        Step("people", 2, text="Call the provider.", who="authority"),
        Step("start", 2, "web"),
        Step("check", 2, "web", 60, "login:", check="console"),
    ),
)


# First an old server on Proxmox, then what needs it on OpenStack.
HYBRID: Course = replace(
    COURSE,
    place=Place({"openstack": "cloud", "proxmox": "cluster"}, "pu", pool="town"),
    machines=(machine("files", system="proxmox"), machine("web")),
    steps=(
        Step("start", 1, "files"),
        Step("check", 1, "files", 60, check="agent"),
        Step("start", 2, "web"),
        Step("check", 2, "web", 60, "login:", check="console"),
    ),
)


@dataclass
class Ground:
    """Whatever is wanted stands at once, unless `said` says otherwise of it."""

    time: datetime = datetime(2026, 11, 23, tzinfo=UTC)
    rows: dict[str, Standing] = field(default_factory=dict)
    said: dict[str, Condition] = field(default_factory=dict)
    busy: bool = False
    consoles: dict[str, str] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    programs: dict[str, Ended | None] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    forgets: bool = False
    free: int = 1 << 40
    down: bool = False
    off: bool = False
    retried: int = 0
    error: Exception | None = None
    purged: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def now(self) -> str:
        return self.time.isoformat()

    def apply(self, wanted: Manifest, purge: Iterable[str] = ()) -> bool:
        if not self.busy:
            self.purged += purge
            names = [one.name for one in wanted.resources]
            self.rows = {n: Standing(self.said.get(n, Condition(State.READY)), f"id of {n}") for n in names}
        return not self.busy

    def standing(self) -> Mapping[str, Standing]:
        return self.rows

    def sizes(self, platform: str) -> list[Size]:
        return [Size("large", 4, 4096, 40), Size("small", 1, 256, 0)]

    def stores(self, platform: str) -> list[Store]:
        return [Store("disks", frozenset({"images"}), self.free), Store("images", frozenset({"import"}), self.free)]

    def copies(self, platform: str) -> bool:
        return True

    def answers(self, platform: str, machine_id: str) -> bool:
        if self.error:
            raise self.error
        self.asked.append(machine_id.removeprefix("id of machine-"))
        return self.asked[-1] in self.agents

    def execute(self, platform: str, machine_id: str, command: Sequence[str]) -> int:
        if not self.answers(platform, machine_id):
            raise TemporaryError("nobody", reason="NobodyAnswers")
        if command[0] not in self.programs:
            raise PermanentError(f"no {command[0]} here")
        self.commands.append(" ".join(command))
        return len(self.commands)

    def executed(self, platform: str, machine_id: str, number: int) -> Ended | None:
        if number != len(self.commands) or self.forgets:
            raise PermanentError(f"no number {number}")
        return self.programs[self.commands[-1].split()[0]]

    def console(self, platform: str, machine_id: str, lines: int) -> str:
        if self.error:
            raise self.error
        return self.consoles.get(machine_id.removeprefix("id of machine-"), "")

    def runs(self, platform: str, machine_id: str) -> bool:
        return not self.off

    def retry(self) -> None:
        self.retried += 1

    def is_down(self, platform: str, site: str) -> bool:
        return self.down

    def fetch(self, source: Source, to: Path) -> None:
        if self.error:
            raise self.error
        self.fetched.append(to.name)

    def folder(self) -> Path:
        return Path("/spool")

    def forget_folder(self) -> None:
        self.fetched.clear()


@dataclass
class Run:
    """An operation that somebody carries on by hand."""

    ground: Ground = field(default_factory=Ground)
    course: Course = COURSE
    place: int = 0
    entered: str = ""
    found: Findings = field(default_factory=lambda: Findings({}, {}))

    def step(self) -> Answer:
        self.entered = self.entered or self.ground.now()
        answer, _trouble = carry_on(Moment(self.course, self.place, self.entered, self.found, self.ground))
        self.found = answer.found
        if isinstance(answer, Done):
            self.place, self.entered = self.place + 1, self.ground.now()
        return answer

    def to(self, kind: str, group: int = 0) -> "Run":
        while (self.course.stages[self.place].kind, self.course.stages[self.place].group) != (kind, group):
            answer = self.step()
            assert not isinstance(answer, Judged), answer
            if isinstance(answer, Again) and answer.seconds:
                self.ground.time += timedelta(seconds=answer.seconds)
        return self

    def later(self, **time: float) -> "Run":
        self.ground.time += timedelta(**time)
        return self


def answering(*names: str) -> Ground:
    return Ground(consoles=dict.fromkeys(names, "Debian\nlogin: "))


def test_a_course_comes_back_from_its_stored_form_and_has_its_stages_in_order() -> None:
    assert Course.parse(COURSE.as_json()) == COURSE
    kinds = [(stage.kind, stage.group) for stage in COURSE.stages]
    between = [(START, 1), (CHECK, 1), (PAUSE, 2), (PEOPLE, 2), (START, 2), (CHECK, 2)]
    assert kinds == [(IMAGES, 0), *between, (CLEAN, 0)]


def test_the_size_is_exact_and_its_disk_large_enough() -> None:
    exact = [Size("b", 2, 256, 10), Size("a", 2, 256, 10), Size("none", 2, 256, 0)]
    others = [Size("huge", 64, 1 << 20, 0), Size("tiny", 2, 128, 0)]
    assert fitting(machine("web", 2), [*others, *exact]) == exact[2]
    assert fitting(machine("web", 2), [*others, *exact[:2]]) == exact[1]
    assert fitting(machine("web", 65), [*others, *exact]) is None


def test_groups_wait_for_those_before_for_the_pause_and_for_people() -> None:
    run = Run(answering("dns")).to(PAUSE, 2)
    assert "machine-dns" in run.ground.rows and "machine-web" not in run.ground.rows
    assert isinstance(run.later(seconds=29).step(), Again)
    assert isinstance(run.later(seconds=2).step(), Done)
    assert isinstance(run.later(hours=3).step(), Again)  # nobody has called yet
    run.found = Findings(run.found.machines, {"3": {"at": run.ground.now(), "by": "A. Rossi"}})
    assert isinstance(run.step(), Done)
    run.ground.consoles["web"] = "login:"
    run.to(CLEAN)
    dns, web = run.found.of("dns"), run.found.of("web")
    assert dns.answered_at < web.asked_at and (seconds_between(dns.asked_at, web.answered_at) or 0) > 3 * 3600


def test_nothing_is_left_in_the_end() -> None:
    run = Run(answering("dns", "web"), found=Findings({}, {"3": {"at": "", "by": ""}})).to(CLEAN)
    assert isinstance(run.step(), Again)
    assert isinstance(run.step(), Done)
    assert not run.ground.rows and not run.ground.fetched and "machine-web" in run.ground.purged


@pytest.mark.parametrize(
    ("name", "reason", "verdict"),
    [
        ("image-web", "ImageRefused", "backup_bad"),
        ("image-web", "ContentDiffers", "backup_bad"),
        ("image-web", "TooLarge", "not_tested"),
        ("lan", "QuotaExceeded", "not_tested"),
        ("access", "Forbidden", "not_tested"),
    ],
)
def test_only_the_image_itself_makes_a_bad_backup(name: str, reason: str, verdict: str) -> None:
    run = Run(Ground(said={name: Condition(State.FAILED, reason, "Words.")}))
    run.step(), run.step()
    judged = run.step()
    assert isinstance(judged, Judged)
    assert (judged.verdict, judged.reason) == (verdict, reason)


def test_an_image_that_is_gone_or_changed_underway_is_told_apart() -> None:
    gone = Run(Ground(error=PermanentError("no such version", reason="NotThere"))).step()
    assert isinstance(gone, Judged) and (gone.verdict, gone.reason) == ("not_tested", "ImageGone")
    assert gone.about == "dns"
    other = Run(Ground(error=PermanentError("other bytes", reason="ContentDiffers"))).step()
    assert isinstance(other, Judged) and other.verdict == "backup_bad"


@pytest.mark.parametrize("error", [NotFound("out of reach"), OSError(28, "No space left on device")])
def test_an_archive_out_of_reach_and_a_full_disk_are_waited_for(error: Exception) -> None:
    run = Run(Ground(error=error))
    assert isinstance(run.step(), Again)
    judged = run.later(hours=2).step()
    assert isinstance(judged, Judged) and judged.verdict == "not_tested"


def test_a_text_that_scrolled_by_still_counts_and_the_last_lines_are_kept() -> None:
    run = Run(Ground(consoles={"dns": "login:\n" + "noise\n" * 500})).to(CHECK, 1)
    assert isinstance(run.step(), Done)
    assert run.found.of("dns").console == "\n".join(["noise"] * 60)


def test_a_check_without_a_text_never_passes() -> None:
    steps = (Step("start", 1, "dns"), Step("check", 1, "dns", 60, "", check="agent"))
    run = Run(answering("dns"), course=replace(COURSE, steps=steps)).to(CHECK, 1)
    assert isinstance(run.step(), Again)


def test_a_platform_that_is_silent_is_waited_for_and_then_could_not_test() -> None:
    run = Run(answering()).to(CHECK, 1)
    run.ground.error = PlatformDown("no answer")
    assert isinstance(run.step(), Again)
    judged = run.later(hours=1).step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "PlatformUnavailable")


def test_a_platform_that_never_gets_ready_could_not_test() -> None:
    run = Run(Ground(said={"lan": Condition(State.PROGRESSING)})).to(IMAGES)
    run.step(), run.step()
    assert isinstance(run.step(), Again)
    judged = run.later(hours=2).step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "TooSlow")


def test_a_silent_machine_is_a_bad_backup_unless_its_site_is_down() -> None:
    run = Run(answering()).to(CHECK, 1)
    assert isinstance(run.later(seconds=59).step(), Again)
    judged = run.later(seconds=5).step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("backup_bad", "NoAnswer")
    run.ground.off = True
    judged = run.step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "SwitchedOff")
    run.ground.down = True
    judged = run.step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "SiteDown")


def test_a_machine_that_vanished_says_nothing_about_the_backup() -> None:
    run = Run(answering()).to(CHECK, 1)
    del run.ground.rows["machine-dns"]
    judged = run.step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "Vanished")


def test_cleaning_up_never_gives_up() -> None:
    run = Run(answering("dns"), place=len(COURSE.stages) - 1)
    run.ground.rows = {"lan": Standing(Condition(State.BLOCKED, "NotEmpty"), "id")}
    run.ground.busy = True
    for _hour in range(50):
        assert isinstance(run.later(hours=1).step(), Again)
    run.ground.busy = False
    assert isinstance(run.step(), Again) and run.ground.retried == 1
    assert isinstance(run.step(), Done)


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (Condition(State.PROGRESSING, "Deleting", "It is being removed, as approved."), ""),
        (Condition(State.PENDING), ""),
        (Condition(State.PROGRESSING, "PlatformBusy", "The platform is busy."), "The platform is busy."),
        (
            Condition(State.FAILED, "Forbidden", "The credentials do not allow it."),
            "The credentials do not allow it.",
        ),
    ],
)
def test_while_cleaning_is_held_up_it_is_told_why(standing: Condition, told: str) -> None:
    run = Run(answering("dns"), place=len(COURSE.stages) - 1)
    run.ground.rows = {"people": Standing(standing, "id")}
    answer, trouble = carry_on(Moment(run.course, run.place, run.entered, run.found, run.ground))
    assert isinstance(answer, Again)
    assert trouble == told


def test_machines_on_both_systems_are_one_line_of_groups() -> None:
    run = Run(answering("web"), course=HYBRID).to(CHECK, 1)
    assert {"guests-lan", "lan", "image-files", "image-web", "machine-files"} <= set(run.ground.rows)
    assert isinstance(run.step(), Again) and "machine-web" not in run.ground.rows
    run.ground.agents.add("files")
    run.to(CLEAN)
    files, web = run.found.of("files"), run.found.of("web")
    assert files.answered_at <= web.asked_at and files.stores == "images disks" and web.size == "small"
    assert isinstance(run.step(), Again) and isinstance(run.step(), Done)
    assert not run.ground.rows


def test_a_course_on_one_system_asks_nothing_of_the_other() -> None:
    alone = replace(HYBRID, machines=HYBRID.machines[:1], steps=HYBRID.steps[:2])
    run = Run(Ground(agents={"files"}), course=alone).to(CHECK, 1)
    assert set(run.ground.rows) == {"guests-lan", "image-files", "machine-files"}


def test_a_storage_has_room_and_takes_what_is_put_there() -> None:
    stores = [
        Store("a", frozenset({"images"}), 10),
        Store("b", frozenset({"import"}), 99),
        Store("c", frozenset({"images"}), 20),
    ]
    assert roomiest(stores, "images", 5) == stores[2]
    assert roomiest(stores, "images", 21) is None
    judged = Run(Ground(free=2**29), course=HYBRID)
    judged.step(), judged.step()
    said = judged.step()
    assert isinstance(said, Judged) and (said.verdict, said.reason, said.about) == (
        "not_tested",
        "NoStore",
        "files",
    )


def test_a_silent_agent_is_a_bad_backup_unless_the_machine_is_gone_or_off() -> None:
    run = Run(Ground(), course=HYBRID).to(CHECK, 1)
    judged = run.later(seconds=65).step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("backup_bad", "AgentSilent")
    run.ground.off = True
    judged = run.step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "SwitchedOff")
    run.ground.error = PermanentError("no such guest", reason="NotThere")
    judged = run.step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "Vanished")


def test_of_many_silent_machines_some_are_asked_at_a_time_and_each_in_its_turn() -> None:
    """An agent that is not there takes three seconds, and a claim ends after a minute."""
    names = [f"old-{number:02d}" for number in range(20)]
    steps = [Step("start", 1, name) for name in names]
    steps += [Step("check", 1, name, 600, check="agent") for name in names]
    many = tuple(machine(name, system="proxmox") for name in names)
    run = Run(Ground(), course=replace(HYBRID, machines=many, steps=tuple(steps))).to(CHECK, 1)
    for _look in range(3):
        run.ground.asked.clear()
        run.later(seconds=1).step()
        assert len(run.ground.asked) <= 8
    assert {name for name in names if run.found.of(name).looked_at} == set(names)


PORT = Step("check", 1, "files", 60, check="tcp", port=5432)
PAGE = Step("check", 1, "files", 90, check="http", port=80, path="/login")
OPEN, CLOSED = Ended(28, "0.000119", ""), Ended(7, "0.000000", "Connection refused")


def asking(*checks: Step, **programs: Ended | None) -> Run:
    """A machine with an agent and these programs, where these checks are asked."""
    alone = replace(HYBRID, machines=HYBRID.machines[:1], steps=(HYBRID.steps[0], *checks))
    return Run(Ground(agents={"files"}, programs=programs), course=alone).to(CHECK, 1)


def test_a_port_and_a_page_are_asked_inside_one_after_the_other_the_most_urgent_first() -> None:
    run = asking(PAGE, PORT, HYBRID.steps[1], curl=OPEN)
    assert isinstance(run.step(), Again) and len(run.ground.commands) == 1
    assert run.ground.commands[0].endswith("telnet://127.0.0.1:5432")
    assert isinstance(run.step(), Again)
    assert run.ground.commands[1].endswith("http://127.0.0.1:80/login")
    run.ground.programs["curl"] = Ended(0, "<html>", "")
    assert isinstance(run.step(), Done)
    assert run.found.of("files").answered_at
    assert run.found.of("files").console.splitlines() == ["tcp 5432: ok", "agent: ok", "http 80 /login: ok"]


def test_what_is_closed_is_asked_again_until_its_time_is_over() -> None:
    run = asking(PORT, curl=CLOSED)
    for _look in range(4):
        assert isinstance(run.later(seconds=10).step(), Again)
    assert len(run.ground.commands) == 2
    judged = run.later(seconds=120).step()
    assert isinstance(judged, Again | Judged)
    judged = judged if isinstance(judged, Judged) else run.later(seconds=60).step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("backup_bad", "PortClosed")
    assert run.found.of("files").console == "tcp 5432: exit code 7, Connection refused"


def test_a_command_that_runs_is_heard_to_its_end() -> None:
    run = asking(PORT, curl=None)
    assert isinstance(run.step(), Again)
    assert isinstance(run.later(seconds=70).step(), Again)
    run.ground.programs["curl"] = OPEN
    assert isinstance(run.step(), Done)


def test_a_missing_page_and_a_silent_agent_have_their_own_words() -> None:
    judged = asking(PAGE, curl=Ended(22, "", "404"))
    judged.step(), judged.step()
    said = judged.later(seconds=200).step()
    said = said if isinstance(said, Judged) else judged.later(seconds=200).step()
    assert isinstance(said, Judged) and said.reason == "PageMissing"
    deaf = asking(PORT, curl=OPEN)
    deaf.ground.agents.clear()
    said = deaf.later(seconds=70).step()
    assert isinstance(said, Judged) and (said.verdict, said.reason) == ("backup_bad", "AgentSilent")


def test_another_program_asks_where_one_is_missing_or_cannot() -> None:
    run = asking(PORT, bash=Ended(0, "", ""))
    for _look in range(2):
        assert isinstance(run.step(), Again)
    assert run.ground.commands[0].startswith("bash -c ")
    assert isinstance(run.step(), Done)
    run = asking(PORT, curl=Ended(1, "0.000000", "unsupported"), bash=Ended(0, "", ""))
    for _look in range(3):
        assert isinstance(run.step(), Again)
    assert isinstance(run.step(), Done)


def test_where_nothing_can_ask_nothing_is_said_about_the_backup() -> None:
    run = asking(PORT, vim=OPEN)
    assert isinstance(run.step(), Again)
    judged = run.step()
    assert isinstance(judged, Judged) and (judged.verdict, judged.reason) == ("not_tested", "CannotAsk")


def test_an_answer_that_was_told_to_somebody_who_died_is_asked_for_anew() -> None:
    run = asking(PORT, curl=OPEN)
    run.step()
    run.ground.forgets = True
    assert isinstance(run.step(), Again)
    run.ground.forgets = False
    assert isinstance(run.step(), Again)
    assert isinstance(run.step(), Done) and len(run.ground.commands) == 2
