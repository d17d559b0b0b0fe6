"""What exists: one document of sections like the files under /etc/pve, in memory and in one file.

A document and not classes: the real thing is configuration files too, and a call that is refused half way is undone
by taking the document of before.
"""

import json
import os
from pathlib import Path
from typing import Any

Data = dict[str, Any]

SECTIONS = (
    "nodes", "users", "groups", "roles", "tokens", "acl", "pools", "storages", "volumes", "vms", "zones", "vnets",
    "subnets", "applied", "jobs", "firewall", "security_groups", "ha", "tasks", "neighbours", "guests", "paths",
    "secrets",
)  # fmt: skip


class State:
    """`data[section][id]` is one object; `counter` numbers processes and addresses."""

    def __init__(self, file: Path | None, sections: tuple[str, ...] = SECTIONS) -> None:
        self._file = file
        self._sections = sections
        self.data: dict[str, Data] = {}
        self.counter = 0
        self.clear()
        if file is not None and file.exists():
            self.restore(file.read_text())

    def clear(self) -> None:
        self.data = {name: {} for name in self._sections}
        self.counter = 0

    def __getitem__(self, section: str) -> Data:
        return self.data[section]

    def next_number(self) -> int:
        self.counter += 1
        return self.counter

    def snapshot(self) -> str:
        return json.dumps({"counter": self.counter, "data": self.data})

    def restore(self, snapshot: str) -> None:
        kept = json.loads(snapshot)
        self.counter = kept["counter"]
        self.data = {name: kept["data"].get(name, {}) for name in self._sections}

    def save(self) -> None:
        """The file is whole at every moment; only its owner reads it, it holds tokens."""
        if self._file is None:
            return
        new = self._file.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(self.snapshot())
        new.replace(self._file)
