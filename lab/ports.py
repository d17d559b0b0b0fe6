"""Ports of our own on loopback, chosen once and then kept for the life of a system's folder."""

import random
import socket

from lab.system import LabError

# Assumption: below Linux's ephemeral range (32768 up), so that no outgoing connection of the machine sits
# on a port between our choosing it and the daemon's binding it; above what well-known services use.
LOWEST, HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether loopback can be bound now; a promise about now only."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_block(length: int) -> int:
    """The first of `length` free ports in a row; drawn at random, so that two labs seldom meet."""
    for _ in range(200):
        first = random.randrange(LOWEST, HIGHEST - length)
        if all(is_free(port) for port in range(first, first + length)):
            return first
    raise LabError(f"No {length} free ports in a row between {LOWEST} and {HIGHEST} on 127.0.0.1.")


def answers(port: int) -> bool:
    """Whether something accepts connections on loopback at `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
