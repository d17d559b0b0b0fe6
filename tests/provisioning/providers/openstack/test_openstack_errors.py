"""What OpenStack's refusals mean; that nothing is sent twice, and that none of it says a secret."""

import json
import logging
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from openstack.image.v2.image import Image

from provisioning.domain.errors import AlreadyExists, PermanentError, PlatformDown, TemporaryError
from provisioning.providers.image_file import PassingOnce, image_file
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere, Said, SignedOut, translate
from tests.provisioning.providers.openstack.conftest import platform

PASSWORD = "never-to-be-read-anywhere"


@pytest.mark.parametrize(
    ("status", "kind", "family", "reason"),
    [
        (404, "NetworkNotFound", NotThere, "NotThere"),
        (404, "itemNotFound", NotThere, "NotThere"),
        (404, "", TemporaryError, "PlatformBusy"),
        (429, "", TemporaryError, "PlatformBusy"),
        (413, "overLimit", TemporaryError, "PlatformBusy"),
        (502, "", PlatformDown, "PlatformUnavailable"),
        (503, "ServiceUnavailable", PlatformDown, "PlatformUnavailable"),
        (504, "", PlatformDown, "PlatformUnavailable"),
        (500, "computeFault", TemporaryError, "PlatformBusy"),
        (409, "OverQuota", PermanentError, "QuotaExceeded"),
        (409, "NetworkInUse", TemporaryError, "InUse"),
        (409, "Conflict", AlreadyExists, "AlreadyExists"),
        (409, "", TemporaryError, "PlatformBusy"),
        (401, "Unauthorized", SignedOut, "Forbidden"),
        (403, "forbidden", PermanentError, "Forbidden"),
        (400, "badRequest", PermanentError, "Refused"),
        (400, "", TemporaryError, "PlatformBusy"),
    ],
)
def test_each_answer_has_one_meaning(status: int, kind: str, family: type, reason: str) -> None:
    error = translate(Said("trying", status, kind))
    assert type(error) is family
    assert error.reason == reason


class Cut(BaseHTTPRequestHandler):
    """A cloud that signs everybody in and hangs up on every write, or answers as it was told to."""

    server: "CutServer"

    def do_GET(self) -> None:
        if self.path.startswith("/identity"):
            self._say(404, {"error": {"code": 404, "title": "Not Found"}})
        elif self.server.answer and self.path.endswith("/networks/mine"):
            self._send(*self.server.answer)
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v3/auth/tokens":
            self.server.writes.append(self.path)
            if self.server.answer:
                self._send(*self.server.answer)
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        endpoint = {"interface": "public", "region_id": "marche", "region": "marche", "id": "e"}
        address = f"http://127.0.0.1:{self.server.server_port}"
        catalog = [
            {"type": one, "id": "s", "name": "n", "endpoints": [{**endpoint, "url": f"{address}/{one}/v2"}]}
            for one in ("network", "image")
        ]
        times = {"issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2099-01-01T00:00:00.000000Z"}
        self._say(201, {"token": {"catalog": catalog, "methods": ["password"], "user": {"id": "u"}, **times}})

    def do_PUT(self) -> None:
        """The first time nobody is let in any more."""
        came = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send(204 if self.server.content else 401, b"")
        self.server.content.append(came)

    def _say(self, status: int, body: object) -> None:
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, text: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Subject-Token", "t")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class CutServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Cut)
        self.writes: list[str] = []
        self.content: list[bytes] = []
        self.answer: tuple[int, bytes] | None = None


@pytest.fixture
def cut_server() -> Iterator[CutServer]:
    server = CutServer()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_write_that_breaks_off_is_sent_once_and_may_have_been_done(cut_server: CutServer, tmp_path: Path) -> None:
    cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{cut_server.server_port}/v3", PASSWORD, region="marche"))
    with pytest.raises(PlatformDown) as caught, cloud.calling("making a network") as connection:
        connection.network.create_network(name="once")
    assert len(cut_server.writes) == 1
    assert not caught.value.unsent


