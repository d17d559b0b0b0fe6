"""Buckets: found within a tenant, made, emptied only by hand, counted."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.simulated import clock
from lab.simulated.errors import Refused
from lab.simulated.store import Store

# What `GET ?location` answers: the name of the only zone group, as in the lab's real cluster.
ZONEGROUP = "marche"
# Quotas and "actual" sizes count whole 4 KiB blocks, as BlueStore allocates.
BLOCK = 4096


@dataclass(frozen=True)
class Bucket:
    """One bucket; `settings` holds versioning, lock, lifecycle, policy, tags and the public access block."""

    id: str
    tenant: str
    name: str
    owner: str
    created: str
    placement: str
    size: int
    size_actual: int
    objects: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def versioned(self) -> bool:
        return self.settings.get("versioning") == "Enabled"

    @property
    def locked(self) -> bool:
        return "lock" in self.settings

    def blocks(self, what: str) -> bool:
        """That switch of its public access block is on."""
        return what in self.settings.get("public_access", "").split()


def split_name(given: str, tenant: str) -> tuple[str, str]:
    """(tenant, bucket) of `name` or `tenant:name` as the caller of `tenant` writes it."""
    other, colon, name = given.partition(":")
    return (other, name) if colon else (tenant, given)


def find_bucket(store: Store, tenant: str, name: str) -> Bucket | None:
    row = store.one("SELECT * FROM buckets WHERE tenant = ? AND name = ?", tenant, name)
    return _loaded(row) if row else None


def get_bucket(store: Store, tenant: str, name: str) -> Bucket:
    """The bucket; Refused NoSuchBucket."""
    bucket = find_bucket(store, tenant, name)
    if bucket is None:
        raise Refused("NoSuchBucket")
    return bucket


def buckets_of(store: Store, owner: str) -> list[Bucket]:
    return [_loaded(row) for row in store.all("SELECT * FROM buckets WHERE owner = ? ORDER BY name", owner)]


def all_buckets(store: Store) -> list[Bucket]:
    return [_loaded(row) for row in store.all("SELECT * FROM buckets ORDER BY tenant, name")]


def make_bucket(store: Store, tenant: str, name: str, owner: str, placement: str, lock: bool) -> Bucket:
    """A new, empty bucket; object lock can only be switched on now, and brings versioning with it."""
    settings = {"versioning": "Enabled", "lock": ""} if lock else {}
    created = clock.iso_us(clock.now())
    bucket = Bucket(f"sim.{secrets.token_hex(8)}", tenant, name, owner, created, placement, 0, 0, 0, settings)
    store.run(
        "INSERT INTO buckets (id, tenant, name, owner, created, placement, settings) VALUES (?, ?, ?, ?, ?, ?, ?)",
        bucket.id, tenant, name, owner, created, placement, json.dumps(settings),
    )  # fmt: skip
    return bucket


def set_setting(store: Store, bucket: Bucket, name: str, value: str | None) -> None:
    """Put one setting, or take it away with None."""
    settings = {key: kept for key, kept in bucket.settings.items() if key != name}
    if value is not None:
        settings[name] = value
    store.run("UPDATE buckets SET settings = ? WHERE id = ?", json.dumps(settings), bucket.id)


def remove_bucket(store: Store, bucket: Bucket) -> None:
    """Refused BucketNotEmpty while any version or marker is left."""
    if store.one("SELECT 1 FROM versions WHERE bucket = ? LIMIT 1", bucket.id):
        raise Refused("BucketNotEmpty")
    purge_bucket(store, bucket)


def purge_bucket(store: Store, bucket: Bucket) -> None:
    """Everything in it and itself, locked or not: what the admin API's purge does."""
    for row in store.all("SELECT body FROM versions WHERE bucket = ?", bucket.id):
        store.drop_body(row["body"])
    uploads = "SELECT id FROM uploads WHERE bucket = ?"
    for row in store.all(f"SELECT body FROM parts WHERE upload IN ({uploads})", bucket.id):
        store.drop_body(row["body"])
    store.run(f"DELETE FROM parts WHERE upload IN ({uploads})", bucket.id)
    store.run("DELETE FROM uploads WHERE bucket = ?", bucket.id)
    store.run("DELETE FROM versions WHERE bucket = ?", bucket.id)
    store.run("DELETE FROM buckets WHERE id = ?", bucket.id)


def count(store: Store, bucket_id: str, size: int, objects: int) -> None:
    """Add to (or, with negative `objects`, take from) the bucket's counters; old versions count, markers do not."""
    actual = rounded(size) if objects >= 0 else -rounded(-size)
    store.run(
        "UPDATE buckets SET size = size + ?, size_actual = size_actual + ?, objects = objects + ? WHERE id = ?",
        size, actual, objects, bucket_id,
    )  # fmt: skip


def rounded(size: int) -> int:
    """Bytes in whole blocks."""
    return -(-size // BLOCK) * BLOCK


def stats_shown(size: int, actual: int, objects: int) -> dict[str, int]:
    """The `rgw.main` document of Admin Ops; KiB are rounded up."""
    return {
        "size": size,
        "size_actual": actual,
        "size_utilized": size,
        "size_kb": -(-size // 1024),
        "size_kb_actual": -(-actual // 1024),
        "size_kb_utilized": -(-size // 1024),
        "num_objects": objects,
    }


def valid_name(name: str) -> bool:
    """S3's strict names: 3 to 63 of `a-z0-9.-`, ends included in `a-z0-9`."""
    inner = name.replace("-", "a").replace(".", "a")
    plain = inner.isascii() and inner.isalnum() and inner == inner.lower()
    return 3 <= len(name) <= 63 and plain and name[0].isalnum() and name[-1].isalnum()


def _loaded(row: sqlite3.Row) -> Bucket:
    return Bucket(
        row["id"], row["tenant"], row["name"], row["owner"], row["created"], row["placement"],
        row["size"], row["size_actual"], row["objects"], json.loads(row["settings"]),
    )  # fmt: skip
