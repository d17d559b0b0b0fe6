"""What calls and tasks work on, and one call on its way to its function."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.proxmox.clock import Clock
from lab.proxmox.errors import died
from lab.proxmox.kept import Kept
from lab.proxmox.permissions import Who
from lab.proxmox.state import Data, State
from lab.proxmox.tasks import Tasks
from lab.proxmox.web import Request


@dataclass
class World:
    """One product's state with its clock and tasks; `other` is the Backup Server that lives beside, if any.
    `inhabited`: a guest whose disk boots has a system with an agent in it. `kept`: what is on the disks.
    """

    state: State
    clock: Clock
    tasks: Tasks
    dice: random.Random = field(default_factory=random.Random)
    other: "World | None" = None
    inhabited: bool = False
    kept: Kept = field(default_factory=Kept)

    def vm(self, vmid: object) -> Data:
        """One guest; died as the real API does for a configuration that is not there."""
        found: Data | None = self.state["vms"].get(str(vmid))
        if found is None:
            node = next(iter(self.state["nodes"]))
            raise died(f"Configuration file 'nodes/{node}/qemu-server/{vmid}.conf' does not exist")
        return found

    def pool_of(self, vmid: object) -> str:
        return next((name for name, pool in self.state["pools"].items() if str(vmid) in pool["vms"]), "")


@dataclass
class Call:
    """`given` is what was asked, checked where there is a schema. Values may be text or typed: read by kind."""

    world: World
    request: Request
    who: Who | None
    given: Data
    in_path: dict[str, str]

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def tasks(self) -> Tasks:
        return self.world.tasks

    @property
    def caller(self) -> Who:
        """Who calls, on a route that nobody reaches anonymously."""
        assert self.who is not None
        return self.who

    @property
    def node(self) -> str:
        return self.text("node") or next(iter(self.state["nodes"]))

    @property
    def vm(self) -> Data:
        return self.world.vm(self.text("vmid"))

    def text(self, name: str, default: str = "") -> str:
        value = self.given.get(name, self.in_path.get(name))
        return default if value is None else str(value)

    def whole(self, name: str, default: int = 0) -> int:
        return int(self.text(name) or default)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name)
        return default if not value else value.lower() in ("1", "on", "yes", "true")

    def has(self, name: str) -> bool:
        return name in self.given

    def many(self, name: str) -> list[str]:
        """An array, or a list in one text."""
        value = self.given.get(name)
        if isinstance(value, list):
            return [str(one) for one in value]
        return [one for one in str(value or "").replace(";", ",").replace(" ", ",").split(",") if one]

    def without(self, *names: str) -> Data:
        """What was given but these, and but what the address says."""
        return {key: value for key, value in self.given.items() if key not in {*names, *self.in_path}}

    def need_digest(self, have: str) -> None:
        if self.has("digest") and self.text("digest") != have:
            raise died("checksum mismatch (file change by other user?)")


@dataclass(frozen=True)
class Answer:
    """What a function gives beside plain data: more top-level members, a delay, or bytes and no JSON at all."""

    data: Any = None
    more: Data = field(default_factory=dict)
    after_s: float = 0
    stream: Iterator[bytes] | None = None
