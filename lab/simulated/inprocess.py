"""The region without a network: boto3, rgwadmin, openstacksdk and requests call it in their own process.

For fault cases by the thousand: no server to start and no socket. What the wire would do
(resets, refusals, timeouts) comes as the exception that the client's own HTTP layer raises.
"""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from botocore import awsrequest, exceptions
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from lab.simulated.app import CLOUD_PORT, Region
from lab.simulated.region import Credentials
from lab.simulated.web import Environ

# Not a real port: whoever forgets to attach a client gets a connection refused, not somebody else's server.
ENDPOINT = "http://127.0.0.1:1"
KEYSTONE = f"http://127.0.0.1:{CLOUD_PORT}/identity/v3"


def region_in(folder: Path, *, access_key: str = "PORTAL", secret_key: str = "portal-secret") -> Region:
    """A region that keeps metadata in memory and bodies under `folder`."""
    return Region(folder, Credentials(access_key, secret_key), in_memory=True)


def exchange(
    region: Region, method: str, url: str, headers: Mapping[str, str | bytes], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """One call; raises what a socket would."""
    given: list[Any] = []

    def start_response(status: str, found: list[tuple[str, str]]) -> None:
        given[:] = [int(status.split(maxsplit=1)[0]), found]

    answer: Iterable[bytes] = region(_environ(method, url, headers, body), start_response)
    content = b"".join(answer)
    announced = {name.lower(): value for name, value in given[1]}.get("content-length")
    if announced and method != "HEAD" and given[0] not in (204, 304) and len(content) < int(announced):
        raise ConnectionResetError("the answer was cut short")
    return given[0], given[1], content


def _environ(method: str, url: str, headers: Mapping[str, str | bytes], body: bytes) -> Environ:
    where = urlsplit(url)
    raw = where.path + (f"?{where.query}" if where.query else "")
    environ: Environ = {
        "REQUEST_METHOD": method,
        "RAW_URI": raw,
        "PATH_INFO": where.path,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PORT": str(where.port or 80),
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": where.netloc,
    }
    for name, value in headers.items():
        text = value.decode() if isinstance(value, bytes) else value
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return environ


class Adapter(BaseAdapter):
    """For a `requests.Session` (also the one inside an rgwadmin client made with `pool_connections=True`)."""

    def __init__(self, region: Region) -> None:
        super().__init__()
        self._region = region

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"".join(body)
        try:
            status, headers, found = exchange(
                self._region, request.method or "GET", request.url or "", request.headers, content
            )
        except TimeoutError as error:
            raise requests.exceptions.ReadTimeout(error, request=request) from error
        except ConnectionError as error:
            raise requests.exceptions.ConnectionError(error, request=request) from error
        response = requests.Response()
        response.status_code, response.headers = status, CaseInsensitiveDict(headers)
        response._content, response.url, response.request = found, request.url or "", request
        return response

    def close(self) -> None:
        """Nothing is open."""


def attach_session(session: requests.Session, region: Region) -> None:
    """Every http URL of the session is the region."""
    session.mount("http://", Adapter(region))


def attach_boto(client: Any, region: Region) -> None:
    """Every call of a boto3 client goes to the region; retries are botocore's own."""
    client.meta.events.register("before-send.*", lambda request, **_: _answered(region, request))


def _answered(region: Region, request: Any) -> Any:
    body = request.body or b""
    content: bytes = (
        body.encode() if isinstance(body, str) else bytes(body if not hasattr(body, "read") else body.read())
    )
    try:
        status, headers, found = exchange(region, request.method, request.url, request.headers, content)
    except TimeoutError as error:
        raise exceptions.ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except ConnectionRefusedError as error:
        raise exceptions.EndpointConnectionError(endpoint_url=request.url, error=error) from error
    except ConnectionError as error:
        raise exceptions.ConnectionClosedError(endpoint_url=request.url, error=error) from error
    raw = _Raw(found)
    return awsrequest.AWSResponse(request.url, status, cast(Any, awsrequest.HeadersDict(headers)), raw)


class _Raw(io.BytesIO):
    """What botocore expects of urllib3's response: `stream`, and its errors."""

    def stream(self, amt: int = 65536, decode_content: bool | None = None) -> Iterable[bytes]:
        del decode_content
        while block := self.read(amt):
            yield block
