"""The simulated region as a process: its files, its start, its end, and bodies as streaming clients send them."""

import hashlib
import hmac
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml

from lab.simulated.sigv4 import signing_key
from tests.lab.contract.place import Place
from tests.lab.contract.places import REPOSITORY, simulated_place
from tests.lab.contract.town import Town, town_on
from tests.lab.contract.wire import Keys


def test_the_region_file_is_the_slides_region_and_the_key_is_private(tmp_path: Path) -> None:
    with simulated_place(tmp_path) as place:
        region = yaml.safe_load((tmp_path / "region.yaml").read_text())
        platform = region["platforms"][0]
        assert [site["code"] for site in region["sites"]] == ["an", "pu", "mc"]
        assert {figures["storage_gib"] for figures in platform["totals_by_site"].values()} == {37252}
        assert platform["endpoints"] == {
            "api": place.endpoint,
            "data": place.endpoint,
            "mon": f"{place.endpoint}/mon",
        }
        credentials = Path(platform["credentials_file"])
        assert credentials.is_absolute()
        assert credentials.stat().st_mode & 0o777 == 0o600
        assert yaml.safe_load(credentials.read_text()).keys() == {
            "access_key", "secret_key", "rados_id", "rados_keyring",
        }  # fmt: skip


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    with simulated_place(tmp_path) as place:
        admin = place.admin()
        admin.create_user(uid="t$o", display_name="o", access_key="OWN", secret_key="s", generate_key=False)
        client = place.s3(Keys("OWN", "s"))
        client.create_bucket(Bucket="backup")
        client.put_object(Bucket="backup", Key="k", Body=b"kept")
    with simulated_place(tmp_path) as place:
        client = place.s3(Keys("OWN", "s"))
        assert client.get_object(Bucket="backup", Key="k")["Body"].read() == b"kept"


def test_it_is_ready_soon_and_ends_when_asked(tmp_path: Path) -> None:
    began = time.monotonic()
    command = [sys.executable, "-m", "lab.simulated", "--base", str(tmp_path), "--port", "0"]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "ready" in process.stdout.readline()
    # Two seconds on an idle machine are the promise; a loaded one gets more.
    assert time.monotonic() - began < 10
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def town(simulated: Place) -> Iterator[Town]:
    with town_on(simulated) as made:
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
def uploader(simulated: Place, town: Town) -> Uploader:
    found = simulated.admin().get_user(uid=town.uid("writer"))["keys"][0]
    return Uploader(town, Keys(found["access_key"], found["secret_key"]))


@pytest.mark.parametrize("payload", ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_a_chunked_body_is_stored_without_its_framing(town: Town, uploader: Uploader, payload: str) -> None:
    content = os.urandom(200_000)
    assert uploader.put(payload, content) == 200
    assert town.restore.get_object(Bucket="backup", Key="chunked")["Body"].read() == content


def test_a_chunk_changed_on_its_way_is_refused_and_stores_nothing(town: Town, uploader: Uploader) -> None:
    before = town.restore.list_object_versions(Bucket="backup").get("Versions", [])
    assert uploader.put("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", os.urandom(1000), spoil=True) == 403
    assert town.restore.list_object_versions(Bucket="backup").get("Versions", []) == before


def test_sixteen_writers_at_once_lose_nothing(town: Town) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as threads:
        put = lambda number: town.writer.put_object(Bucket="backup", Key=f"many/{number:03}", Body=bytes(number))  # noqa: E731
        list(threads.map(put, range(100)))
    listed = town.restore.list_objects_v2(Bucket="backup", Prefix="many/")["Contents"]
    assert [one["Size"] for one in listed] == list(range(100))
