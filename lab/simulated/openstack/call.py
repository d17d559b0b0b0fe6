"""One call on its way to a handler: who asks, for what, in whose project."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.simulated.openstack import errors
from lab.simulated.shape import Shape
from lab.simulated.store import Store
from lab.simulated.web import Answer, Request


@dataclass(frozen=True)
class Caller:
    """Whom a token speaks for. `by` is how he signed in: `password` or `application_credential`."""

    user: str
    project: str
    roles: frozenset[str]
    by: str

    @property
    def is_admin(self) -> bool:
        """Of the whole cloud: that is what the role means on any project."""
        return "admin" in self.roles


NOBODY = Caller("", "", frozenset(), "")


@dataclass(frozen=True)
class Call:
    """`ids` are what the path names; `root` is the address of the cloud, without a slash at its end."""

    store: Store
    shape: Shape
    request: Request
    caller: Caller
    root: str
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def body(self, envelope: str = "") -> dict[str, Any]:
        """The JSON object, out of its envelope; Refused 400 for anything else."""
        try:
            found = json.loads(self.request.stream.read(-1) or b"{}")
            inner = found[envelope] if envelope else found
        except (ValueError, KeyError, TypeError):
            raise errors.keystone(400, f"The request needs a JSON object with {envelope or 'content'}.") from None
        return dict(inner or {})


Handler = Callable[[Call], Answer]


def shown(content: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(content).encode(), {**errors.JSON, **named})


def done(status: int = 204) -> Answer:
    """An answer without a word."""
    return Answer(status)
