"""Request bodies: plain, or in chunks that are signed one by one (minio-go, that is restic); both come out plain.

Unsigned chunks with a checksum trailer, which newer SDKs send over TLS by default, are refused: RGW 16.2.15 takes
the header for the body's hash and answers XAmzContentSHA256Mismatch (tried). Clients must be told `when_required`.
"""

import hashlib
import hmac
from collections.abc import Iterator

from lab.simulated.errors import Refused
from lab.simulated.sigv4 import UNSIGNED, Signed
from lab.simulated.web import Request, Stream

SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
BLOCK = 1 << 20
# Longest chunk header seen: 8 hex digits, `;chunk-signature=` and 64 hex digits.
MAX_LINE = 4096


def body_length(request: Request) -> int:
    """Bytes of the object itself, without chunk framing."""
    return int(request.headers.get("x-amz-decoded-content-length") or request.length)


def blocks(request: Request, signed: Signed | None) -> Iterator[bytes]:
    """The body in blocks of at most 1 MiB or one chunk; raises Refused when a hash or signature does not fit."""
    payload = signed.payload if signed else request.headers.get("x-amz-content-sha256", UNSIGNED)
    if payload == SIGNED_CHUNKS and signed:
        return _chunks(request.stream, signed)
    return _plain(request.stream, payload)


def whole(request: Request, signed: Signed | None) -> bytes:
    """A small body (XML, JSON) in one piece."""
    return b"".join(blocks(request, signed))


def _plain(stream: Stream, payload: str) -> Iterator[bytes]:
    seen = hashlib.sha256()
    checked = payload != UNSIGNED
    while block := stream.read(BLOCK):
        if checked:
            seen.update(block)
        yield block
    if checked and seen.hexdigest() != payload:
        raise Refused("XAmzContentSHA256Mismatch")


def _chunks(stream: Stream, signed: Signed) -> Iterator[bytes]:
    reader = _Lines(stream)
    previous = signed.signature
    while True:
        size_text, _, extension = reader.line().partition(b";")
        try:
            size = int(size_text, 16)
        except ValueError:
            raise Refused("InvalidArgument", "bad chunk header") from None
        data = reader.exactly(size)
        previous = _checked(signed, previous, data, extension)
        if size == 0:
            reader.rest()
            return
        yield data
        reader.line()


def _checked(signed: Signed, previous: str, data: bytes, extension: bytes) -> str:
    """The chunk's own signature, chained to the one before it."""
    given = extension.decode("ascii", "replace").removeprefix("chunk-signature=")
    empty = hashlib.sha256(b"").hexdigest()
    text = "\n".join(
        ["AWS4-HMAC-SHA256-PAYLOAD", signed.stamp, signed.scope, previous, empty, hashlib.sha256(data).hexdigest()]
    )
    if not hmac.compare_digest(hmac.new(signed.signing_key, text.encode(), hashlib.sha256).hexdigest(), given):
        raise Refused("SignatureDoesNotMatch")
    return given


class _Lines:
    """A buffered reader over a stream that only knows `read(n)`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._held = b""

    def line(self) -> bytes:
        while b"\r\n" not in self._held:
            more = self._stream.read(65536)
            if not more or len(self._held) > MAX_LINE + 65536:
                raise Refused("InvalidArgument", "truncated chunk")
            self._held += more
        found, self._held = self._held.split(b"\r\n", 1)
        return found

    def exactly(self, size: int) -> bytes:
        parts, have = [self._held[:size]], min(size, len(self._held))
        self._held = self._held[size:]
        while have < size:
            more = self._stream.read(size - have)
            if not more:
                raise Refused("InvalidArgument", "truncated chunk")
            parts.append(more)
            have += len(more)
        return b"".join(parts)

    def rest(self) -> None:
        """Drain what follows so that the connection can be used again."""
        while self._stream.read(65536):
            continue
