"""S3 listings: keys (both protocols) and versions, with prefix, delimiter and pages, in byte order."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from lab.simulated import clock
from lab.simulated.buckets import Bucket
from lab.simulated.calls import Call, require
from lab.simulated.errors import Refused
from lab.simulated.s3_buckets import XML
from lab.simulated.store import Store
from lab.simulated.users import find_user
from lab.simulated.versions import Version, loaded
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, group, tag

MAX_KEYS = 1000
_CURRENT = "SELECT * FROM versions WHERE bucket = ? AND latest = 1 AND marker = 0 AND key {} ? ORDER BY key LIMIT ?"
_EVERY = (
    "SELECT * FROM versions WHERE bucket = ? AND (key {} ? OR (key = ? AND seq < ?)) ORDER BY key, seq DESC LIMIT ?"
)


@dataclass
class Page:
    """What one listing found; `last` is where the next one goes on, empty at the end."""

    found: list[Version] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    last_version: str = ""
    truncated: bool = False


@dataclass(frozen=True)
class Cursor:
    """After this key (or from it on, when `included`), and below row `seq` of the same key."""

    key: str
    included: bool = False
    seq: int = 0


Fetch = Callable[[Cursor, int], list[sqlite3.Row]]


def list_objects(call: Call) -> Answer:
    """Version 1 and, with `list-type=2`, version 2."""
    bucket = call.bucket()
    require(call, bucket, "s3:ListBucket")
    query = call.request.query
    second = query.get("list-type") == "2"
    marker = (
        (query.get("continuation-token") or query.get("start-after", "")) if second else query.get("marker", "")
    )
    delimiter, prefix, limit = query.get("delimiter", ""), query.get("prefix", ""), max_keys(call, "max-keys")

    def fetch(at: Cursor, count: int) -> list[sqlite3.Row]:
        return call.store.all(_CURRENT.format(">=" if at.included else ">"), bucket.id, at.key, count)

    page = walk(fetch, after(marker, delimiter, prefix), prefix, delimiter, limit)
    shown = encoder(call)
    owners = not second or query.get("fetch-owner") == "true"
    parts = [*_head(call, bucket, limit), tag("IsTruncated", str(page.truncated).lower())]
    parts += [_contents(call.store, one, shown, owners) for one in page.found]
    parts += [group("CommonPrefixes", [tag("Prefix", shown(one).replace("%2F", "/"))]) for one in page.prefixes]
    parts += _second_tail(call, page) if second else _first_tail(marker, page)
    return Answer(200, document("ListBucketResult", parts), XML)


def list_versions(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:ListBucketVersions")
    query = call.request.query
    delimiter, prefix, limit = query.get("delimiter", ""), query.get("prefix", ""), max_keys(call, "max-keys")
    key_marker, version_marker = query.get("key-marker", ""), query.get("version-id-marker", "")

    def fetch(at: Cursor, count: int) -> list[sqlite3.Row]:
        sql = _EVERY.format(">=" if at.included else ">")
        return call.store.all(sql, bucket.id, at.key, at.key, at.seq, count)

    start = after(key_marker, delimiter, prefix)
    if version_marker:
        sql = "SELECT seq FROM versions WHERE bucket = ? AND key = ? AND version = ?"
        start = Cursor(key_marker, seq=call.store.number(sql, bucket.id, key_marker, version_marker))
    page = walk(fetch, start, prefix, delimiter, limit)
    shown = encoder(call)
    parts = [*_head(call, bucket, limit), tag("IsTruncated", str(page.truncated).lower())]
    parts += [tag("KeyMarker", key_marker), tag("VersionIdMarker", version_marker)]
    if page.truncated:
        parts += [tag("NextKeyMarker", page.last), tag("NextVersionIdMarker", page.last_version)]
    parts += [_version(call.store, one, shown) for one in page.found]
    parts += [group("CommonPrefixes", [tag("Prefix", shown(one).replace("%2F", "/"))]) for one in page.prefixes]
    return Answer(200, document("ListVersionsResult", parts), XML)


def walk(fetch: Fetch, at: Cursor, prefix: str, delimiter: str, limit: int) -> Page:
    """Rows in order from `at`; a common prefix counts as one and everything below it is jumped over."""
    page = Page()
    if prefix > at.key:
        at = Cursor(prefix, included=True)
    while limit > 0 and (rows := fetch(at, limit + 1)):
        for row in rows:
            key = row["key"]
            if not key.startswith(prefix):
                return page
            if len(page.found) + len(page.prefixes) == limit:
                page.truncated = True
                return page
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                common = key[: cut + len(delimiter)]
                page.prefixes.append(common)
                page.last, page.last_version = common, ""
                at = Cursor(successor(common), included=True)
                break
            page.found.append(loaded(row))
            page.last, page.last_version = key, row["version"]
            at = Cursor(key, seq=row["seq"])
    return page


def after(marker: str, delimiter: str, prefix: str) -> Cursor:
    """A marker that is itself a common prefix stands for everything below it."""
    if delimiter and marker.endswith(delimiter) and len(marker) > len(prefix):
        return Cursor(successor(marker), included=True)
    return Cursor(marker)


def successor(prefix: str) -> str:
    """The first key after all that begin with `prefix`; its last character is never the highest code point."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def max_keys(call: Call, name: str) -> int:
    given = call.request.query.get(name) or str(MAX_KEYS)
    if not given.isdecimal():
        raise Refused("InvalidArgument")
    return min(int(given), MAX_KEYS)


