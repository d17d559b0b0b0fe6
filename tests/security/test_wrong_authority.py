"""T20: a platform whose certificate nobody vouches for is told nothing, whichever client speaks to it."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisioning.domain.errors import PlatformDown, ProviderError
from provisioning.domain.secrets import Secret
from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.credentials import Credentials
from provisioning.providers.ceph.client.mon import Mon
from provisioning.providers.ceph.client.s3_clients import S3


@dataclass
class Gateway:
    """Something that speaks TLS under a certificate of its own making, and notes what it is told."""

    url: str
    certificate: str
    told: list[str] = field(default_factory=list)


def _certificate(folder: Path, name: str) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (folder / f"{name}.crt").write_bytes(made.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return str(folder / f"{name}.crt"), str(folder / f"{name}.key")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    certificate, key = _certificate(tmp_path, "gateway")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    found = Gateway("", certificate)

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.told.append(self.path)
            body = b"{}"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Not on the tests' screen."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is the point
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found.url = f"https://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def another(tmp_path: Path) -> str:
    """The certificate of an authority that never heard of the gateway."""
    return _certificate(tmp_path, "another")[0]


def _credentials() -> Credentials:
    return Credentials("AK", Secret("canary-secret"))


Call = Callable[[str, str | None], object]
CALLS: dict[str, Call] = {
    "admin": lambda url, ca: Admin(url, _credentials, ca).answer(),
    "s3": lambda url, ca: S3(url, ca).signed("AK", Secret("canary-secret")).put("bucket", "key", b"data"),
    "mon": lambda url, ca: Mon(url, _credentials, ca).command("osd tree"),
}


@pytest.mark.parametrize("client", CALLS)
@pytest.mark.parametrize("vouched_by", ["another", "the system"])
def test_who_cannot_prove_who_it_is_hears_nothing(
    gateway: Gateway, another: str, client: str, vouched_by: str
) -> None:
    with pytest.raises(PlatformDown, match="vouches for the Ceph platform's certificate") as refused:
        CALLS[client](gateway.url, another if vouched_by == "another" else None)
    assert gateway.told == []
    assert refused.value.unsent
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("client", CALLS)
def test_who_proves_who_it_is_is_spoken_to(gateway: Gateway, client: str) -> None:
    with suppress(ProviderError):  # what it answers is no gateway's
        CALLS[client](gateway.url, gateway.certificate)
    assert len(gateway.told) == 1
