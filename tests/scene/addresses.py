"""Every address of the project, and what a furnished town's things are called in it.

A new address needs nothing here while its first words and its parameters are known; one that they do not cover is a
KeyError in every test that walks, which names it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from tests.scene.town import Furnished

API: Final = "rest/elaastic/v1/"
# Whose own package answers.
LIBRARIES: Final = ("accounts/", "i18n/")
PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """`path` as registered, without the base; `methods` and `parameters` are empty for a page."""

    path: str
    is_api: bool
    methods: frozenset[str]
    parameters: frozenset[str]

    def of(self, town: Furnished, **other: Any) -> str:
        """With the names of the town's things; `other` stands for what it names instead."""
        names = {**THINGS, "public_id": self._public_id()} | other

        def named(found: re.Match[str]) -> str:
            value = names[found[1]]
            return str(value(town) if callable(value) else value)

        return "/" + (API if self.is_api else "") + PARAMETER.sub(named, self.path)

    def _public_id(self) -> Any:
        """By as many first words as are known."""
        whole = self.path.partition("/<")[0]
        return PUBLIC_IDS.get(whole) or PUBLIC_IDS.get(whole.partition("/")[0])

    def __str__(self) -> str:
        return f"api {self.path}" if self.is_api else self.path

    @property
    def of_a_thing(self) -> bool:
        """It names something that belongs to somebody."""
        return bool({"public_id", "key", "holder", "person", "invitation"} & set(PARAMETER.findall(self.path)))


# What stands for a parameter, and for `public_id` by the first word of the address.
THINGS: Final[dict[str, Any]] = {
    "person": lambda t: t.colleague.public_id,
    "invitation": lambda t: t.invitation.public_id,
    "mandate": lambda t: t.mandate.public_id,
    "holder": lambda t: t.program.public_id,
    "key": lambda t: t.subscription.stack_key,
    "machine": lambda t: t.canary,
    "name": "writer",
    "tool": "rclone",
    "file": "minutes-it.pdf",
    "number": 1,
    "level": 2,
    "role": "operator",
    "platform": "ceph-test",
    "resource": lambda t: f"archive-{t.canary}",
    "secret": "nobodys",
}
PUBLIC_IDS: Final[dict[str, Any]] = {
    "subscriptions": lambda t: t.subscription.public_id,
    "requests": lambda t: t.request.public_id,
    "operations": lambda t: t.proof.public_id,
    "recovery-points": lambda t: t.point.public_id,
    "operations/drills": lambda t: t.drill.public_id,
    "drills": lambda t: t.drill.public_id,
    "recovery-plans": lambda t: t.subscription.public_id,
    "authorities": lambda t: t.authority.public_id,
    "tokens": lambda t: t.token.public_id,
    "ways-in": lambda t: t.way_in.public_id,
    "register": lambda t: t.registration.public_id,
    "registrations": lambda t: t.registration.public_id,
}


def addresses() -> list[Address]:
    """All of them, pages first."""
    found = [_address(path, entry) for path, entry in _walk(get_resolver().url_patterns)]
    return sorted((a for a in found if not a.path.startswith(LIBRARIES)), key=lambda a: (a.is_api, a.path))


def _address(path: str, entry: URLPattern) -> Address:
    view: Any = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
    is_api = path.startswith(API)
    policy = getattr(view, "policy", {}) if is_api else {}
    return Address(
        path.removeprefix(API),
        is_api,
        frozenset(policy),
        frozenset(getattr(view, "parameters", ())) if is_api else frozenset(),
    )


def _walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, here)
        else:
            yield here, entry
