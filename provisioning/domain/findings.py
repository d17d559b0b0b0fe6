"""What an operation measures of each machine, as it is stored: JSON, moments in RFC 3339. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

# What is looked through for an answer, and what of it is kept: the last lines say why.
CONSOLE_LINES: Final = 4000
KEPT_LINES: Final = 60


@dataclass(frozen=True)
class Found:
    """Of one machine; what has not happened yet is "". `size`: its flavor; `stores`: of its image and of its disk,
    where that is Proxmox's. `looked_at`: when it was last asked. `answered_at`: all its checks passed.
    `asking`: how far these are, where they are asked inside it (`asking.Asking`).
    `left_out`: why a failover, or an export, goes on without it; CamelCase, stable. Of an export: `server`, of
    which an image was made; its content was there at `taken_at`, `bytes` long, with its sum; it lies in the archive
    as `key` since `stored_at`.
    """

    file: str = ""
    brought_at: str = ""
    size: str = ""
    stores: str = ""
    imported_at: str = ""
    asked_at: str = ""
    started_at: str = ""
    looked_at: str = ""
    answered_at: str = ""
    console: str = ""
    asking: str = ""
    left_out: str = ""
    server: str = ""
    taken_at: str = ""
    form: str = ""
    bytes: int = 0
    sha512: str = ""
    key: str = ""
    stored_at: str = ""


@dataclass(frozen=True)
class Findings:
    """Of all of them, and what people did: the number of the step -> when, and who."""

    machines: Mapping[str, Found]
    done: Mapping[str, Mapping[str, str]]

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Findings":
        """What `as_json` wrote; a release that measures more finds less in older ones."""
        known = {field.name for field in fields(Found)}
        machines = {
            name: Found(**{key: value for key, value in one.items() if key in known})
            for name, one in data.get("machines", {}).items()
        }
        return cls(machines, data.get("done", {}))

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        return {"machines": {name: asdict(one) for name, one in self.machines.items()}, "done": dict(self.done)}

    def of(self, machine: str) -> Found:
        """So far."""
        return self.machines.get(machine, Found())

    def noting(self, machine: str, **more: Any) -> "Findings":
        """The same, and this."""
        return replace(self, machines={**self.machines, machine: replace(self.of(machine), **more)})


def seconds_between(began: str, ended: str) -> int | None:
    """Whole seconds; None while one of them has not happened."""
    if not (began and ended):
        return None
    return max(0, int((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()))
