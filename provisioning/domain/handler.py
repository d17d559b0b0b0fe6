"""The contract between the engine and the providers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from provisioning.domain.names import Marker
from provisioning.domain.observation import Observation, Outcome, Sighting
from provisioning.domain.secrets import Secret


@dataclass(frozen=True)
class Target:
    """What a handler is told about the resource at hand.

    `spec` has every ref resolved. `secrets` are its own (also the proof of a kind without a marker);
    `ref_secrets[field]` are those of the resource that the spec's `field` refers to. `hold` is for calls that last:
    asked while bytes pass, it keeps the stack the worker's own, or raises when it is no more.
    """

    name: str
    full_name: str
    marker: Marker
    incarnation: int
    spec: Any
    external_id: str | None = None
    handle: str | None = None
    purge: bool = False  # a plan said in words that its data goes with it
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    ref_secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    hold: Callable[[], None] = field(default=lambda: None, compare=False)


class Handler(Protocol):
    """Four verbs; the first never writes. All raise TemporaryError or PermanentError and nothing else.

    `create`, `update` and `delete` may be called again after a lost answer. `delete` goes by
    `target.external_id`, never by name, and succeeds when the object is already gone.
    """

    def observe(self, target: Target) -> Observation:
        """What is there now: by `external_id` if known, else by name and marker."""
        ...

    def create(self, target: Target) -> Outcome:
        """Make it, with our marker or our secret. AlreadyExists when the name is taken."""
        ...

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Bring the fields in `after` (those that differ) to the spec's values."""
        ...

    def delete(self, target: Target) -> Outcome:
        """Remove exactly `target.external_id`."""
        ...

    def poll(self, target: Target) -> Observation:
        """What became of `target.handle`: InProgress, Present (made), or Absent (handle unknown).

        A task that ended badly raises PermanentError with reason TaskFailed.
        """
        ...


@dataclass(frozen=True)
class Sample:
    """What a platform says of one site. Same units as `Need`."""

    site: str
    resource: str
    total: int
    used: int


class Provider(Protocol):
    """One platform, as the engine sees it."""

    handlers: Mapping[str, Handler]

    def probe(self) -> None:
        """The cheapest read there is; raises when the platform does not answer."""
        ...

    def marks(self, after: str) -> list[str]:
        """The restored-database marks that this platform holds and that sort after `after`."""
        ...

    def push_mark(self, mark: str) -> None:
        """Add a mark. Marks are append-only."""
        ...

    def census(self) -> Iterator[Sighting]:
        """Every object of this installation, by page."""
        ...

    def capacity(self) -> list[Sample]:
        """Totals and use by site."""
        ...
