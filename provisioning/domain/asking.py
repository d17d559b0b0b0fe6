"""What is asked inside a machine whose network nobody reaches: commands of ours, word for word. Pure.

Nothing of a plan gets into them but a port's number and a page's path, whose alphabet is checked here again; no
shell reads either. Each asks the machine itself, at 127.0.0.1: a service on another address alone is not met.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

# `unable`: this program cannot ask, and says nothing about the machine.
Verdict = Literal["met", "unmet", "unable"]
PATH: Final = r"^/[A-Za-z0-9._~/?&=%+-]*$"
LONGEST_PATH: Final = 200
# curl: a protocol that it does not know, a failed start, a feature that was left out when it was built.
_NOT_BUILT: Final = frozenset({1, 2, 4})
_CONNECTED: Final = re.compile(r"([0-9]+[.,][0-9]+)\s*$")


@dataclass(frozen=True)
class Command:
    """`argv` of a port and a path; `judge` of an exit code and what it wrote."""

    argv: Callable[[int, str], tuple[str, ...]]
    judge: Callable[[int, str], Verdict]


def _curl_port(port: int, path: str) -> tuple[str, ...]:
    """Its exit code says how the talk ended; that somebody listens says the time until he took the call."""
    del path
    said = ("--max-time", "3", "--write-out", "%{time_connect}")
    return ("curl", "--silent", *said, f"telnet://127.0.0.1:{port}")


def _listens(code: int, output: str) -> Verdict:
    if code in _NOT_BUILT:
        return "unable"
    seconds = _CONNECTED.search(output)
    return "met" if seconds and float(seconds[1].replace(",", ".")) > 0 else "unmet"


def _bash_port(port: int, path: str) -> tuple[str, ...]:
    del path
    return ("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$0", str(port))


def _curl_page(port: int, path: str) -> tuple[str, ...]:
    how = ("--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "10")
    return ("curl", *how, f"http://127.0.0.1:{port}{path}")


def _wget_page(port: int, path: str) -> tuple[str, ...]:
    how = ("--quiet", "--no-proxy", "--tries=1", "--timeout=10", "--output-document=/dev/null")
    return ("wget", *how, f"http://127.0.0.1:{port}{path}")


def _ended_well(code: int, output: str) -> Verdict:
    del output
    return "met" if code == 0 else "unmet"


def _page_came(code: int, output: str) -> Verdict:
    return "unable" if code in _NOT_BUILT else _ended_well(code, output)


# Tried in this order: the first is on Windows too.
COMMANDS: Final[Mapping[str, tuple[Command, ...]]] = {
    "tcp": (Command(_curl_port, _listens), Command(_bash_port, _ended_well)),
    "http": (Command(_curl_page, _page_came), Command(_wget_page, _ended_well)),
}


def command(kind: str, number: int, port: int, path: str) -> tuple[str, ...]:
    """The words of the command. ValueError for what could be read as anything else."""
    if not (0 < port < 1 << 16 and re.fullmatch(PATH, path) and not path.endswith("\n")):
        raise ValueError(f"{port!r} and {path!r} are no port and path.")
    return COMMANDS[kind][number].argv(port, path)


@dataclass(frozen=True)
class Asking:
    """How far a machine's checks are: which of them, with which of its commands; `pid` 0: it was not begun."""

    check: int = 0
    command: int = 0
    pid: int = 0

    @classmethod
    def parse(cls, text: str) -> "Asking":
        """What `str` wrote; "" is the beginning."""
        return cls(*map(int, text.split()))

    def __str__(self) -> str:
        return f"{self.check} {self.command} {self.pid}"
