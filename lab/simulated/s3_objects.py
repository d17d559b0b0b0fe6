"""S3 on objects: put, get, head, delete one or many, copy."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from lab.simulated import buckets, clock, locks, quota, versions
from lab.simulated.buckets import Bucket
from lab.simulated.calls import Call, require
from lab.simulated.chunked import body_length
from lab.simulated.errors import Refused
from lab.simulated.ranges import Span, span_of
from lab.simulated.reading import readable
from lab.simulated.s3_buckets import XML, acl_of
from lab.simulated.s3_public import refuse_upload
from lab.simulated.store import Piece, dumped
from lab.simulated.versions import ACL, NULL, Version
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, group, parsed, tag, text

# Request headers that are kept with the object; all but the ACL are given back.
KEPT = (
    ACL,
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
)
# S3's limit for one multi-delete.
MAX_DELETES = 1000


def put_object(call: Call) -> Answer:
    """Permission and quota, then the body to disk, then one row; quota again with the size that really came."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutObject", call.key)
    refuse_upload(bucket)
    if call.header("x-amz-storage-class", "STANDARD") != "STANDARD":
        raise Refused("InvalidArgument")
    quota.check(call.store, bucket, body_length(call.request))
    piece, etag = receive(call)
    new = Version(call.key, "", False, piece.size, etag, "", call.uid or "", dumped([piece]), kept_headers(call))
    new = stored(call, new)
    return Answer(200, b"", {"ETag": f'"{etag}"', "Accept-Ranges": "bytes", **version_header(new)})


def receive(call: Call) -> tuple[Piece, str]:
    """The body on disk and its MD5 in hex; Refused BadDigest when `Content-MD5` says otherwise."""
    md5 = hashlib.md5(usedforsecurity=False)

    def counted() -> Iterator[bytes]:
        for block in call.blocks():
            md5.update(block)
            yield block
        wanted = call.header("content-md5")
        if wanted and _decoded(wanted) != md5.digest():
            raise Refused("BadDigest")

    piece = call.store.write_body(counted())
    return piece, md5.hexdigest()


def stored(call: Call, new: Version) -> Version:
    """The version as it was added, with its id, its time and its lock; a refusal takes the body away again."""
    try:
        with call.store.transaction():
            bucket = call.bucket()
            quota.check(call.store, bucket, new.size)
            version = versions.new_id() if bucket.versioned else NULL
            new = replace(new, version=version, modified=clock.iso_us(clock.now()))
            new = locks.protected(call, bucket, new)
            versions.add(call.store, bucket, new)
    except Refused:
        call.store.drop_body(new.body)
        raise
    return new


def kept_headers(call: Call) -> dict[str, str]:
    found = {name: call.header(name) for name in KEPT if call.header(name)}
    # The framing of the request is not a property of the object.
    if "content-encoding" in found:
        encodings = [part for part in found["content-encoding"].split(",") if part.strip() != "aws-chunked"]
        found["content-encoding"] = ",".join(encodings).strip()
    found.update({k: v for k, v in call.request.headers.items() if k.startswith("x-amz-meta-")})
    return {name: value for name, value in found.items() if value}


def get_object(call: Call) -> Answer:
    version = _asked(call)
    span = span_of(call.header("range"), version.size)
    headers = shown_headers(call.request.query, version)
    headers["Content-Length"] = str(span.length)
    if span.partial:
        headers["Content-Range"] = span.header(version.size)
    return Answer(206 if span.partial else 200, _bytes(call, version, span), headers)


def head_object(call: Call) -> Answer:
    """As GET without the bytes; a range is answered with the range's length, as RGW does."""
    return replace(get_object(call), body=b"")


def _bytes(call: Call, version: Version, span: Span) -> bytes | Iterable[bytes]:
    if call.request.method == "HEAD" or span.length == 0:
        return b""
    return call.store.read_body(version.body, span.start, span.end)


def _asked(call: Call) -> Version:
    bucket = call.bucket()
    action = "s3:GetObjectVersion" if call.version else "s3:GetObject"
    version = readable(call, bucket, action)
    etag = f'"{version.etag}"'
    if call.header("if-match") and call.header("if-match") not in (etag, version.etag, "*"):
        raise Refused("PreconditionFailed")
    if call.header("if-none-match") in (etag, version.etag, "*"):
        raise NotModified
    return version


class NotModified(Exception):
    """A conditional read of what the caller has already: 304, no body."""


