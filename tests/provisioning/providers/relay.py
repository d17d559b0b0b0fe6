"""A way to a platform that can be closed and opened again: closed, whoever comes is refused, and whoever was there
is cut off.
"""

import contextlib
import socket
import threading


class Relay:
    """On loopback, at `port`, for as long as it lives; it leads to another port there."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._serve()

    def close(self) -> None:
        """Nothing listens there any more."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open = []

    def reopen(self) -> None:
        """As before."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller = listener.accept()[0]
                called = socket.create_connection(("127.0.0.1", self._target))
                self._open += [caller, called]
                for pair in ((caller, called), (called, caller)):
                    threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(1 << 16):
            to.sendall(block)
    for one in (source, to):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
