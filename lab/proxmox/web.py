"""What goes in and out of a call: parameters from the address, a form, JSON or an upload, and one JSON answer."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, unquote

from lab import disks
from lab.proxmox.errors import Refused

Environ = dict[str, Any]
# An image of a test is megabytes.
LARGEST_BODY = 256 << 20
# How a qcow2 image begins; its virtual size stands 24 bytes further on, big endian.
QCOW2 = b"QFI\xfb"


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names in lower case. `given` is every parameter.

    `sizes` are the bytes of files, `sums` what the call's `checksum-algorithm` makes of each, `virtual_size` what
    an uploaded qcow2 says of its disk, bytes; `boots`: an uploaded file begins like a disk that boots. `files` are
    their contents.
    """

    method: str
    path: str
    port: int
    given: dict[str, Any]
    headers: dict[str, str]
    peer: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    virtual_size: int = 0
    boots: bool = False
    files: dict[str, memoryview] = field(default_factory=dict)

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: unquote(value) for name, _, value in pairs if name}


def request_from(environ: Environ) -> Request:
    """Reads the whole body; Refused 413 and 400 for one that is too long or none of the three kinds."""
    headers = {k[5:].replace("_", "-").lower(): str(v) for k, v in environ.items() if k.startswith("HTTP_")}
    raw_path, _, raw_query = str(environ.get("RAW_URI") or environ["PATH_INFO"]).partition("?")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LARGEST_BODY:
        raise Refused(413, "Request Entity Too Large", bare=True)
    body = environ["wsgi.input"].read(length) if length else b""
    given, files = _body(str(environ.get("CONTENT_TYPE") or ""), body)
    image = body.find(QCOW2)
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        path=unquote(raw_path),
        port=int(environ.get("SERVER_PORT") or 0),
        given={**_gathered(parse_qsl(raw_query, keep_blank_values=True)), **given},
        headers=headers,
        peer=str(environ.get("REMOTE_ADDR", "")),
        sizes={name: len(content) for name, content in files.items()},
        sums={name: _sum(content, given.get("checksum-algorithm")) for name, content in files.items()},
        virtual_size=int.from_bytes(body[image + 24 : image + 32], "big") if files and image >= 0 else 0,
        boots=any(disks.boots(bytes(content[: disks.HEAD])) for content in files.values()),
        files=files,
    )


def _sum(content: memoryview, algorithm: object) -> str:
    """In hexadecimal; "" for one that nobody asked for or knows."""
    return hashlib.new(str(algorithm), content).hexdigest() if algorithm in hashlib.algorithms_available else ""


def _body(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, memoryview]]:
    if content_type.startswith("multipart/form-data"):
        return _upload(content_type, body)
    text = body.decode(errors="replace")
    if "json" in content_type:
        try:
            read = json.loads(text or "{}")
        except ValueError:
            raise Refused(400, "unable to parse JSON body") from None
        return (dict(read) if isinstance(read, dict) else {}), {}
    return _gathered(parse_qsl(text, keep_blank_values=True)), {}


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """A name that comes twice is an array."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            before = found[name]
            found[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            found[name] = value
    return found


def _upload(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, memoryview]]:
    """Files are looked at where they lie: an image is as large as a process of the lab should ever be."""
    given: dict[str, Any] = {}
    files: dict[str, memoryview] = {}
    for begin, end in _parts(body, b"--" + _parameter(content_type, "boundary").encode()):
        blank = body.find(b"\r\n\r\n", begin, end)
        disposition = re.search(rb"content-disposition:([^\r]+)", body[begin : max(begin, blank)], re.IGNORECASE)
        if not disposition:
            continue
        line = disposition.group(1).decode().strip()
        name, filename = _parameter(line, "name"), _parameter(line, "filename")
        last = end - 2 if body[end - 2 : end] == b"\r\n" else end
        content = memoryview(body)[blank + 4 : last]
        given[name] = filename or bytes(content).decode(errors="replace")
        if filename:
            files[name] = content
    return given, files


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where each begins and ends, between two boundaries."""
    begin = body.find(boundary)
    while begin >= 0 and (end := body.find(boundary, begin + len(boundary))) >= 0:
        yield begin + len(boundary), end
        begin = end


def _parameter(header: str, name: str) -> str:
    message = Message()
    message["content-type"] = header if "/" in header.partition(";")[0] else f"x/{header}"
    found = message.get_param(name, "")
    return found if isinstance(found, str) else str(found[2])
