"""The web process as gunicorn serves it: what only a real server shows."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab.deadline import wait_until
from lab.ports import answers, free_block
from lab.process import Daemons

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
MOST = 8190  # bytes of a request line


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A portal with an empty database, served."""
    folder, port = tmp_path_factory.mktemp("served"), free_block(1)
    env = {**os.environ, "MCLOUD_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    command = [str(BIN / "gunicorn"), "mcloud_portal.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    daemons = Daemons(folder)
    daemons.spawn("web", [*command, "--config", "python:mcloud_portal.serving"], cwd=ROOT, env=env)
    try:
        wait_until("the web answering", lambda: daemons.check() or answers(port))
        yield port
    finally:
        daemons.stop()


def _get(port: int, start: str, length: int) -> tuple[int, str, str]:
    """Status, type and body for an address that begins so and fills a request line of so many bytes."""
    address = start + "x" * (length - len(f"GET {start} HTTP/1.1"))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as wire:
        wire.request("GET", address)
        answer = wire.getresponse()
        return answer.status, str(answer.headers["Content-Type"]), answer.read().decode()


def test_what_fills_a_request_line_is_answered_by_the_portal(port: int) -> None:
    status, kind, body = _get(port, "/rest/elaastic/v1/levels/?nothing=", MOST)
    assert (status, kind) == (400, "application/problem+json"), body
    status, kind, body = _get(port, "/nowhere/", MOST)
    assert (status, kind) == (404, "text/html; charset=utf-8")
    assert "ELaaStic" in body, "it is a page of ours"


def test_what_is_longer_does_not_reach_the_portal(port: int) -> None:
    status, _kind, body = _get(port, "/rest/elaastic/v1/levels/?nothing=", MOST + 1)
    assert status == 414
    assert "ELaaStic" not in body
