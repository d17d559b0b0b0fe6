"""Changes: what approving a plan permits, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What a change does. `FORGET` drops the row of something that is already gone."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    RECREATE = "recreate"
    DELETE = "delete"
    RETAIN = "retain"
    FORGET = "forget"
    NOOP = "no-op"


@dataclass(frozen=True)
class Change:
    """One line of a plan: `before` and `after` hold the declared fields that differ, without secrets."""

    action: Action
    name: str
    kind: str
    platform: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    purge: bool = False  # its data goes with it, for good

    def as_json(self) -> dict[str, Any]:
        """The stored form, which the digest covers."""
        return {
            "action": str(self.action),
            "name": self.name,
            "kind": self.kind,
            "platform": self.platform,
            "before": dict(self.before),
            "after": dict(self.after),
            "reason": self.reason,
            "purge": self.purge,
        }


def difference(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of the declared fields that differ. What is found but not declared is not ours to judge."""
    names = [n for n in wanted if n in found and found[n] != wanted[n]]
    return {n: found[n] for n in names}, {n: wanted[n] for n in names}