def shown_headers(query: Mapping[str, str], version: Version) -> dict[str, str]:
    headers = {
        "Accept-Ranges": "bytes",
        "Last-Modified": clock.http_date(version.written),
        **version_header(version),
        "x-rgw-object-type": "Normal",
        "ETag": f'"{version.etag}"',
        **locks.headers_of(version),
        "content-type": "binary/octet-stream",
        **{name: value for name, value in version.headers.items() if name != ACL},
    }
    for name, value in query.items():
        if name.startswith("response-"):
            headers[name.removeprefix("response-")] = value
    return headers


def version_header(version: Version) -> dict[str, str]:
    return {} if version.version == NULL else {"x-amz-version-id": version.version}


def delete_object(call: Call) -> Answer:
    marker, version = remove_one(call, call.bucket(), call.key, call.version)
    headers = {"x-amz-version-id": version} if version else {}
    return Answer(204, b"", {**headers, **({"x-amz-delete-marker": "true"} if marker else {})})


def remove_one(call: Call, bucket: Bucket, key: str, version: str) -> tuple[bool, str]:
    """(is it about a marker, version id). Without a version a versioned bucket only gets a marker on top."""
    if version:
        require(call, bucket, "s3:DeleteObjectVersion", key)
        old = versions.find(call.store, bucket, key, version)
        if old is None:
            return False, ""
        locks.check_delete(call, bucket, old)
        versions.remove(call.store, bucket, old)
        return old.marker, old.version
    require(call, bucket, "s3:DeleteObject", key)
    newest = versions.current(call.store, bucket, key)
    if "versioning" not in bucket.settings:
        if newest is not None:
            versions.remove(call.store, bucket, newest)
        return False, ""
    if newest is not None and newest.marker:
        # RGW adds no second marker on a marker (recorded).
        return False, ""
    return True, versions.add_marker(call.store, bucket, key, call.uid or "").version


def delete_objects(call: Call) -> Answer:
    """Each on its own: what is refused is listed, the rest is done."""
    bucket = call.bucket()
    root = parsed(call.body())
    quiet = text(root, "Quiet").lower() == "true"
    entries = []
    for one in root.findall("Object")[:MAX_DELETES]:
        key, version = text(one, "Key"), text(one, "VersionId")
        named = [tag("Key", key), *([tag("VersionId", version)] if version else [])]
        try:
            marker, made = remove_one(call, bucket, key, version)
        except Refused as refusal:
            entries.append(group("Error", [*named, tag("Code", refusal.code), tag("Message", refusal.code)]))
            continue
        if not quiet:
            shown = [tag("DeleteMarker", "true"), tag("DeleteMarkerVersionId", made)] if marker else []
            entries.append(group("Deleted", [*named, *shown]))
    return Answer(200, document("DeleteResult", entries), XML)


def copy_object(call: Call) -> Answer:
    """Reads with the caller's own rights, writes as any put; the copy owns its bytes."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutObject", call.key)
    source, version = copy_source(call)
    replaced = call.header("x-amz-metadata-directive").upper() == "REPLACE"
    if (source.id, version.key) == (bucket.id, call.key) and not replaced:
        raise Refused("InvalidRequest", _TO_ITSELF)
    quota.check(call.store, bucket, version.size)
    headers = kept_headers(call) if replaced else {**version.headers, ACL: call.header(ACL)}
    body = call.store.link_body(version.body)
    new = Version(call.key, "", False, version.size, version.etag, "", call.uid or "", body, headers)
    new = stored(call, new)
    parts = [tag("LastModified", clock.iso_ms(new.written)), tag("ETag", new.etag)]
    return Answer(200, document("CopyObjectResult", parts), XML)


def copy_source(call: Call) -> tuple[Bucket, Version]:
    """What `x-amz-copy-source` names: `[/][tenant:]bucket/key[?versionId=…]`."""
    path, _, query = call.header("x-amz-copy-source").partition("?")
    name, _, key = unquote(path).lstrip("/").partition("/")
    wanted = query.removeprefix("versionId=")
    source = buckets.get_bucket(call.store, *buckets.split_name(name, call.user.tenant if call.user else ""))
    action = "s3:GetObjectVersion" if wanted else "s3:GetObject"
    return source, readable(call, source, action, key, wanted)


def get_object_acl(call: Call) -> Answer:
    version = readable(call, call.bucket(), "s3:GetObjectAcl")
    return Answer(200, acl_of(call, version.owner), XML)


def get_object_tagging(call: Call) -> Answer:
    """Objects carry no tags here; clients ask all the same."""
    readable(call, call.bucket(), "s3:GetObjectTagging")
    return Answer(200, document("Tagging", [group("TagSet", [])]), XML)


def _decoded(given: str) -> bytes:
    try:
        return base64.b64decode(given, validate=True)
    except binascii.Error:
        raise Refused("BadDigest") from None


_TO_ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)
