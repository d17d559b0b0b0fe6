"""An in-memory database of provisioning's tables alone, emptied in a millisecond, copied like a backup."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper


@contextmanager
def memory_database() -> Iterator["Store"]:
    """Put a fresh in-memory SQLite in the place of the default database, for as long as the block lasts."""
    former = connections["default"]
    settings = {**former.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    wrapper = DatabaseWrapper(settings, "default")
    wrapper.inc_thread_sharing()
    connections["default"] = wrapper
    try:
        _make_tables(wrapper)
        yield Store()
    finally:
        wrapper.connection.close()
        connections["default"] = former


@contextmanager
def file_database(path: Path) -> Iterator[None]:
    """A SQLite file in the place of the default database, for every thread, with the portal's own options."""
    former, settings = connections["default"], connections.settings["default"]
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20}
    mine = {**settings, "ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
    wrapper = DatabaseWrapper(mine, "default")
    connections.settings["default"], connections["default"] = mine, wrapper
    try:
        _make_tables(wrapper)
        yield
    finally:
        wrapper.close()
        connections.settings["default"], connections["default"] = settings, former


def _make_tables(wrapper: DatabaseWrapper) -> None:
    with wrapper.schema_editor() as editor:
        for model in apps.get_app_config("provisioning").get_models():
            editor.create_model(model)


class Store:
    """The whole database as one value."""

    def __init__(self) -> None:
        self.empty = self.snapshot()

    def snapshot(self) -> sqlite3.Connection:
        """A copy, as a nightly dump would be."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._raw().backup(copy)
        return copy

    def restore(self, copy: sqlite3.Connection) -> None:
        """What stood in the copy stands in the database; everything later is forgotten."""
        copy.backup(self._raw())

    def clear(self) -> None:
        """As new."""
        self.restore(self.empty)

    def one(self, sql: str, *params: Any) -> Any:
        """The first column of the first row, past the ORM: a scheduler asks this thousands of times."""
        row = self._raw().execute(sql, params).fetchone()
        return row and row[0]

    @staticmethod
    def _raw() -> sqlite3.Connection:
        connection.ensure_connection()
        raw = connection.connection
        assert isinstance(raw, sqlite3.Connection)
        return raw
