"""What every system of the lab looks like from outside, so that one command line serves them all."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

# Assumption: 512 GiB of *sparse* file an OSD is more than any test or demo writes (a file grows only as it
# is written), and large enough that the capacity rows of a demo do not run out at the second request.
DEFAULT_OSD_GIB = 512


class LabError(Exception):
    """Something that a person has to put right; the message is the whole sentence shown to them."""


class State(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"  # it runs, and something in it does not (a site is down, a process is frozen)
    STOPPED = "stopped"  # nothing runs, the data are kept
    ABSENT = "absent"  # nothing was ever made here


@dataclass(frozen=True)
class Status:
    """`message` is one line for a person; `url` is empty when nothing answers."""

    state: State
    message: str
    url: str = ""


@dataclass(frozen=True)
class Options:
    """What the command line can ask of a system; a system ignores what is not about it.

    `base` is the folder of the whole lab (region.yaml goes there), `folder` the system's own below it.
    `fast_day_s` is how many seconds stand for a day in lifecycle rules; None leaves real days.
    `osd_gib` is the size of each OSD's sparse file, in GiB (2^30 bytes).
    """

    base: Path
    folder: Path
    fast_day_s: int | None = None
    osd_gib: int = DEFAULT_OSD_GIB


class System(Protocol):
    """Made with `Options`; every verb may be repeated, and ends as meant or raises `LabError`."""

    def up(self) -> None:
        """From nothing, or from what is there, to healthy."""

    def start(self) -> None:
        """Again after `down(keep=True)`; refuses when nothing was ever made here."""

    def status(self) -> Status: ...

    def down(self, *, keep: bool) -> None:
        """Ends every process it started; removes the folder unless `keep`."""
