"""One bad answer, in each way and to each call of a look: what is there is never taken for absent, or for other."""

from dataclasses import replace
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from provisioning.domain.errors import TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Present
from provisioning.providers.openstack.provider import OpenStackProvider
from tests.provisioning.providers.openstack.test_openstack_lost_answers import CASES
from tests.provisioning.providers.openstack.town import Settled, Town

pytestmark = pytest.mark.deep

# Status and body; no status is a connection that broke.
BAD: dict[str, tuple[int, bytes]] = {
    "reset": (0, b""),
    "500": (500, b'{"computeFault": {"code": 500, "message": "x"}}'),
    "502": (502, b"<html>Bad Gateway</html>"),
    "503": (503, b""),
    "504": (504, b""),
    "429": (429, b'{"overLimit": {"code": 429, "message": "x"}}'),
    "somebody else's 404": (404, b"<html><title>404 Not Found</title>nginx</html>"),
    "somebody else's page": (200, b"<html>Sign in to this network</html>"),
    "truncated": (200, b'{"networks": [{"id": '),
    "empty object": (200, b"{}"),
    "nothing": (200, b""),
}


class Spoiling(HTTPAdapter):
    """Carries every call to the real service but one, which gets a bad answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.status, self.body = status, body
        self.left = -1  # good answers before the bad one; below nought, all are good

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        if request.url.endswith("/auth/tokens"):
            return super().send(request, *args, **more)
        self.left -= 1
        if self.left != -1:
            return super().send(request, *args, **more)
        if not self.status:
            raise requests.exceptions.ConnectionError("Reset.")
        headers = {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        made = HTTPResponse(self.body, headers, self.status, preload_content=False)
        return self.build_response(request, made)


@pytest.mark.parametrize("at", range(len(CASES)), ids=[kind for kind, *_ in CASES])
def test_a_bad_answer_to_any_call_of_a_look_changes_nothing_of_what_is_seen(town: Town, at: int) -> None:
    """Each call gets three of the ways, others with each kind."""
    kind, target_of, _ = CASES[at]
    target = target_of(town)
    made = Settled(town.provider.handlers[f"openstack.{kind}"]).create(target)
    for known in (target, replace(target, external_id=made.external_id)):
        number, shows = 0, town.provider.handlers[f"openstack.{kind}"].observe(known)
        assert isinstance(shows, Present)
        while _looks(town, kind, known, shows, number, first=at + number):
            number += 1
        assert number > 1


def _looks(town: Town, kind: str, target: Target, shows: Present, number: int, *, first: int) -> bool:
    """With the answer to that call spoiled, in three ways. False: the look makes no such call."""
    ways = [list(BAD.values())[(first + 4 * step) % len(BAD)] for step in range(3)]
    return all(_look(town, kind, target, shows, bad, number) for bad in ways)


def _look(town: Town, kind: str, target: Target, shows: Present, bad: tuple[int, bytes], number: int) -> bool:
    """With that call's answer spoiled. False: the look makes no such call."""
    adapter, provider = Spoiling(*bad), OpenStackProvider(town.platform)
    provider._cloud._connection().session.session.mount("http://", adapter)
    adapter.left = number
    try:
        assert provider.handlers[f"openstack.{kind}"].observe(target) == shows
    except TemporaryError:
        return True
    return adapter.left < 0
