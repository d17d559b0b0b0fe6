"""What a service level is: a catalogue entry, and a pure function from terms to a manifest."""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from elaastic.levels.agreement import THREE_YEARS, Agreement
from elaastic.levels.started import Started
from provisioning.domain.manifest import Manifest, Placement

Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Mode:
    """What is in force beside the terms, as somebody decided it.

    `suspended`: nothing new is written, everything can be restored; `expired`: the same, because the agreement
    has run out, until it is renewed. `leaving`: what bears data stays, with what
    is needed to restore it, and the rest goes. `keys`: the serials of a credential's live keys, the newest first.
    `failed_over`: the machines that stand for real on the reserve.
    """

    suspended: bool = False
    leaving: bool = False
    keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    expired: bool = False
    failed_over: tuple[Started, ...] = ()

    @property
    def writes(self) -> bool:
        """New copies are taken."""
        return not (self.suspended or self.expired or self.leaving)

    def serials(self, credential: str) -> tuple[int, ...]:
        """The live keys of a credential; the first of all has serial 1."""
        return self.keys.get(credential, (1,))

    def as_json(self) -> dict[str, Any]:
        """The stored form; what is not in force is left out."""
        found: dict[str, Any] = {name: True for name in ("suspended", "leaving", "expired") if getattr(self, name)}
        if self.keys:
            found["keys"] = {name: list(serials) for name, serials in self.keys.items()}
        if self.failed_over:
            found["failed_over"] = [one.as_json() for one in self.failed_over]
        return found

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Mode":
        """The mode that `as_json` wrote."""
        if not data:
            return AS_USUAL
        keys = {name: tuple(serials) for name, serials in data.get("keys", {}).items()}
        started = tuple(Started.parse(one) for one in data.get("failed_over", ()))
        return cls(bool(data.get("suspended")), bool(data.get("leaving")), keys, bool(data.get("expired")), started)


AS_USUAL: Final = Mode()


class Blueprint(Protocol):
    """A pure function: the same terms, placement and mode give the same manifest, for ever."""

    def __call__(self, terms: Terms, placement: Placement, mode: Mode = AS_USUAL) -> Manifest:
        """What shall exist."""
        ...


@dataclass(frozen=True)
class Storage:
    """What a level asks of Ceph: `gib` in GiB (2^30) on every site that holds copies. `copies`: the numbers of
    copies that its archives have, the greatest first.
    """

    gib: int
    copies: tuple[int, ...]

    @property
    def sites(self) -> int:
        """So many are paid for: the archives share the space, and each may fill it alone."""
        return self.copies[0]


def key_name(first: str, serial: int) -> str:
    """A credential's second key stands beside its first: `writer-key`, `writer-key-2`."""
    return first if serial == 1 else f"{first}-{serial}"


@dataclass(frozen=True)
class Level:
    """`schema` is the JSON Schema of the terms, the authority on them; `credentials` maps what is handed out
    to the resource that holds it. `fixed` names the fields of a change that break a promise, each with the promise
    (lock, retention, copies). `quantities` says how much of each priced item the terms use in a month. `reserve`:
    what must be free on one site, by system and resource; `natures`: of machines, each with its system. `faults`
    names what no schema can say. `recovery_plan`: the JSON Schema of its plans, {} where no machines start. A level
    without a blueprint is announced and cannot be asked for.
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
    agreement: Agreement = THREE_YEARS
    quantities: Callable[[Terms], tuple[tuple[str, int], ...]] = lambda terms: ()
    reserve: Callable[[Terms], Mapping[str, Mapping[str, int]]] = lambda terms: {}
    natures: Mapping[str, str] = field(default_factory=dict)
    faults: Callable[[Terms], Mapping[str, str]] = lambda terms: {}
    recovery_plan: Mapping[str, Any] = field(default_factory=dict)

    def offering(self, protocols: Collection[str], systems: Collection[str] = ()) -> dict[str, Any]:
        """The schema of the terms where only these protocols are spoken, and only these systems stand."""
        schema = deepcopy(dict(self.schema))
        properties = schema.get("properties", {})
        if rule := properties.get("protocols"):
            rule["items"]["enum"] = [name for name in rule["items"]["enum"] if name in protocols]
        if self.natures and (rule := properties.get("machines")):
            rule["items"]["properties"]["nature"]["enum"] = self.startable(systems)
        return schema

    def startable(self, systems: Collection[str]) -> list[str]:
        """Natures of machines that start where these systems stand."""
        return [nature for nature, system in self.natures.items() if system in systems]

    def key(self, credential: str, mode: Mode) -> str:
        """The resource that holds the newest key of a credential."""
        return key_name(self.credentials[credential], mode.serials(credential)[0])

    @property
    def available(self) -> bool:
        """It can be asked for today."""
        return self.blueprint is not None