def encoder(call: Call) -> Callable[[str], str]:
    if call.request.query.get("encoding-type") == "url":
        return lambda key: quote(key, safe="-_.~")
    return lambda key: key


def _head(call: Call, bucket: Bucket, limit: int) -> list[str]:
    query = call.request.query
    parts = [tag("EncodingType", "url")] if query.get("encoding-type") == "url" else []
    parts += [tag("Tenant", bucket.tenant)] if bucket.tenant else []
    parts += [tag("Name", bucket.name), tag("Prefix", query.get("prefix", "")), tag("MaxKeys", limit)]
    return parts + ([tag("Delimiter", query["delimiter"])] if query.get("delimiter") else [])


def _first_tail(marker: str, page: Page) -> list[str]:
    return [tag("Marker", marker), *([tag("NextMarker", page.last)] if page.truncated else [])]


def _second_tail(call: Call, page: Page) -> list[str]:
    query = call.request.query
    parts = [tag("NextContinuationToken", page.last)] if page.truncated else []
    parts.append(tag("KeyCount", len(page.found) + len(page.prefixes)))
    for parameter, name in (("continuation-token", "ContinuationToken"), ("start-after", "StartAfter")):
        if query.get(parameter):
            parts.append(tag(name, query[parameter]))
    return parts


def owner_shown(store: Store, uid: str) -> str:
    user = find_user(store, uid)
    return group("Owner", [tag("ID", uid), tag("DisplayName", user.display_name if user else "")])


def _contents(store: Store, version: Version, shown: Callable[[str], str], owners: bool) -> str:
    owner = [owner_shown(store, version.owner)] if owners else []
    parts = [tag("Key", shown(version.key)), tag("LastModified", clock.iso_ms(version.written)), *_what(version)]
    return group("Contents", [*parts, *owner, tag("Type", "Normal")])


def _version(store: Store, version: Version, shown: Callable[[str], str]) -> str:
    parts = [
        tag("Key", shown(version.key)),
        tag("VersionId", version.version),
        tag("IsLatest", str(version.latest).lower()),
        tag("LastModified", clock.iso_ms(version.written)),
        *([] if version.marker else _what(version)),
        owner_shown(store, version.owner),
        tag("Type", "Normal"),
    ]
    return group("DeleteMarker" if version.marker else "Version", parts)


def _what(version: Version) -> list[str]:
    return [tag("ETag", f'"{version.etag}"'), tag("Size", version.size), tag("StorageClass", "STANDARD")]
