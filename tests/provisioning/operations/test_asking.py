"""The commands that ask inside a machine, really run: here, against what really listens or does not."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from provisioning.domain.asking import COMMANDS, Asking, command

EVERY = [(kind, number) for kind, commands in COMMANDS.items() for number in range(len(commands))]
PAGES = {"/": 200, "/moved": 302, "/login?x=1": 200, "/broken": 500}


class Pages(BaseHTTPRequestHandler):
    """A page of each kind."""

    def do_GET(self) -> None:
        self.send_response(PAGES.get(self.path, 404))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *said: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """Its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """A port on which somebody listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def nobody() -> Iterator[int]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def asked(kind: str, number: int, port: int, path: str = "/") -> str:
    """As the agent would run it: no shell, nothing to read."""
    words = command(kind, number, port, path)
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not on this machine")
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return COMMANDS[kind][number].judge(ran.returncode, ran.stdout)


@pytest.mark.parametrize("number", range(len(COMMANDS["tcp"])))
def test_a_port_is_open_when_somebody_listens_whatever_he_says(number: int, silent: int, nobody: int) -> None:
    assert asked("tcp", number, silent) == "met"
    assert asked("tcp", number, nobody) == "unmet"


@pytest.mark.parametrize("number", range(len(COMMANDS["http"])))
def test_a_page_comes_when_its_status_is_below_400(number: int, site: int, nobody: int) -> None:
    assert asked("http", number, site) == "met"
    assert asked("http", number, site, "/login?x=1") == "met"
    assert asked("http", number, site, "/broken") == "unmet"
    assert asked("http", number, site, "/none") == "unmet"
    assert asked("http", number, nobody) == "unmet"


@pytest.mark.parametrize(("kind", "number"), EVERY)
@pytest.mark.parametrize(
    ("port", "path"), [(0, "/"), (65536, "/"), (80, ""), (80, "/a b"), (80, "/;reboot"), (80, "/\n"), (80, "x@y/")]
)
def test_nothing_else_gets_into_a_command(kind: str, number: int, port: int, path: str) -> None:
    with pytest.raises(ValueError, match="no port and path"):
        command(kind, number, port, path)


def test_a_program_that_cannot_ask_says_nothing_about_the_machine() -> None:
    """curl without telnet."""
    assert COMMANDS["tcp"][0].judge(1, "0.000000") == "unable"
    assert COMMANDS["tcp"][0].judge(7, "0.000000") == "unmet"
    assert COMMANDS["tcp"][0].judge(28, "220 mail ESMTP\r\n0,000119") == "met"
    assert COMMANDS["http"][0].judge(1, "") == "unable"


def test_how_far_it_is_comes_back_from_its_stored_form() -> None:
    assert Asking.parse("") == Asking()
    assert Asking.parse(str(Asking(2, 1, 4711))) == Asking(2, 1, 4711)
