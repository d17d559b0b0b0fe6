"""Seeded bugs: one rule taken out at a time, in memory, so that a test can show that somebody notices.

A mutation is (where, what stands there, what stands there instead). The function keeps its identity; only its
code is exchanged, so that whoever imported it sees the mutant too.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutation:
    """`rule` in words; `place` is `module:function` or `module:Class.method` under `provisioning`;
    `shown_by` is the sentence test that turns red without it.
    """

    rule: str
    place: str
    old: str
    new: str
    shown_by: str


def function_at(place: str) -> FunctionType:
    """The function that a place names, past any decorator that kept it."""
    module, _, path = place.partition(":")
    found: Any = import_module(f"provisioning.{module}")
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(found, FunctionType), place
    return found


@contextmanager
def applied(mutation: Mutation) -> Iterator[None]:
    """The engine without that rule, for as long as the block lasts."""
    function = function_at(mutation.place)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(mutation.old) == 1, (
        f"{mutation.rule}: {mutation.place} no longer says {mutation.old!r} once"
    )
    scope: dict[str, Any] = {}
    mutant = "from __future__ import annotations\n" + source.replace(mutation.old, mutation.new)
    exec(compile(mutant, f"<without: {mutation.rule}>", "exec"), function.__globals__, scope)
    former, function.__code__ = function.__code__, scope[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = former
