"""The two statements of the engine's inner loop, in SQL: compare-and-swap, and one more row.

The ORM takes longer to put them together than the database to carry them out, and one subscription's
provisioning has some forty.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from django.db import connection
from django.db.models import Model

_OPERATORS: Final = {"": "=", "gt": ">"}


def swap(
    model: type[Model], changes: Mapping[str, Any], where: str = "", *parameters: Any, **expected: Any
) -> bool:
    """Write `changes`, by column, where the row is as `expected` (`name=value`, `name__gt=value`) and, if given,
    the SQL condition `where` holds with its `parameters`. False: no row was so, and nothing was written.
    """
    compared = {name: prepared(model, name.partition("__")[0], value) for name, value in expected.items()}
    written = [prepared(model, name, value) for name, value in changes.items()]
    sql = _update(model, tuple(changes), tuple(expected), where)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*written, *compared.values(), *parameters])
        return bool(cursor.rowcount)


def add(model: type[Model], **values: Any) -> None:
    """One more row. Columns that are left out need a default in the database."""
    written = [prepared(model, name, value) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(_insert(model, tuple(values)), written)


def prepared(model: type[Model], name: str, value: Any) -> Any:
    """`value` as this database keeps it in that column."""
    return model._meta.get_field(name).get_db_prep_save(value, connection)  # type: ignore[union-attr]


@lru_cache(maxsize=256)
def _update(model: type[Model], written: tuple[str, ...], expected: tuple[str, ...], where: str) -> str:
    """Names are columns of ours, never anybody's input."""
    assigned = ", ".join(f'"{name}" = %s' for name in written)
    compared = [f'"{name}" {_OPERATORS[how]} %s' for name, _, how in (e.partition("__") for e in expected)]
    conditions = " AND ".join([*compared, *([where] if where else [])])
    return f'UPDATE "{model._meta.db_table}" SET {assigned} WHERE {conditions}'  # noqa: S608


@lru_cache(maxsize=16)
def _insert(model: type[Model], written: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in written)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(written))})'  # noqa: S608
