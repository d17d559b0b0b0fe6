"""What the cloud remembers: a document a thing, in the region's own database."""

import json
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lab.simulated.store import Store

Thing = dict[str, Any]

# Seconds since the epoch; a harness that moves its own clock moves this one with it.
clock: Callable[[], float] = time.time
# Seconds. Long enough that whoever does not wait is found out, short enough that nobody minds in a demo.
MOMENT_S = 1.0


def new_id() -> str:
    """Neutron's, Nova's and Glance's way."""
    return str(uuid.uuid4())


def new_hex() -> str:
    """Keystone's way: no dashes."""
    return secrets.token_hex(16)


def now() -> float:
    """Seconds since the epoch, for everything that takes a moment or runs out."""
    return clock()


def stamp(at: float | None = None) -> str:
    """Whole seconds, as every service shows them."""
    return datetime.fromtimestamp(now() if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(store: Store) -> float:
    """How long a moment lasts here, seconds; a test's harness makes it shorter."""
    return float(store.setting("moment_s") or MOMENT_S)


def add(store: Store, kind: str, thing: Thing) -> Thing:
    """A new one; it has an `id`."""
    store.run("INSERT INTO things (kind, id, due, doc) VALUES (?, ?, ?, ?)", kind, thing["id"], *_row(thing))
    return thing


def put(store: Store, kind: str, thing: Thing) -> Thing:
    """Changed; `due`, seconds since the epoch, is when it has to be looked at again, None for never."""
    store.run("UPDATE things SET due = ?, doc = ? WHERE kind = ? AND id = ?", *_row(thing), kind, thing["id"])
    return thing


def get(store: Store, kind: str, id: str) -> Thing | None:
    row = store.one("SELECT doc FROM things WHERE kind = ? AND id = ?", kind, id)
    return json.loads(row["doc"]) if row else None


def remove(store: Store, kind: str, id: str) -> bool:
    """Whether it was there."""
    return bool(store.run("DELETE FROM things WHERE kind = ? AND id = ?", kind, id))


def every(store: Store, kind: str, **equal: Any) -> list[Thing]:
    """The oldest first; those whose fields are `equal`."""
    found = (
        json.loads(row["doc"]) for row in store.all("SELECT doc FROM things WHERE kind = ? ORDER BY seq", kind)
    )
    return [thing for thing in found if all(thing.get(name) == value for name, value in equal.items())]


def due(store: Store, now: float) -> list[tuple[str, Thing]]:
    """(kind, thing) whose moment has come, in its order."""
    rows = store.all("SELECT kind, doc FROM things WHERE due <= ? ORDER BY due, seq", now)
    return [(row["kind"], json.loads(row["doc"])) for row in rows]


def _row(thing: Thing) -> tuple[float | None, str]:
    return thing.get("due"), json.dumps(thing)
