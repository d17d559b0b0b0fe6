"""Multipart calls of the recorded scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.contract.scenario import Stage

KEY = "/backup/big"
FIVE_MIB = 5 << 20


def finish(*parts: tuple[int, str]) -> bytes:
    inner = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts)
    return f"<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>".encode()


def play(stage: Stage) -> None:
    started = stage.call("create_upload", "by the writer", "writer", "POST", KEY, {"uploads": ""})
    stage.call("create_upload", "by the restore key", "restore", "POST", KEY, {"uploads": ""})
    upload = {"uploadId": stage.found(started, "UploadId")}
    first = _part(stage, "a first part", "1", upload, b"a" * FIVE_MIB)
    last = _part(stage, "a last part", "2", upload, b"bb")
    _part(stage, "of an unknown upload", "1", {"uploadId": "2~none"}, b"x")
    stage.call("list_parts", "two", "writer", "GET", KEY, upload)
    stage.call("list_parts", "a page", "writer", "GET", KEY, {**upload, "max-parts": "1"})
    stage.call("list_parts", "of an unknown upload", "writer", "GET", KEY, {"uploadId": "2~none"})
    stage.call("list_uploads", "one", "writer", "GET", "/backup", {"uploads": ""})
    wrong = finish((1, '"wrong"'), (2, last))
    stage.call("complete_upload", "with a wrong part", "writer", "POST", KEY, upload, wrong)
    whole = finish((1, first), (2, last))
    stage.call("complete_upload", "two parts", "writer", "POST", KEY, upload, whole)
    stage.call("complete_upload", "again", "writer", "POST", KEY, upload, whole)
    across = {"range": f"bytes={FIVE_MIB - 2}-{FIVE_MIB + 1}"}
    stage.call("get_object", "across two parts", "restore", "GET", KEY, headers=across)
    stage.call("list_uploads", "none", "writer", "GET", "/backup", {"uploads": ""})
    _small_and_aborted(stage)


def _part(stage: Stage, label: str, number: str, upload: dict[str, str], body: bytes) -> str:
    answer = stage.call("put_part", label, "writer", "PUT", KEY, {"partNumber": number, **upload}, body)
    return answer.headers.get("etag", "")


def _small_and_aborted(stage: Stage) -> None:
    started = stage.call("create_upload", "another", "writer", "POST", KEY, {"uploads": ""})
    upload = {"uploadId": stage.found(started, "UploadId")}
    etags = [_part(stage, f"small part {number}", str(number), upload, b"x") for number in (1, 2)]
    small = finish((1, etags[0]), (2, etags[1]))
    stage.call("complete_upload", "with a small first part", "writer", "POST", KEY, upload, small)
    stage.call("abort_upload", "there", "writer", "DELETE", KEY, upload)
    stage.call("abort_upload", "not there", "writer", "DELETE", KEY, upload)
