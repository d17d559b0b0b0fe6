"""Bodies in chunks, as minio-go (restic) and newer SDKs send them, on the simulated region and on the real one."""

import hashlib
import hmac
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection

import pytest

from lab.simulated.sigv4 import signing_key
from tests.lab.contract.place import Place
from tests.lab.contract.town import Town, town_on
from tests.lab.contract.wire import Keys

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture(scope="module")
def town(region: Place) -> Iterator[Town]:
    with town_on(region) as made:
        yield made


class Uploader:
    """PUT of one object in signed or unsigned chunks, as minio-go and newer SDKs send them."""

    def __init__(self, town: Town, keys: Keys) -> None:
        self.town, self.keys = town, keys
        self.stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.stamp[:8]}/marche/s3/aws4_request"

    def put(self, payload: str, content: bytes, *, spoil: bool = False) -> int:
        host = self.town.place.endpoint.removeprefix("http://")
        headers = {
            "host": host,
            "x-amz-content-sha256": payload,
            "x-amz-date": self.stamp,
            "x-amz-decoded-content-length": str(len(content)),
        }
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"PUT\n/backup/chunked\n\n{lines}\n{names}\n{payload}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        signature = self._sign(f"AWS4-HMAC-SHA256\n{self.stamp}\n{self.scope}\n{hashed}")
        credential = f"Credential={self.keys.access_key}/{self.scope}"
        headers["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
        body = self._signed(content, signature, spoil) if payload.endswith("PAYLOAD") else self._unsigned(content)
        connection = HTTPConnection(host, timeout=10)
        connection.request("PUT", "/backup/chunked", body=body, headers=headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def _sign(self, text: str) -> str:
        return hmac.new(signing_key(self.keys.secret_key, self.scope), text.encode(), hashlib.sha256).hexdigest()

    def _signed(self, content: bytes, previous: str, spoil: bool) -> bytes:
        sent = b""
        for chunk in [content[at : at + 65536] for at in range(0, len(content), 65536)] + [b""]:
            empty, hashed = hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()
            head = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.stamp}\n{self.scope}"
            previous = self._sign(f"{head}\n{previous}\n{empty}\n{hashed}")
            data = chunk[::-1] if spoil else chunk
            sent += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + data + b"\r\n"
        return sent

    def _unsigned(self, content: bytes) -> bytes:
        return f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"


@pytest.fixture
def uploader(region: Place, town: Town) -> Uploader:
    found = region.admin().get_user(uid=town.uid("writer"))["keys"][0]
    return Uploader(town, Keys(found["access_key"], found["secret_key"]))


def test_a_body_in_signed_chunks_is_stored_without_its_framing(town: Town, uploader: Uploader) -> None:
    content = os.urandom(200_000)
    assert uploader.put(SIGNED, content) == 200
    assert town.restore.get_object(Bucket="backup", Key="chunked")["Body"].read() == content


def test_a_chunk_changed_on_its_way_is_refused_and_stores_nothing(town: Town, uploader: Uploader) -> None:
    before = town.restore.list_object_versions(Bucket="backup").get("Versions", [])
    # The real gateway says 403 in the middle of a body and 400 at its end.
    assert uploader.put(SIGNED, os.urandom(1000), spoil=True) in (400, 403)
    assert town.restore.list_object_versions(Bucket="backup").get("Versions", []) == before


def test_a_body_in_unsigned_chunks_is_refused_by_this_release(town: Town, uploader: Uploader) -> None:
    assert uploader.put(UNSIGNED, os.urandom(1000)) == 400
