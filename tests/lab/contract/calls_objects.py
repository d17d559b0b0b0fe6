"""S3 calls on objects of the recorded scenario."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.contract.scenario import Stage

KEY = "/backup/d/k.txt"


def play(stage: Stage) -> None:
    first = stage.call(
        "put_object", "a first version", "writer", "PUT", KEY, body=b"one", headers={"x-amz-meta-a": "b"}
    )
    second = stage.call("put_object", "a second version", "writer", "PUT", KEY, body=b"two")
    _read(stage, first.headers["x-amz-version-id"], second.headers["etag"])
    _write(stage)
    _lists(stage)
    _copy(stage)
    _delete(stage, second.headers["x-amz-version-id"])


def _read(stage: Stage, version: str, etag: str) -> None:
    stage.call("get_object", "the newest", "writer", "GET", KEY)
    stage.call("get_object", "an old version by the restore key", "restore", "GET", KEY, {"versionId": version})
    stage.call("get_object", "a range", "restore", "GET", KEY, headers={"range": "bytes=0-1"})
    stage.call("get_object", "the end", "restore", "GET", KEY, headers={"range": "bytes=-2"})
    stage.call("get_object", "past the end", "restore", "GET", KEY, headers={"range": "bytes=9-"})
    stage.call("get_object", "unchanged", "writer", "GET", KEY, headers={"if-none-match": etag})
    stage.call("get_object", "changed", "writer", "GET", KEY, headers={"if-match": '"x"'})
    stage.call("get_object", "not there", "restore", "GET", "/backup/none")
    stage.call("get_object", "a version not there", "restore", "GET", KEY, {"versionId": "none"})
    stage.call("get_object", "by another tenant", "stranger", "GET", f"/{stage.tenant}:backup/d/k.txt")
    stage.call("get_object", "not there, by another tenant", "stranger", "GET", f"/{stage.tenant}:backup/none")
    stage.call("get_object", "without a signature", "nobody", "GET", KEY)
    stage.call("head_object", "the newest", "writer", "HEAD", KEY)
    stage.call("head_object", "an old version", "restore", "HEAD", KEY, {"versionId": version})
    stage.call("head_object", "not there", "restore", "HEAD", "/backup/none")
    stage.call("get_object_acl", "by its writer", "writer", "GET", KEY, {"acl": ""})
    stage.call("get_object_acl", "by the bucket's owner", "owner", "GET", KEY, {"acl": ""})
    public = {"x-amz-acl": "public-read"}
    stage.call("put_object_acl", "by its writer", "writer", "PUT", KEY, {"acl": ""}, headers=public)
    stage.call("get_object", "public, without a signature", "nobody", "GET", f"/{stage.tenant}:backup/d/k.txt")
    private = {"x-amz-acl": "private"}
    stage.call("put_object_acl", "back again", "writer", "PUT", KEY, {"acl": ""}, headers=private)
    stage.call("get_object", "private, without a signature", "nobody", "GET", f"/{stage.tenant}:backup/d/k.txt")
    stage.call("put_object_acl", "by the bucket's owner", "owner", "PUT", KEY, {"acl": ""}, headers=public)
    stage.call("put_object_acl", "by the restore key", "restore", "PUT", KEY, {"acl": ""}, headers=public)
    stage.call("put_object_acl", "not there", "writer", "PUT", "/backup/none", {"acl": ""}, headers=public)
    stage.call("get_object_tagging", "none", "writer", "GET", KEY, {"tagging": ""})


def _write(stage: Stage) -> None:
    stage.call("put_object", "by the restore key", "restore", "PUT", "/backup/zz", body=b"x")
    stage.call("put_object", "in a bucket not there", "writer", "PUT", "/nothing/k", body=b"x")
    wrong = {"content-md5": base64.b64encode(hashlib.md5(b"y").digest()).decode()}
    stage.call("put_object", "with a wrong MD5", "writer", "PUT", "/backup/bad", body=b"x", headers=wrong)
    stage.call("put_object", "with a blank and an accent", "writer", "PUT", "/backup/a b/é+.txt", body=b"x")
    stage.call(
        "put_object",
        "of an unknown class",
        "writer",
        "PUT",
        "/backup/c",
        body=b"x",
        headers={"x-amz-storage-class": "NOPE"},
    )
    stage.call("put_object", "beside it", "writer", "PUT", "/backup/d/z", body=b"x")
    stage.call("put_object", "where nothing is versioned", "stranger", "PUT", "/backup/plain", body=b"x")


def _lists(stage: Stage) -> None:
    for route, base in (("list_objects", {}), ("list_objects_v2", {"list-type": "2"})):
        for label, who, query in (
            ("all", "writer", {}),
            ("encoded", "writer", {"encoding-type": "url"}),
            ("with owners", "writer", {"fetch-owner": "true"}),
            ("folders, a page", "writer", {"delimiter": "/", "max-keys": "1"}),
            ("below a prefix", "restore", {"prefix": "d/", "delimiter": "/"}),
            ("nothing below it", "restore", {"prefix": "zzz"}),
            ("from a key on", "restore", {"marker": "a", "start-after": "a", "max-keys": "1"}),
        ):
            stage.call(route, label, who, "GET", "/backup", {**base, **query})
        stage.call(route, "by another tenant", "stranger", "GET", f"/{stage.tenant}:backup", base)
        stage.call(route, "not there", "owner", "GET", "/nothing", base)
    stage.call("list_versions", "a page", "restore", "GET", "/backup", {"versions": "", "max-keys": "2"})
    stage.call("list_versions", "by the writer", "writer", "GET", "/backup", {"versions": ""})


def _copy(stage: Stage) -> None:
    source = {"x-amz-copy-source": "/backup/d/k.txt"}
    stage.call("copy_object", "within the bucket", "writer", "PUT", "/backup/copy", headers=source)
    stage.call(
        "copy_object", "of nothing", "writer", "PUT", "/backup/copy", headers={"x-amz-copy-source": "/backup/none"}
    )
    stage.call("copy_object", "onto itself", "writer", "PUT", KEY, headers=source)
    foreign = {"x-amz-copy-source": f"{stage.tenant}:backup/d/k.txt"}
    stage.call("copy_object", "out of another tenant", "stranger", "PUT", "/backup/stolen", headers=foreign)


def _delete(stage: Stage, version: str) -> None:
    stage.call("delete_object", "by the writer", "writer", "DELETE", KEY)
    stage.call("delete_object", "again", "writer", "DELETE", KEY)
    stage.call("delete_object", "never there", "writer", "DELETE", "/backup/never")
    stage.call("delete_object", "a version, by the writer", "writer", "DELETE", KEY, {"versionId": version})
    stage.call("delete_object", "where nothing is versioned", "stranger", "DELETE", "/backup/plain")
    stage.call("delete_object", "never there, not versioned", "stranger", "DELETE", "/backup/never")
    stage.call("get_object", "deleted", "writer", "GET", KEY)
    stage.call("get_object", "deleted, its version", "restore", "GET", KEY, {"versionId": version})
    stage.call("list_versions", "with a marker", "restore", "GET", "/backup", {"versions": ""})
    keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("copy", "d/k.txt", "never"))
    refused = f"<Object><Key>d/k.txt</Key><VersionId>{version}</VersionId></Object>"
    body = f"<Delete>{keys}{refused}</Delete>".encode()
    stage.call("delete_objects", "some refused", "writer", "POST", "/backup", {"delete": ""}, body)
    quiet = b"<Delete><Quiet>true</Quiet><Object><Key>d/z</Key></Object></Delete>"
    stage.call("delete_objects", "quietly", "writer", "POST", "/backup", {"delete": ""}, quiet)
    stage.call("delete_object", "a version, by the owner", "owner", "DELETE", KEY, {"versionId": version})
    stage.call("delete_bucket", "with versions in it", "owner", "DELETE", "/backup")
