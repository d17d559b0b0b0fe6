"""S3 multipart uploads: parts are files, and the finished object is the list of them; nothing is copied."""

import hashlib
import json
import secrets
import sqlite3
import string

from lab.simulated import clock, quota
from lab.simulated.buckets import Bucket
from lab.simulated.calls import Call, require
from lab.simulated.chunked import body_length
from lab.simulated.errors import Refused
from lab.simulated.ranges import span_of
from lab.simulated.s3_buckets import XML
from lab.simulated.s3_lists import encoder, max_keys, owner_shown
from lab.simulated.s3_objects import copy_source, kept_headers, receive, stored, version_header
from lab.simulated.s3_public import refuse_upload
from lab.simulated.store import dumped, pieces
from lab.simulated.versions import Version
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, group, parsed, tag, text

# S3's least size of every part but the last.
MIN_PART = 5 << 20


def create_upload(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:PutObject", call.key)
    alphabet = string.ascii_letters + string.digits + "-_"
    upload = "2~" + "".join(secrets.choice(alphabet) for _ in range(31))
    headers = kept_headers(call)
    call.store.run(
        "INSERT INTO uploads (id, bucket, key, owner, started, headers) VALUES (?, ?, ?, ?, ?, ?)",
        upload, bucket.id, call.key, call.uid or "", clock.iso_us(clock.now()), json.dumps(headers),
    )  # fmt: skip
    parts = [*_named(bucket), tag("Key", call.key), tag("UploadId", upload)]
    return Answer(200, document("InitiateMultipartUploadResult", parts), XML)


def put_part(call: Call) -> Answer:
    """Also a copied part; sending a number again replaces it."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutObject", call.key)
    refuse_upload(bucket)
    number = call.request.query["partNumber"]
    if not number.isdecimal() or not 1 <= int(number) <= 10_000:
        raise Refused("InvalidArgument")
    upload = _upload(call, bucket)
    if call.header("x-amz-copy-source"):
        return _copied_part(call, upload["id"], int(number))
    quota.check(call.store, bucket, body_length(call.request))
    piece, etag = receive(call)
    _store_part(call, upload["id"], int(number), piece.size, etag, dumped([piece]))
    return Answer(200, b"", {"ETag": f'"{etag}"', "Accept-Ranges": "bytes"})


def _copied_part(call: Call, upload: str, number: int) -> Answer:
    _, version = copy_source(call)
    span = span_of(call.header("x-amz-copy-source-range"), version.size)
    md5 = hashlib.md5(usedforsecurity=False)
    blocks = list(call.store.read_body(version.body, span.start, span.end))
    for block in blocks:
        md5.update(block)
    piece = call.store.write_body(blocks)
    _store_part(call, upload, number, piece.size, md5.hexdigest(), dumped([piece]))
    parts = [tag("LastModified", clock.iso_ms(clock.now())), tag("ETag", md5.hexdigest())]
    return Answer(200, document("CopyPartResult", parts), XML)


def _store_part(call: Call, upload: str, number: int, size: int, etag: str, body: str) -> None:
    with call.store.transaction():
        old = call.store.one("SELECT body FROM parts WHERE upload = ? AND number = ?", upload, number)
        if old:
            call.store.drop_body(old["body"])
        call.store.run(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
            upload, number, size, etag, clock.iso_us(clock.now()), body,
        )  # fmt: skip


def complete_upload(call: Call) -> Answer:
    """Repeating it gives the same answer: a client whose first answer was lost must not lose its backup."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutObject", call.key)
    upload = _upload(call, bucket, finished=True)
    if upload["done"]:
        return _completed(call, bucket, upload["done"])
    chosen = _chosen(call, upload["id"])
    digest = hashlib.md5(b"".join(bytes.fromhex(part["etag"]) for part in chosen), usedforsecurity=False)
    etag = f"{digest.hexdigest()}-{len(chosen)}"
    size = sum(part["size"] for part in chosen)
    body = dumped(piece for part in chosen for piece in pieces(part["body"]))
    # The parts stop counting as unfinished before the object starts to count, or the quota would see both.
    kept = {part["number"] for part in chosen}
    for part in _parts(call, upload["id"]):
        if part["number"] not in kept:
            call.store.drop_body(part["body"])
    call.store.run("DELETE FROM parts WHERE upload = ?", upload["id"])
    new = Version(call.key, "", False, size, etag, "", upload["owner"], body, json.loads(upload["headers"]))
    new = stored(call, new)
    call.store.run("UPDATE uploads SET done = ? WHERE id = ?", etag, upload["id"])
    return _completed(call, bucket, etag, new)


