"""Answers gone wrong, and connections cut."""

import contextlib
import json
import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lab.simulated.faults import Fault, Kind
from lab.simulated.routes import Scope
from lab.simulated.web import Answer, Environ
from lab.simulated.xmlbody import document, tag

# The S3 code that goes with a status that a fault plan asks for.
CODES = {
    401: "AccessDenied", 403: "AccessDenied", 409: "OperationAborted", 429: "SlowDown", 500: "InternalError",
    502: "BadGateway", 503: "SlowDown", 504: "GatewayTimeout",
}  # fmt: skip
PAGE = b"<!DOCTYPE html><html><head><title>Proxy</title></head><body><h1>It works!</h1></body></html>"
# With linger on and 0 s, close() sends RST instead of FIN.
RST_ON_CLOSE = struct.pack("ii", 1, 0)
# How long the harness may keep a worker thread in one planned timeout.
MAX_WAIT_MS = 60_000


class Cut(Exception):
    """The connection ends without (the rest of) an answer."""

    def __init__(self, wait_ms: int = 0, refused: bool = False) -> None:
        super().__init__("planned cut")
        self.wait_ms = wait_ms
        self.refused = refused

    def happen(self, environ: Environ) -> Iterable[bytes]:
        """On a server: wait, then RST. In the caller's own process: what its socket would have raised."""
        connection = environ.get("gunicorn.socket")
        if connection is None:
            if self.wait_ms:
                raise TimeoutError("planned timeout")
            raise (
                ConnectionRefusedError("planned refusal") if self.refused else ConnectionResetError("planned reset")
            )
        time.sleep(min(self.wait_ms, MAX_WAIT_MS) / 1000)
        reset(connection)
        return []


def reset(connection: socket.socket) -> None:
    """RST, now; the server finds the socket closed and gives up on it quietly."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        connection.close()


def answered(fault: Fault, scope: Scope) -> Answer:
    """The planned status (with a body like the gateway's), or a page of somebody else's."""
    if fault.kind is Kind.HTML:
        return Answer(200, PAGE, {"Content-Type": "text/html"})
    code = CODES.get(fault.status, "InternalError")
    if scope is Scope.CLOUD:
        content = {"error": {"code": fault.status, "title": code, "message": ""}}
        answer = Answer(fault.status, json.dumps(content).encode(), {"Content-Type": "application/json"})
    elif scope in (Scope.ADMIN, Scope.MON):
        answer = json_error(fault.status, code, "")
    else:
        body = document("Error", [tag("Code", code), tag("Message", "")], namespace=False)
        answer = Answer(fault.status, body, {"Content-Type": "application/xml"})
    if fault.retry_after is None:
        return answer
    return replace(answer, headers={**answer.headers, "Retry-After": str(fault.retry_after)})


def json_error(status: int, code: str, message: str) -> Answer:
    content = {"Code": code, "Message": message, "RequestId": "tx-simulated", "HostId": "simulated"}
    return Answer(
        status, json.dumps(content).encode(), {"Content-Type": "application/json", "Accept-Ranges": "bytes"}
    )


def truncated(answer: Answer) -> Answer:
    """The full length announced, half of it sent."""
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    headers = {**answer.headers, "Content-Length": str(len(body)), "Connection": "close"}
    return replace(answer, body=Half(body[: len(body) // 2]), headers=headers)


@dataclass
class Half:
    """The first half of a body; after it the connection ends, or a client would wait for the rest for ever."""

    first: bytes
    connection: socket.socket | None = None

    def __iter__(self) -> Iterator[bytes]:
        yield self.first
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


def without(answer: Answer, name: str) -> Answer:
    """The answer with the field `name` taken out wherever it is; JSON by key, XML by tag."""
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    if body.startswith(b"<"):
        spoilt = re.sub(rb"<%b>.*?</%b>" % ((re.escape(name.encode()),) * 2), b"", body, flags=re.DOTALL)
    else:
        try:
            spoilt = json.dumps(_dropped(json.loads(body), name)).encode()
        except ValueError:
            spoilt = body
    kept = {header: value for header, value in answer.headers.items() if header.lower() != name.lower()}
    return replace(answer, body=spoilt, headers=kept)


def _dropped(content: object, name: str) -> object:
    if isinstance(content, dict):
        return {key: _dropped(value, name) for key, value in content.items() if key != name}
    if isinstance(content, list):
        return [_dropped(value, name) for value in content]
    return content
