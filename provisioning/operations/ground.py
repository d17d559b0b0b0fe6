"""What the stages of an operation stand on: the engine, the archives and the machines, as far as they ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from provisioning.domain.conditions import Condition
from provisioning.domain.course import Source
from provisioning.domain.manifest import Manifest


@dataclass(frozen=True)
class Size:
    """A flavor; `disk_gib` 0 takes any image."""

    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int


@dataclass(frozen=True)
class Store:
    """A storage that all of Proxmox has. `takes`: `images` (disks of guests), `import`. `free` in bytes."""

    name: str
    takes: frozenset[str]
    free: int


@dataclass(frozen=True)
class Ended:
    """A command inside a machine: how, and what it wrote."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Taken:
    """An image of a machine, whole. `form` in the platform's word (qcow2, raw); `sha512` "" where it took none."""

    form: str
    bytes: int
    sha512: str


@dataclass(frozen=True)
class Standing:
    """One resource of the operation's stack."""

    condition: Condition
    external_id: str


class Ground(Protocol):
    """Given by the services. Every method may raise ProviderError, and `fetch` and `apply` what they say."""

    def now(self) -> str:
        """In RFC 3339."""
        ...

    def apply(self, wanted: Manifest, purge: Iterable[str] = ()) -> bool:
        """True once this manifest is approved; False while the stack is at work on the one before."""
        ...

    def standing(self) -> Mapping[str, Standing]:
        """What there is, by name; what is gone is left out."""
        ...

    def hosted(self) -> Mapping[str, Standing]:
        """The same of the stack within which the operation is."""
        ...

    def sizes(self, platform: str) -> list[Size]:
        """What the platform offers."""
        ...

    def stores(self, platform: str) -> list[Store]:
        """Where the platform keeps images and disks."""
        ...

    def copies(self, platform: str) -> bool:
        """Images of machines that stand can be made there: the region file says how, where that has to be said."""
        ...

    def answers(self, platform: str, machine_id: str) -> bool:
        """Asked now: the agent inside the machine is there."""
        ...

    def execute(self, platform: str, machine_id: str, command: Sequence[str]) -> int:
        """Start it inside the machine; its number. TemporaryError NobodyAnswers when the agent is not there."""
        ...

    def executed(self, platform: str, machine_id: str, number: int) -> Ended | None:
        """None while it runs."""
        ...

    def console(self, platform: str, machine_id: str, lines: int) -> str:
        """The last lines that a machine wrote."""
        ...

    def retry(self) -> None:
        """What waits for a person in the operation's own stack is tried again: nobody looks after it."""
        ...

    def runs(self, platform: str, machine_id: str) -> bool:
        """Asked now: the machine is switched on."""
        ...

    def is_down(self, platform: str, site: str) -> bool:
        """Whether the platform, asked now, says that nothing runs at that site."""
        ...

    def fetch(self, source: Source, to: Path) -> None:
        """The image, whole and with its sum. NotFound when it is no longer there."""
        ...

    def taken(self, platform: str, image: str) -> Taken | None:
        """None while its content comes. PermanentError when none will come."""
        ...

    def collect(self, platform: str, image: str, to: Path, sha512: str) -> str:
        """The image, whole, and its SHA-512; PermanentError where it is not the given one ("" is any)."""
        ...

    def store(self, archive: str, key: str, file: Path, sha512: str) -> None:
        """Put into the host's archive once, however often it is asked; the file is gone afterwards. NotFound when
        the archive cannot be reached, FileNotFoundError when there is neither object nor file.
        """
        ...

    def abandon(self, archive: str, key: str) -> None:
        """What was begun to be put there, and not ended, goes."""
        ...

    def folder(self) -> Path:
        """For the files of this operation alone; made when it is first asked for."""
        ...

    def forget_folder(self) -> None:
        """With all that is in it."""
        ...
