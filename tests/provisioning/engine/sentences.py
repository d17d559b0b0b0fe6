"""The sentence tests as plain functions, so that a seeded bug can be held against them."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

import pytest

from tests.provisioning.engine.database import Store
from tests.provisioning.engine.room import room_in

_MODULES: Final = ("decide", "overtaken", "late", "plans", "acts", "ends")


def sentences() -> dict[str, Callable[..., None]]:
    """Every test that needs nothing but a room, by name; those that need nothing at all come first."""
    found = {}
    for name in _MODULES:
        module = import_module(f"tests.provisioning.engine.test_engine_{name}")
        found |= {
            n: f for n, f in vars(module).items() if n.startswith("test_") and _needs(f) <= _known(f) | {"room"}
        }
    return found


def notices(test: Callable[..., None], store: Store) -> bool:
    """The test is red."""
    try:
        for values in _cases(test):
            if "room" not in _needs(test):
                test(**values)
                continue
            with room_in(store) as room:
                test(room, **values)
    except (Exception, pytest.fail.Exception):
        return True
    return False


def _needs(test: Callable[..., None]) -> set[str]:
    code = test.__code__
    return set(code.co_varnames[: code.co_argcount])


def _marks(test: Callable[..., None]) -> list[Any]:
    return [m for m in getattr(test, "pytestmark", []) if m.name == "parametrize"]


def _known(test: Callable[..., None]) -> set[str]:
    names = [m.args[0] for m in _marks(test)]
    return {n for name in names for n in ([name] if isinstance(name, str) else name)}


def _cases(test: Callable[..., None]) -> Iterator[dict[str, Any]]:
    marks = _marks(test)
    if not marks:
        yield {}
        return
    names, rows = marks[0].args[:2]
    for row in rows:
        yield {names: row} if isinstance(names, str) else dict(zip(names, row, strict=True))
