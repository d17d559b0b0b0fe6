"""One call among the portal's own that does not end as it should: lost, refused, or answered by somebody else."""

import random
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from provisioning.providers.proxmox.provider import ProxmoxProvider

# Status, reason and body; no status is a connection that broke.
BAD: dict[str, tuple[int, str, bytes]] = {
    "reset": (0, "", b""),
    "500": (500, "Internal Server Error", b""),
    "502": (502, "Bad Gateway", b"<html>Bad Gateway</html>"),
    "503": (503, "Service Unavailable", b""),
    "504": (504, "Gateway Timeout", b""),
    "595": (595, "No route to host", b""),
    "596": (596, "Connection timed out", b""),
    "429": (429, "Too Many Requests", b""),
    "somebody else's 404": (404, "Not Found", b"<html><title>404 Not Found</title>nginx</html>"),
    "somebody else's page": (200, "OK", b"<html>Sign in to this network</html>"),
    "truncated": (200, "OK", b'{"data": [{"id": '),
    "another object": (200, "OK", b"{}"),
    "no data": (200, "OK", b'{"data": null}'),
    "nothing": (200, "OK", b""),
}
BUSY: dict[str, tuple[int, str, bytes]] = {
    "locked": (500, "can't lock file '/var/lock/qemu-server/lock-5000.conf' - got timeout", b'{"data":null}'),
    "busy": (500, "cfs-lock 'file-user_cfg' error: got lock request timeout", b'{"data":null}'),
}


class Struck(HTTPAdapter):
    """Carries every call to the emulator but one, the `at`th from now: that gets the bad answer `way`, and is
    carried out all the same when `done`. `writes`: only those that change something count.
    """

    def __init__(self, way: str = "reset", *, done: bool = False, writes: bool = False) -> None:
        super().__init__()
        self.status, self.reason, self.body = {**BAD, **BUSY}[way]
        self.done, self.writes = done, writes
        self.at = -1
        self.hit = ""

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        """Below nought, all are answered as they should be."""
        if self.writes and request.method == "GET":
            return super().send(request, *args, **more)
        self.at -= 1
        if self.at != -1:
            return super().send(request, *args, **more)
        self.hit = f"{request.method} {request.path_url}"
        if self.done:
            super().send(request, *args, **more)
        if not self.status:
            raise requests.exceptions.ConnectionError("Connection reset by peer.")
        headers = {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        made = HTTPResponse(self.body, headers, self.status, reason=self.reason, preload_content=False)
        return self.build_response(request, made)


def strike(provider: ProxmoxProvider, struck: Struck, at: int) -> Struck:
    """From now on, in this process."""
    for api in (provider._api, provider._backup):
        api._api()._store["session"].mount("https://", struck)
    struck.at = at
    return struck


def ways(seed: int, number: int) -> list[str]:
    """So many of the bad answers, others with each seed."""
    return random.Random(seed).sample(sorted(BAD), number)
