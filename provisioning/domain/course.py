"""The course of an operation: what it does, in which order, frozen when it was asked for. Pure.

Stages come from the steps of a recovery plan: what stands together in a group is done together. Bringing the images
is always the first stage, and removing everything always the last: that one comes whatever happened before. An
export has two stages of its own before that: images of the machines as they are, and their way into the archive.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final

IMAGES: Final = "images"
PAUSE: Final = "pause"
PEOPLE: Final = "people"
START: Final = "start"
CHECK: Final = "check"
CLEAN: Final = "clean"
# Of a failover: the machines of a group stand in the town's own place, and are watched until they answer.
WATCH: Final = "watch"
# Of an export: an image is made of each machine that stands; then each is brought, and put into the archive.
TAKE: Final = "take"
CARRY: Final = "carry"

# Bytes of an image that a worker carries. All of it passes its disk; an archive takes 156 GiB from it, in parts.
LARGEST: Final = 128 << 30


def image_of(machine: str) -> str:
    """The resource that is its image."""
    return f"image-{machine}"


def plug_of(machine: str) -> str:
    """The resource that is its network card."""
    return f"plug-{machine}"


def copy_of(machine: str) -> str:
    """The resource that is an image of the machine as it is now."""
    return f"copy-{machine}"


def server_of(machine: str) -> str:
    """The resource that is the machine."""
    return f"machine-{machine}"


@dataclass(frozen=True)
class Source:
    """Where a machine's image lies: a version of an object of an archive, `bytes` long, with its SHA-512. Of an
    export: where it will lie, without the ending of its name; nothing else is known yet.
    """

    archive: str
    key: str
    version: str
    bytes: int
    sha512: str
    form: str


@dataclass(frozen=True)
class Machine:
    """What starts. `system`: openstack or proxmox. `ram_mib` in MiB (2^20), `disk_gib` in GiB (2^30)."""

    name: str
    system: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    source: Source


@dataclass(frozen=True)
class Step:
    """One thing to do, in its turn; what a step does not use is empty. `kind`: pause (`seconds`), people (`text`,
    `who`), start (`machine`), or check (`machine`, the check's own kind in `check`, within `seconds`; `text` of a
    console, `port` and `path` of what listens). `group` counts from 1.
    """

    kind: str
    group: int
    machine: str = ""
    seconds: int = 0
    text: str = ""
    who: str = ""
    check: str = ""
    port: int = 0
    path: str = "/"


@dataclass(frozen=True)
class Place:
    """Where machines start: the platform, by system; its zone, "" where it has one alone; the town's project on
    OpenStack and its pool on Proxmox.
    """

    platforms: Mapping[str, str]
    site: str
    zone: str = ""
    project: str = ""
    pool: str = ""


@dataclass(frozen=True)
class Stage:
    """Steps of one kind and group that are done together."""

    kind: str
    group: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Course:
    """The whole. `lan` is a private /24 that the machines share with nobody, on each system by itself. `real`: a
    failover, whose machines are the host's own and stay.
    """

    lan: str
    place: Place
    machines: tuple[Machine, ...]
    steps: tuple[Step, ...]
    real: bool = False

    def as_json(self) -> dict[str, Any]:
        """The stored form; `parse` reads it back."""
        return asdict(self) | {
            "machines": [asdict(m) for m in self.machines],
            "steps": list(map(asdict, self.steps)),
        }

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Course":
        """What `as_json` wrote."""
        machines = tuple(Machine(**{**one, "source": Source(**one["source"])}) for one in data["machines"])
        steps = tuple(Step(**step) for step in data["steps"])
        return cls(data["lan"], Place(**data["place"]), machines, steps, bool(data.get("real")))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """In order."""
        between = [
            Stage(kind, group, tuple(steps))
            for (group, kind), steps in groupby(self.steps, key=lambda step: (step.group, step.kind))
        ]
        return (*(() if self.exports else (Stage(IMAGES),)), *between, Stage(CLEAN))

    @property
    def exports(self) -> bool:
        """Nothing starts: what stands is brought home."""
        return any(step.kind == TAKE for step in self.steps)

    def machine(self, name: str) -> Machine:
        """By its name; KeyError."""
        return {one.name: one for one in self.machines}[name]

    def on(self, system: str) -> list[Machine]:
        """Those that start there, in boot order."""
        return [one for one in self.machines if one.system == system]

    def platform_of(self, machine: str) -> str:
        """Where it starts."""
        return self.place.platforms[self.machine(machine).system]

    def started_by(self, place: int) -> list[Machine]:
        """Those that run once the stage of that place is done, in boot order."""
        started = [
            step.machine for stage in self.stages[: place + 1] if stage.kind == START for step in stage.steps
        ]
        return [self.machine(name) for name in started]
