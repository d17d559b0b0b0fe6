"""Where an operation is, and what one look at a stage may answer."""

from dataclasses import dataclass
from typing import Final

from provisioning.domain import course as parts
from provisioning.domain.course import Course, Stage
from provisioning.domain.findings import Findings, seconds_between
from provisioning.operations.ground import Ground

# A platform that is asked for room or for an import and says nothing for so long could not test.
PATIENCE_S: Final = {parts.IMAGES: 3600, parts.START: 900}
# Bytes a second, of all machines' images together. Assumption: who is slower than this is not getting there.
SLOWEST: Final = 10 << 20
# Until the next look.
LOOK_AGAIN_S: Final = 1.0


@dataclass(frozen=True)
class Moment:
    """Where an operation is, since when, what it found so far, and what it stands on."""

    course: Course
    place: int
    entered_at: str
    found: Findings
    ground: Ground

    @property
    def stage(self) -> Stage:
        """The present one."""
        return self.course.stages[self.place]

    def waited_s(self) -> int:
        """Seconds at this stage; while images are brought, since the last of them came."""
        since = max([self.entered_at, *(one.brought_at for one in self.found.machines.values())])
        begun = since if self.stage.kind == parts.IMAGES else self.entered_at
        return seconds_between(begun, self.ground.now()) or 0

    def patience_s(self) -> int:
        """How long a platform may keep it waiting; a check has its own time besides."""
        of_bytes = sum(machine.source.bytes for machine in self.course.machines) // SLOWEST
        steps = max([step.seconds for step in self.stage.steps], default=0)
        return PATIENCE_S.get(self.stage.kind, 900) + steps + (of_bytes if self.stage.kind == parts.IMAGES else 0)


@dataclass(frozen=True)
class Again:
    """Not done: look again in so many seconds. `trouble`: what is in the way, told as it stands."""

    seconds: float
    found: Findings
    trouble: str = ""


@dataclass(frozen=True)
class Done:
    """On to the next stage."""

    found: Findings


@dataclass(frozen=True)
class Judged:
    """There is nothing more to try. `verdict`: backup_bad or not_tested; `reason` is CamelCase and stable; `about`:
    the machine at fault, where it is one.
    """

    verdict: str
    reason: str
    message: str
    found: Findings
    about: str = ""


Answer = Again | Done | Judged
