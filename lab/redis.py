"""A real Redis on a port of its own: everything appended to disk, nothing ever evicted.

Whole-process faults are here too: a frozen Redis accepts connections and answers nothing, which no mock
does the way the kernel does it.
"""

import json
import shutil
import signal
import socket

from lab import ports
from lab.deadline import wait_until
from lab.process import Daemons, Identity
from lab.system import LabError, Options, State, Status


class Redis:
    def __init__(self, options: Options) -> None:
        self.folder = options.folder
        self._settings = self.folder / "settings.json"
        self._daemons = Daemons(self.folder)

    @property
    def port(self) -> int:
        if not self._settings.exists():
            raise LabError(f"There is no Redis in {self.folder}; `python -m lab up redis` makes one.")
        return int(json.loads(self._settings.read_text())["port"])

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def up(self) -> None:
        if not self._settings.exists():
            (self.folder / "data").mkdir(parents=True, exist_ok=True)
            self._settings.write_text(json.dumps({"port": ports.free_block(1)}))
        self.start()

    def start(self) -> None:
        port = self.port
        options = {
            "--port": str(port),
            "--bind": "127.0.0.1",
            "--dir": str(self.folder / "data"),
            "--appendonly": "yes",
            "--save": "",
            "--maxmemory-policy": "noeviction",
            "--daemonize": "no",
        }
        self._daemons.spawn("redis", ["redis-server", *(word for pair in options.items() for word in pair)])
        wait_until("Redis answering", self._pings_or_died, timeout_s=20)

    def status(self) -> Status:
        if not self._settings.exists():
            return Status(State.ABSENT, f"No Redis in {self.folder}.")
        if not self._daemons.alive():
            return Status(State.STOPPED, f"Stopped; its data are in {self.folder}.")
        if not self._pings():
            return Status(State.DEGRADED, "It runs and does not answer (frozen?).", self.url)
        return Status(State.HEALTHY, "Answers PING.", self.url)

    def down(self, *, keep: bool) -> None:
        self._daemons.stop(by=signal.SIGTERM if keep else signal.SIGKILL)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def freeze(self) -> None:
        """Stops the process where it stands; connections stay open and hear nothing."""
        self._signal(signal.SIGSTOP)
        wait_until("Redis frozen", lambda: self._identity().frozen(), timeout_s=5)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)
        wait_until("Redis answering again", self._pings, timeout_s=10)

    def kill(self) -> None:
        """Ends it as a power cut would; `start()` brings it back with what it had appended."""
        self._daemons.stop(by=signal.SIGKILL)

    def _identity(self) -> Identity:
        identity = self._daemons.get("redis")
        if identity is None:
            raise LabError("Redis was never started.")
        return identity

    def _signal(self, number: signal.Signals) -> None:
        if not self._identity().send(number):
            raise LabError("Redis is not running.")

    def _pings_or_died(self) -> bool:
        self._daemons.check()
        return self._pings()

    def _pings(self) -> bool:
        """One PING in Redis's own protocol, so that looking needs no client library."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.settimeout(1)
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