def _completed(call: Call, bucket: Bucket, etag: str, new: Version | None = None) -> Answer:
    host = call.header("host")
    where = f"{bucket.tenant}:{bucket.name}" if bucket.tenant else bucket.name
    location = tag("Location", f"http://{host}/{where}/{call.key}")
    parts = [location, *_named(bucket), tag("Key", call.key), tag("ETag", etag)]
    headers = XML | (version_header(new) if new else {})
    return Answer(200, document("CompleteMultipartUploadResult", parts), headers)


def _chosen(call: Call, upload: str) -> list[sqlite3.Row]:
    """The parts that the client names, in number order; Refused InvalidPart, EntityTooSmall."""
    there = {part["number"]: part for part in _parts(call, upload)}
    chosen = []
    for one in parsed(call.body()).findall("Part"):
        number = text(one, "PartNumber")
        part = there.get(int(number)) if number.isdecimal() else None
        if part is None or text(one, "ETag").strip('"') != part["etag"]:
            raise Refused("InvalidPart")
        chosen.append(part)
    if not chosen:
        raise Refused("MalformedXML")
    chosen.sort(key=lambda part: int(part["number"]))
    if any(part["size"] < MIN_PART for part in chosen[:-1]):
        raise Refused("EntityTooSmall")
    return chosen


def abort_upload(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:AbortMultipartUpload", call.key)
    upload = _upload(call, bucket)
    for part in _parts(call, upload["id"]):
        call.store.drop_body(part["body"])
    call.store.run("DELETE FROM parts WHERE upload = ?", upload["id"])
    call.store.run("DELETE FROM uploads WHERE id = ?", upload["id"])
    return Answer(204)


def list_parts(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:ListMultipartUploadParts", call.key)
    upload = _upload(call, bucket, missing="NoSuchKey")
    limit = max_keys(call, "max-parts")
    marker = int(call.request.query.get("part-number-marker") or 0)
    parts = [part for part in _parts(call, upload["id"]) if part["number"] > marker]
    page = parts[:limit]
    shown = [
        *_named(bucket),
        tag("Key", call.key),
        tag("UploadId", upload["id"]),
        tag("StorageClass", "STANDARD"),
        tag("PartNumberMarker", marker),
        tag("NextPartNumberMarker", page[-1]["number"] if page else 0),
        tag("MaxParts", limit),
        tag("IsTruncated", str(len(parts) > limit).lower()),
        # RGW leaves the owner empty here (recorded).
        group("Owner", [tag("ID", ""), tag("DisplayName", "")]),
        *(_part(part) for part in page),
    ]
    return Answer(200, document("ListPartsResult", shown), XML)


def list_uploads(call: Call) -> Answer:
    """All of them on one page up to 1,000; keys in order."""
    bucket = call.bucket()
    require(call, bucket, "s3:ListBucketMultipartUploads")
    limit, prefix = max_keys(call, "max-uploads"), call.request.query.get("prefix", "")
    key_marker = call.request.query.get("key-marker", "")
    sql = "SELECT * FROM uploads WHERE bucket = ? AND done = '' AND key > ? ORDER BY key, id"
    rows = [row for row in call.store.all(sql, bucket.id, key_marker) if row["key"].startswith(prefix)]
    page, shown = rows[:limit], encoder(call)
    parts = [*_named(bucket)]
    if page:
        parts += [tag("NextKeyMarker", page[-1]["key"]), tag("NextUploadIdMarker", page[-1]["id"])]
    parts += [tag("MaxUploads", limit), tag("IsTruncated", str(len(rows) > limit).lower())]
    for row in page:
        owner = owner_shown(call.store, row["owner"])
        initiator = owner.replace("<Owner>", "<Initiator>").replace("</Owner>", "</Initiator>")
        named = [tag("Key", shown(row["key"])), tag("UploadId", row["id"]), initiator, owner]
        started = clock.iso_ms(clock.parsed(row["started"]))
        parts.append(group("Upload", [*named, tag("StorageClass", "STANDARD"), tag("Initiated", started)]))
    return Answer(200, document("ListMultipartUploadsResult", parts), XML)


def _upload(call: Call, bucket: Bucket, missing: str = "NoSuchUpload", finished: bool = False) -> sqlite3.Row:
    sql = "SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?"
    row = call.store.one(sql, call.request.query["uploadId"], bucket.id, call.key)
    if row is None or (row["done"] and not finished):
        raise Refused(missing)
    return row


def _parts(call: Call, upload: str) -> list[sqlite3.Row]:
    return call.store.all("SELECT * FROM parts WHERE upload = ? ORDER BY number", upload)


def _part(part: sqlite3.Row) -> str:
    modified = clock.iso_ms(clock.parsed(part["modified"]))
    etag = tag("ETag", f'"{part["etag"]}"')
    return group(
        "Part", [tag("LastModified", modified), tag("PartNumber", part["number"]), etag, tag("Size", part["size"])]
    )


def _named(bucket: Bucket) -> list[str]:
    return [*([tag("Tenant", bucket.tenant)] if bucket.tenant else []), tag("Bucket", bucket.name)]