def test_a_write_that_is_refused_for_now_is_sent_once_whatever_the_library_would_like(
    cut_server: CutServer, tmp_path: Path
) -> None:
    cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{cut_server.server_port}/v3", PASSWORD, region="marche"))
    cut_server.answer = (503, b"")
    with pytest.raises(PlatformDown), cloud.calling("making a network") as connection:
        connection.network.create_network(name="once")
    with pytest.raises(PlatformDown):
        cloud.send("making an image", "image", "post", "/images", json={})
    assert [path.split("/")[1] for path in cut_server.writes] == ["network", "image"]


def test_an_image_is_never_sent_again_without_its_beginning(cut_server: CutServer, tmp_path: Path) -> None:
    """Told to sign in anew, the library makes the same call again, with what it had not read yet of the file."""
    cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{cut_server.server_port}/v3", PASSWORD, region="marche"))
    (tmp_path / "disk.raw").write_bytes(b"content")
    with (
        image_file(str(tmp_path / "disk.raw"), 10, lambda: None, PassingOnce) as file,
        pytest.raises(TemporaryError, match="begun anew"),
        cloud.calling("sending an image") as connection,
    ):
        connection.image.stage_image(Image.new(id="i", status="queued"), data=file)
    assert cut_server.content == [b"content"]


@pytest.mark.parametrize("page", [b"<html>Sign in to this network</html>", b'{"network": {"id": ', b"{}", b""])
def test_a_success_that_says_nothing_is_not_taken_for_a_thing_without_anything(
    cut_server: CutServer, tmp_path: Path, page: bytes
) -> None:
    cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{cut_server.server_port}/v3", PASSWORD, region="marche"))
    cut_server.answer = (200, page)
    with pytest.raises(TemporaryError, match="could not be read"):
        cloud.read("reading a network", lambda c: c.network.get_network("mine"))
    with pytest.raises(TemporaryError, match="could not be read"):
        cloud.read("making a network", lambda c: c.network.create_network(name="mine"))


@pytest.mark.parametrize("path", ["/v3", "/identity/v3"])
def test_where_nothing_listens_nothing_was_done(tmp_path: Path, path: str) -> None:
    """The library takes the version from the first of these addresses, and gives up on the second."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}{path}", PASSWORD))
        with pytest.raises(PlatformDown) as caught, cloud.calling("looking") as connection:
            connection.authorize()
    assert caught.value.unsent


def test_a_keystone_that_does_not_say_what_it_speaks_says_nothing_about_an_object(
    cut_server: CutServer, tmp_path: Path
) -> None:
    """Its 404 is of an address, though it looks like one of Keystone's own."""
    cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{cut_server.server_port}/identity/v3", PASSWORD))
    with pytest.raises(TemporaryError, match="is of no use"):
        cloud.read("reading a network", lambda c: c.network.get_network("mine"))


def test_no_message_and_no_log_line_says_the_password(
    cut_server: CutServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud = Cloud(platform(tmp_path, f"http://127.0.0.1:{cut_server.server_port}/v3", PASSWORD, region="marche"))
    with pytest.raises(PlatformDown) as caught, cloud.calling("making a network") as connection:
        connection.network.create_network(name="once")
    assert PASSWORD not in caught.value.message
    assert caught.value.__suppress_context__
    assert PASSWORD not in caplog.text


def test_a_credentials_file_that_lacks_a_field_is_the_operator_s_to_mend(tmp_path: Path) -> None:
    lame = platform(tmp_path, "http://127.0.0.1:1/v3", PASSWORD)
    Path(lame.credentials_file).write_text("username: admin\n")
    with pytest.raises(PermanentError, match="lacks username, password or project") as caught:
        Cloud(lame).read("looking", lambda connection: connection.authorize())
    assert caught.value.reason == "Forbidden"
