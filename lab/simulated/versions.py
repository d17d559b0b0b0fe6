"""Versions of objects: rows that are only added and taken away, the newest of a key is what plain reads see."""

import json
import secrets
import sqlite3
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lab.simulated import buckets, clock
from lab.simulated.buckets import Bucket
from lab.simulated.store import Store

# The version of an object written while versioning was off or suspended.
NULL = "null"
# The canned ACL is kept among the headers of the upload and never given back with them.
ACL = "x-amz-acl"
_ALPHABET = string.ascii_letters + string.digits + "-_."


@dataclass(frozen=True)
class Version:
    """One version or delete marker; `until` is ISO text, empty for no retention; `hold` is ON, OFF or empty."""

    key: str
    version: str
    marker: bool
    size: int
    etag: str
    modified: str
    owner: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    lock_mode: str = ""
    lock_until: str = ""
    hold: str = ""
    latest: bool = True
    seq: int = 0

    @property
    def public(self) -> bool:
        """It was uploaded with an ACL for everybody. Grants by name are not known here."""
        return self.headers.get(ACL) in ("public-read", "public-read-write")

    @property
    def written(self) -> datetime:
        return clock.parsed(self.modified)


def new_id() -> str:
    """31 characters, as RGW's."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(31))


def current(store: Store, bucket: Bucket, key: str) -> Version | None:
    """The newest version, which may be a delete marker."""
    row = store.one("SELECT * FROM versions WHERE bucket = ? AND key = ? ORDER BY seq DESC LIMIT 1", bucket.id, key)
    return loaded(row) if row else None


def find(store: Store, bucket: Bucket, key: str, version: str) -> Version | None:
    """One version by its id, or the newest when `version` is empty."""
    if not version:
        return current(store, bucket, key)
    row = store.one("SELECT * FROM versions WHERE bucket = ? AND key = ? AND version = ?", bucket.id, key, version)
    return loaded(row) if row else None


def add(store: Store, bucket: Bucket, new: Version) -> None:
    """Make `new` the newest; the null version replaces an older null version."""
    if new.version == NULL:
        old = find(store, bucket, new.key, NULL)
        if old:
            remove(store, bucket, old)
    store.run("UPDATE versions SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1", bucket.id, new.key)
    store.run(
        "INSERT INTO versions (bucket, key, version, latest, marker, size, etag, modified, owner, body, headers,"
        " lock_mode, lock_until, hold) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        bucket.id, new.key, new.version, int(new.marker), new.size, new.etag, new.modified, new.owner, new.body,
        json.dumps(dict(new.headers)), new.lock_mode, new.lock_until, new.hold,
    )  # fmt: skip
    if not new.marker:
        buckets.count(store, bucket.id, new.size, 1)


def remove(store: Store, bucket: Bucket, old: Version) -> None:
    """For good; the one below it becomes the newest."""
    store.run("DELETE FROM versions WHERE bucket = ? AND key = ? AND version = ?", bucket.id, old.key, old.version)
    store.drop_body(old.body)
    if not old.marker:
        buckets.count(store, bucket.id, -old.size, -1)
    store.run(
        "UPDATE versions SET latest = 1 WHERE seq = (SELECT MAX(seq) FROM versions WHERE bucket = ? AND key = ?)",
        bucket.id, old.key,
    )  # fmt: skip


def add_marker(store: Store, bucket: Bucket, key: str, owner: str) -> Version:
    """A delete marker on top; a bucket whose versioning is suspended gets the null marker."""
    version = new_id() if bucket.versioned else NULL
    marker = Version(key, version, True, 0, "", clock.iso_us(clock.now()), owner, "")
    add(store, bucket, marker)
    return marker


def loaded(row: sqlite3.Row) -> Version:
    return Version(
        key=row["key"],
        version=row["version"],
        marker=bool(row["marker"]),
        size=row["size"],
        etag=row["etag"],
        modified=row["modified"],
        owner=row["owner"],
        body=row["body"],
        headers=json.loads(row["headers"]),
        lock_mode=row["lock_mode"],
        lock_until=row["lock_until"],
        hold=row["hold"],
        latest=bool(row["latest"]),
        seq=row["seq"],
    )
