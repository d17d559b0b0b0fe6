"""What a look at the far side can say. There is no fifth answer, and never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioning.domain.secrets import Secret


@dataclass(frozen=True)
class Absent:
    """A whitelisted not-found answer. A 403, a time-out or an empty list after an error is *not* this."""


@dataclass(frozen=True)
class Present:
    """It is there. `attributes` has the spec's declared fields as they are now; `outputs` what others refer to.

    `ours` says that it carries our marker, or that the secret we committed with the intent fits it.
    """

    external_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    ours: bool = True


@dataclass(frozen=True)
class Many:
    """More than one object answers to our marker and name. The recorded one, if any, is first."""

    ids: tuple[str, ...]
    empty: frozenset[str] = frozenset()


@dataclass(frozen=True)
class InProgress:
    """The far side is still at it. `poll_after` in seconds."""

    handle: str
    poll_after: float = 2.0


Observation = Absent | Present | Many | InProgress


@dataclass(frozen=True)
class Outcome:
    """What an act answered. Believed only as far as ids go: the next look says what is true."""

    external_id: str | None = None
    handle: str | None = None
    secrets: Mapping[str, Secret] = field(default_factory=dict)  # made by the far side and shown once


@dataclass(frozen=True)
class Sighting:
    """One object of ours that the census saw. `marker` is its text; `proof` is a secret's fingerprint, if any."""

    kind: str
    external_id: str
    marker: str
