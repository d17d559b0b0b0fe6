"""What a list shows of many stacks, in SQL: the ORM takes five to ten times as long to put these two statements
together as the database to carry them out, and a list of a hundred is what clients ask for most (`bench/api.py`).
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from django.db import connection

from provisioning.domain.conditions import Condition, State

_CONDITIONS: Final = "SELECT key, state, reason, message FROM provisioning_stack WHERE key IN ({stacks})"
_KEYS: Final = """
SELECT s.key, r.name, r.state, r.revealed_at IS NOT NULL, {access_key}
FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id
WHERE s.key IN ({stacks}) AND r.name IN ({names}) AND r.kind = 'ceph.key' AND r.state <> 'gone'
"""
_ACCESS_KEY: Final = {
    "postgresql": "r.outputs ->> 'access_key'",
    "sqlite": "json_extract(r.outputs, '$.access_key')",
}


class KeyView(NamedTuple):
    """A key that is handed out; `access_key` is None until there is one. `revealed`: its secret was shown."""

    name: str
    state: str
    revealed: bool
    access_key: str | None

    @property
    def is_there(self) -> bool:
        """It works, and its secret can be shown."""
        return self.state in (State.READY, State.RETAINED)


def conditions(stack_keys: Sequence[str]) -> dict[str, Condition]:
    """How stacks stand, by key, in one query; what is not there is left out."""
    rows = _read(_CONDITIONS, stacks=stack_keys)
    return {key: Condition(State(state), reason, message) for key, state, reason, message in rows}


def keys_of(stack_keys: Sequence[str], names: Collection[str]) -> dict[str, list[KeyView]]:
    """The keys of these names, by stack, in one query; those that are gone are left out."""
    found: dict[str, list[KeyView]] = {key: [] for key in stack_keys}
    for stack_key, name, state, revealed, access_key in _read(_KEYS, stacks=stack_keys, names=names):
        found[stack_key].append(KeyView(name, state, bool(revealed), access_key))
    return found


def _read(statement: str, **among: Collection[str]) -> list[tuple[str, ...]]:
    if not all(among.values()):
        return []
    places = {name: ", ".join(["%s"] * len(values)) for name, values in among.items()}
    with connection.cursor() as cursor:
        sql = statement.format(**places, access_key=_ACCESS_KEY[connection.vendor])
        cursor.execute(sql, [value for values in among.values() for value in values])
        found: list[tuple[str, ...]] = cursor.fetchall()
        return found
