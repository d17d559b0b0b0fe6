"""The 660 exchanges with a real Proxmox VE 9.2.11, and what must be known to play them again.

Everything here is literal, with its reason: the recording masks secrets, was partly made by several at once, and
its machine lacked one thing that a real one has.
"""

import json
import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from lab.proxmox import schema

Place = tuple[str, int]

# Chronological: the UPIDs say when each was. t10 began on an empty machine.
SCENARIOS = ("t2", "t3", "t5", "t6", "t7", "t8", "t9", "t10")
FRESH_BEFORE = ("t2", "t10")
COUNT = 660

# Several callers at once, recorded as they were answered; here one after the other as they were asked.
EARLIER: dict[Place, Place] = {
    ("t5", 46): ("t5", 45),  # 102 was taken before somebody else was told that 103 is next
    ("t5", 50): ("t5", 48),  # 103 the same
    ("t10", 12): ("t10", 11),  # the one of four that got VMID 100, before the three that did not
}

# A secret that is not the right one; the recording shows the answer only.
WRONG_SECRET: frozenset[Place] = frozenset({("t2", 18)})
NO_CSRF: frozenset[Place] = frozenset({("t6", 139)})

# The recorded machine's QEMU knew no savevm: these snapshots of a running guest end so here because we ask for it.
ASKED_TO_FAIL: dict[Place, dict[str, str]] = {
    place: {
        "type": "qmsnapshot",
        "id": "110",
        "text": "VM 110 qmp command 'query-savevm' failed - The command query-savevm has not been found",
    }
    for place in (("t3", 27), ("t5", 65))
}

# Answers that are not the product's behaviour (README.md of the data); their status and words are compared.
NOT_THE_PRODUCTS: dict[Place, str] = {
    ("t3", 37): "two log lines of the QEMU without savevm",
}

# Answers that the emulator gives in the same shape, and not with the same figures or members.
OTHERWISE: dict[Place, str] = {
    ("t5", 126): "the emulator measures nothing: the times are there, the figures are not",
    ("t9", 84): "another machine: cores, memory, kernel",
    ("t9", 85): "a zone that was applied three seconds before was not yet listed",
}

# The bodies of uploads were not recorded, their lengths were: the rest is the form around them.
UPLOADS: dict[Place, dict[str, Any]] = {
    ("t6", 151): {"content": "iso", "name": "x.iso", "size": 100_000},
    ("t9", 87): {"content": "import", "name": "up.qcow2", "size": 196_616},
}


@dataclass(frozen=True)
class Exchange:
    scenario: str
    number: int
    method: str
    url: str
    auth: str
    authid: str
    body: str
    status: int
    reason: str
    answer: Any = field(repr=False, default=None)

    @property
    def place(self) -> Place:
        return self.scenario, self.number

    @property
    def path(self) -> str:
        return self.url.removeprefix("/api2/json").partition("?")[0]

    @property
    def id(self) -> str:
        return f"{self.scenario}-{self.number}-{self.method}-{self.path}".replace("/", ".")[:90]


def data_needed() -> bool:
    """Whether the Proxmox project's files are here; a build without them is no build, so it fails."""
    here = schema.data_folder() is not None
    if not here and os.environ.get("MCLOUD_BUILD"):
        pytest.fail(f"{schema.VARIABLE} names no folder with the schemas and recordings: a build needs them.")
    return here


@cache
def exchanges() -> tuple[Exchange, ...]:
    """In the order in which they are played."""
    folder = schema.data_folder()
    if folder is None:
        return ()
    kept = json.loads((folder / schema.RECORDED_FILE).read_text())
    found = [_read(name, number, one) for name in SCENARIOS for number, one in enumerate(kept[name])]
    for late, early in EARLIER.items():
        moved = next(one for one in found if one.place == late)
        found.remove(moved)
        found.insert(next(i for i, one in enumerate(found) if one.place == early), moved)
    return tuple(found)


def _read(scenario: str, number: int, one: dict[str, Any]) -> Exchange:
    return Exchange(
        scenario, number, one["method"], one["url"], one["auth"], one["auth_id"] or "", one["body"] or "",
        one["status"], one["reason"], one["response"],
    )  # fmt: skip
