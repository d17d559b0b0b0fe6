"""What goes in and out of a route: no framework, because a WSGI environ needs two dataclasses and no more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, unquote_plus

Environ = dict[str, Any]


class Stream(Protocol):
    """The readable end of a request body."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names in lower case, `raw_*` exactly as they were sent and signed."""

    method: str
    raw_path: str
    raw_query: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    stream: Stream
    peer: str = ""
    port: int = 0  # to which it came

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def length(self) -> int:
        """Announced body length in bytes, 0 when none was announced."""
        return int(self.headers.get("content-length") or 0)

    def flag(self, name: str, default: bool = False) -> bool:
        """A query parameter read as RGW reads booleans."""
        given = self.query.get(name)
        return default if given is None else given.lower() in ("true", "on", "yes", "1", "")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body; an iterable body needs its `Content-Length` among the headers."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def request_from(environ: Environ) -> Request:
    """Read a WSGI environ; `RAW_URI` is needed because the signature covers the path before decoding."""
    raw = str(environ.get("RAW_URI") or environ["PATH_INFO"])
    raw_path, _, raw_query = raw.partition("?")
    headers = {k[5:].replace("_", "-").lower(): str(v) for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = str(environ[name])
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        raw_path=raw_path,
        raw_query=raw_query,
        query=dict(pairs(raw_query)),
        headers=headers,
        stream=environ["wsgi.input"],
        peer=str(environ.get("REMOTE_ADDR", "")),
        port=int(environ.get("SERVER_PORT") or 0),
    )


def pairs(raw_query: str) -> list[tuple[str, str]]:
    """Query parameters in order, decoded; `+` is a blank, as RGW has it."""
    found = []
    for part in raw_query.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((unquote_plus(name), unquote_plus(value)))
    return found
