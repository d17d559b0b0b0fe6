"""What a service level is: a catalogue entry, and a pure function from terms to a manifest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioning.domain.manifest import Manifest, Placement

Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Storage:
    """What a level asks of Ceph: `gib` in GiB (2^30) on each of `copies` sites."""

    gib: int
    copies: int


@dataclass(frozen=True)
class Level:
    """`schema` is the JSON Schema of the terms, the authority on them; `credentials` maps what is handed out
    to the resource that holds it. A level without a blueprint is announced and cannot be asked for.
    """

    number: int
    name: str
    summary: str
    promises: tuple[str, ...]
    schema: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    blueprint: Callable[[Terms, Placement], Manifest] | None = None
    storage: Callable[[Terms], Storage] | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)

    @property
    def available(self) -> bool:
        """It can be asked for today."""
        return self.blueprint is not None
