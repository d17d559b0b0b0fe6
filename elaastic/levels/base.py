"""What a service level is: a catalogue entry, and a pure function from terms to a manifest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from provisioning.domain.manifest import Manifest, Placement

Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Mode:
    """What is in force beside the terms, as somebody decided it.

    `suspended`: nothing new is written, everything can be restored. `leaving`: what bears data stays, with what
    is needed to restore it, and the rest goes. `keys`: the serials of a credential's live keys, the newest first.
    """

    suspended: bool = False
    leaving: bool = False
    keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def serials(self, credential: str) -> tuple[int, ...]:
        """The live keys of a credential; the first of all has serial 1."""
        return self.keys.get(credential, (1,))

    def as_json(self) -> dict[str, Any]:
        """The stored form; what is not in force is left out."""
        found: dict[str, Any] = {name: True for name in ("suspended", "leaving") if getattr(self, name)}
        return found | ({"keys": {name: list(serials) for name, serials in self.keys.items()}} if self.keys else {})

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Mode":
        """The mode that `as_json` wrote."""
        keys = {name: tuple(serials) for name, serials in data.get("keys", {}).items()}
        return cls(bool(data.get("suspended")), bool(data.get("leaving")), keys)


AS_USUAL: Final = Mode()


class Blueprint(Protocol):
    """A pure function: the same terms, placement and mode give the same manifest, for ever."""

    def __call__(self, terms: Terms, placement: Placement, mode: Mode = AS_USUAL) -> Manifest:
        """What shall exist."""
        ...


@dataclass(frozen=True)
class Storage:
    """What a level asks of Ceph: `gib` in GiB (2^30) on each of `copies` sites."""

    gib: int
    copies: int


def key_name(first: str, serial: int) -> str:
    """A credential's second key stands beside its first: `writer-key`, `writer-key-2`."""
    return first if serial == 1 else f"{first}-{serial}"


@dataclass(frozen=True)
class Level:
    """`schema` is the JSON Schema of the terms, the authority on them; `credentials` maps what is handed out
    to the resource that holds it. `fixed` names the fields of a change that break a promise, each with the promise
    (lock, retention, copies). A level without a blueprint is announced and cannot be asked for.
    """

    number: int
    name: str
    summary: str
    promises: tuple[str, ...]
    schema: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    blueprint: Blueprint | None = None
    storage: Callable[[Terms], Storage] | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    fixed: Callable[[Terms, Terms], Mapping[str, str]] = lambda before, after: {}

    def key(self, credential: str, mode: Mode) -> str:
        """The resource that holds the newest key of a credential."""
        return key_name(self.credentials[credential], mode.serials(credential)[0])

    @property
    def available(self) -> bool:
        """It can be asked for today."""
        return self.blueprint is not None
