"""The published API description: which call is meant, what it takes, what it gives, who may.

Read from where it lies (see the package's docstring); nothing of it is part of this repository.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.proxmox.paths import Tree
from lab.registry import ROOT

VARIABLE = "MCLOUD_PROXMOX_DATA"
PVE_FILE, PBS_FILE = "pve-9.2.3-schema.json", "pbs-4-schema.json"
RECORDED_FILE = "pve-9.2.11-recorded.json"

Data = dict[str, Any]


def data_folder() -> Path | None:
    """Where the Proxmox project's files are on this machine; None where they are not."""
    named = os.environ.get(VARIABLE)
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if (folder / PVE_FILE).exists() else None


@dataclass(frozen=True)
class Method:
    """One call of the description, with what the address says already filled in."""

    template: str
    info: Data
    in_path: dict[str, str]

    @property
    def parameters(self) -> Data:
        return dict(self.info["parameters"].get("properties") or {})

    @property
    def more_allowed(self) -> bool:
        return bool(self.info["parameters"].get("additionalProperties", 1))

    @property
    def returns(self) -> Data:
        return dict(self.info.get("returns") or {})

    @property
    def permissions(self) -> Data:
        return dict(self.info.get("permissions") or {})

    @property
    def token_allowed(self) -> bool:
        return bool(self.info.get("allowtoken", 1))


class Schema:
    """All calls of one product."""

    def __init__(self, file: Path) -> None:
        self._paths: Tree[Data] = Tree()
        self.methods: dict[tuple[str, str], Data] = {}
        self._read(json.loads(file.read_text()))

    def find(self, method: str, path: str) -> Method | None:
        """The call that `method path` means, without the `/api2/json` before it."""
        found = self._paths.find(path)
        info = found.value.get(method) if found else None
        return Method(found.template, info, found.in_path) if found and info else None

    def _read(self, nodes: Iterable[Data]) -> None:
        for node in nodes:
            for method, info in (node.get("info") or {}).items():
                self.methods[method, node["path"]] = info
                self._paths.place(node["path"], {})[method] = info
            self._read(node.get("children") or [])


_loaded: dict[Path, Schema] = {}


def load(name: str) -> Schema | None:
    """The schema in that file, read once a process; None where the folder is absent."""
    folder = data_folder()
    if folder is None:
        return None
    file = folder / name
    if file not in _loaded:
        _loaded[file] = Schema(file)
    return _loaded[file]
