"""Saving and restoring the portal's database around a case, and asking it questions past the ORM.

Measured here (39 tables, 130 rows): emptying and copying back takes 4 to 8 ms; `CREATE DATABASE … TEMPLATE` takes
over 100 ms and wants everybody out first.
"""

import io
import sqlite3
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql


class Database(Protocol):
    """One database, its whole content as one value."""

    url: str

    def open(self) -> None:
        """Once the tables are there."""

    def close(self) -> None:
        """Nothing is kept open."""

    def saved(self) -> Any:
        """Everything in it."""

    def restore(self, content: Any) -> None:
        """Exactly that."""

    def dump(self) -> bytes:
        """Everything in it, as text to search."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A question past the ORM."""

    def run(self, statement: str) -> None:
        """A change past the ORM."""


class PostgresDatabase:
    """A database of its own on a running server."""

    def __init__(self, server_url: str, name: str) -> None:
        base = urlsplit(server_url)
        self.url = base._replace(path=f"/{name}").geturl()
        self.name, self._server = name, server_url
        self._connection: Any = None
        self._tables: list[str] = []
        with psycopg2.connect(server_url) as server:
            server.rollback()
        self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._on_server("CREATE DATABASE {}")

    def _on_server(self, statement: str, suffix: str = "") -> None:
        server = psycopg2.connect(self._server)
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(self.name + suffix)))
        server.close()

    def open(self) -> None:
        """A connection whose session fires no triggers and checks no references while it restores."""
        self._connection = psycopg2.connect(self.url)
        self._connection.autocommit = True
        self.run("SET session_replication_role = replica")
        found = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        fixed = ("django_migrations", "django_content_type", "auth_permission")
        self._tables = [name for (name,) in found if name not in fixed]

    def close(self) -> None:
        """The database goes as well, and its dump."""
        self._connection.close()
        for suffix in ("", "_dump"):
            self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", suffix)

    def dump_whole(self) -> None:
        """Kept beside it, counters and all, as an operator's nightly dump."""
        self._connection.close()
        self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", "_dump")
        self._on_server(f'CREATE DATABASE {{}} TEMPLATE "{self.name}"', "_dump")
        self.open()

    def put_back_whole(self) -> None:
        """The dump takes its place; unlike `restore`, the counters go back as well."""
        self._connection.close()
        self._on_server("DROP DATABASE {} WITH (FORCE)")
        self._on_server(f'CREATE DATABASE {{}} TEMPLATE "{self.name}_dump"')
        self.open()

    def saved(self) -> dict[str, bytes]:
        """Table -> its rows, as COPY writes them."""
        with self._connection.cursor() as cursor:
            return {name: self._copied(cursor, name) for name in self._tables}

    @staticmethod
    def _copied(cursor: Any, name: str) -> bytes:
        out = io.BytesIO()
        cursor.copy_expert(f'COPY "{name}" TO STDOUT', out)
        return out.getvalue()

    def restore(self, content: dict[str, bytes]) -> None:
        """In one transaction; sequences only ever go on."""
        with self._connection.cursor() as cursor:
            cursor.execute("BEGIN;" + "".join(f'DELETE FROM "{name}";' for name in self._tables))
            for name, rows in content.items():
                if rows:
                    cursor.copy_expert(f'COPY "{name}" FROM STDIN', io.BytesIO(rows))
            cursor.execute("COMMIT")

    def dump(self) -> bytes:
        """Every table; binary columns as the hex that COPY writes."""
        return b"".join(self.saved().values())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Autocommit."""
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def run(self, statement: str) -> None:
        """Autocommit."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)


class SqliteDatabase:
    """A file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite://{path}"

    def _raw(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, timeout=20)

    def open(self) -> None:
        """Each question opens its own."""

    def close(self) -> None:
        """Its folder goes with the test run."""

    def saved(self) -> sqlite3.Connection:
        """The pages."""
        copy = sqlite3.connect(":memory:")
        raw = self._raw()
        raw.backup(copy)
        raw.close()
        return copy

    def restore(self, content: sqlite3.Connection) -> None:
        """Over the present ones."""
        raw = self._raw()
        content.backup(raw)
        raw.close()

    def dump(self) -> bytes:
        """The SQL that would make it again."""
        raw = self._raw()
        try:
            return "\n".join(raw.iterdump()).encode()
        finally:
            raw.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """On a connection of its own."""
        raw = self._raw()
        try:
            return raw.execute(query).fetchall()
        finally:
            raw.close()

    def run(self, statement: str) -> None:
        """On a connection of its own."""
        self.rows(statement)
