"""What the region remembers: metadata in SQLite, object bodies in files beside it.

One connection behind one lock: the process is small and its calls take a fraction of a millisecond, so an order of
events that can be read off a log is worth more than parallel writes. Bodies are streamed outside the lock.
"""

import json
import os
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (uid TEXT PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (access_key TEXT PRIMARY KEY, uid TEXT NOT NULL, secret_key TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS keys_of_user ON keys (uid);
CREATE TABLE IF NOT EXISTS buckets (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, created TEXT NOT NULL,
  placement TEXT NOT NULL, settings TEXT NOT NULL,
  size INTEGER NOT NULL DEFAULT 0, size_actual INTEGER NOT NULL DEFAULT 0, objects INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, name));
CREATE INDEX IF NOT EXISTS buckets_of_owner ON buckets (owner);
CREATE TABLE IF NOT EXISTS versions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL,
  latest INTEGER NOT NULL, marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  modified TEXT NOT NULL,
  owner TEXT NOT NULL, body TEXT NOT NULL, headers TEXT NOT NULL,
  lock_mode TEXT NOT NULL DEFAULT '', lock_until TEXT NOT NULL DEFAULT '', hold TEXT NOT NULL DEFAULT '',
  UNIQUE (bucket, key, version));
CREATE INDEX IF NOT EXISTS versions_in_order ON versions (bucket, key, seq DESC);
CREATE INDEX IF NOT EXISTS versions_current ON versions (bucket, key) WHERE latest = 1 AND marker = 0;
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL, started TEXT NOT NULL,
  headers TEXT NOT NULL, done TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS parts (
  upload TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (upload, number));
CREATE TABLE IF NOT EXISTS usage (
  owner TEXT NOT NULL, bucket TEXT NOT NULL, hour INTEGER NOT NULL, category TEXT NOT NULL,
  sent INTEGER NOT NULL, received INTEGER NOT NULL, ops INTEGER NOT NULL, successful INTEGER NOT NULL,
  PRIMARY KEY (owner, bucket, hour, category));
CREATE TABLE IF NOT EXISTS things (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, due REAL, doc TEXT NOT NULL,
  UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS things_due ON things (due) WHERE due IS NOT NULL;
"""
Value = str | int | float | bytes | None
READ_BLOCK = 1 << 20


@dataclass(frozen=True)
class Piece:
    """One file of a body: its name in the body folder and its length in bytes."""

    name: str
    size: int


class Store:
    """The database and the body folder; `in_memory` keeps the metadata in memory, bodies always are files."""

    def __init__(self, folder: Path, *, in_memory: bool = False) -> None:
        self.bodies = folder / "bodies"
        self.bodies.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._saved: dict[str, sqlite3.Connection] = {}
        where = ":memory:" if in_memory else str(folder / "region.sqlite3")
        self._db = sqlite3.connect(where, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # A kill -9 of this process loses nothing with synchronous off; a power cut might, and may.
        self._db.execute("PRAGMA synchronous = OFF")
        if not in_memory:
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time; nested use joins the outer one."""
        with self.lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def run(self, sql: str, *values: Value) -> int:
        """Rows changed."""
        with self.lock:
            return self._db.execute(sql, values).rowcount

    def one(self, sql: str, *values: Value) -> sqlite3.Row | None:
        with self.lock:
            row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        with self.lock:
            return self._db.execute(sql, values).fetchall()

    def number(self, sql: str, *values: Value) -> int:
        """A single integer; 0 for NULL."""
        row = self.one(sql, *values)
        return int(row[0] or 0) if row else 0

    def setting(self, name: str, default: str = "") -> str:
        row = self.one("SELECT value FROM settings WHERE name = ?", name)
        return str(row["value"]) if row else default

    def set_setting(self, name: str, value: str) -> None:
        self.run(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )

    def write_body(self, blocks: Iterable[bytes]) -> Piece:
        """A new file with these bytes; a refusal half way leaves no file."""
        name = secrets.token_hex(16)
        path = self.bodies / name
        size = 0
        try:
            with path.open("wb") as file:
                for block in blocks:
                    size += file.write(block)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Piece(name, size)

    def read_body(self, body: str, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` to `end` (excluded); files are opened at once, so that a later delete is harmless."""
        wanted = []
        at = 0
        for piece in pieces(body):
            low, high = max(start, at), min(end, at + piece.size)
            if low < high:
                wanted.append(((self.bodies / piece.name).open("rb"), low - at, high - low))
            at += piece.size
        return _read(wanted)

    def link_body(self, body: str) -> str:
        """A second name for the same bytes, so that each version owns its files."""
        copies = []
        for piece in pieces(body):
            name = secrets.token_hex(16)
            os.link(self.bodies / piece.name, self.bodies / name)
            copies.append(Piece(name, piece.size))
        return dumped(copies)

    def drop_body(self, body: str) -> None:
        """Remove a body's files, unless a snapshot may still want them."""
        if self._saved:
            return
        for piece in pieces(body):
            (self.bodies / piece.name).unlink(missing_ok=True)

    def save(self, name: str) -> None:
        """A named snapshot in memory: metadata copied, bodies kept from now on."""
        with self.lock:
            self._saved[name] = self._copy()

    def _copy(self) -> sqlite3.Connection:
        """In memory. Not `serialize`: it keeps the flag of the write-ahead log, which no memory database opens."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.backup(copy)
        return copy

    def frozen(self) -> "Store":
        """A copy of the metadata as it is now, in memory, over the same bodies."""
        copy = Store(self.bodies.parent, in_memory=True)
        with self.lock:
            self._db.backup(copy._db)
        return copy

    def restore(self, name: str) -> None:
        """Back to a snapshot; KeyError when there is none of that name."""
        with self.lock:
            self._saved[name].backup(self._db)

    def clear(self) -> None:
        """Everything away, snapshots too."""
        tables = ("users", "keys", "buckets", "versions", "uploads", "parts", "usage", "settings", "things")
        with self.lock:
            self._saved.clear()
            for table in tables:
                self._db.execute(f"DELETE FROM {table}")
            shutil.rmtree(self.bodies)
            self.bodies.mkdir()

    def close(self) -> None:
        with self.lock:
            self._db.close()


def _read(wanted: Sequence[tuple[BinaryIO, int, int]]) -> Iterator[bytes]:
    """The bytes of (file, offset, count), one after the other."""
    for file, offset, count in wanted:
        with file:
            file.seek(offset)
            left = count
            while left > 0 and (block := file.read(min(left, READ_BLOCK))):
                left -= len(block)
                yield block


def pieces(body: str) -> list[Piece]:
    """The files of a stored body, in order."""
    return [Piece(name, size) for name, size in json.loads(body or "[]")]


def dumped(found: Iterable[Piece]) -> str:
    """The column value for these files."""
    return json.dumps([[piece.name, piece.size] for piece in found])
