"""The emulator behind gunicorn: one process, threads, HTTPS on loopback, a port for each product."""

import json
import os
import socket
import ssl
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from lab.proxmox import tls
from lab.proxmox.app import Emulator
from lab.proxmox.build import build

# Calls wait (for a lock, for an agent) while others go on.
THREADS = 32


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, folder: Path, listeners: list[socket.socket], pace: float, inhabited: bool) -> None:
        self._folder = folder
        self._listeners = listeners
        # Asked now: gunicorn takes the descriptors over.
        self._ports = [int(listener.getsockname()[1]) for listener in listeners]
        self._pace, self._inhabited = pace, inhabited
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": [f"fd://{listener.fileno()}" for listener in self._listeners],
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "keepalive": 75,
            "timeout": 0,
            "graceful_timeout": 1,
            "worker_tmp_dir": str(self._folder),
            "loglevel": "error",
            "certfile": str(self._folder / tls.CERTIFICATE_FILE),
            "keyfile": str(self._folder / tls.KEY_FILE),
            "ssl_context": _context,
            "post_worker_init": lambda worker: print("proxmox emulator ready", flush=True),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Emulator:
        """In the worker: locks and state are made after the fork."""
        first, second = self._ports
        return build(self._folder, first, second, pace=self._pace, inhabited=self._inhabited)


def _context(config: Any, default: Any) -> ssl.SSLContext:
    context: ssl.SSLContext = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def serve(folder: Path, port: int, backup_port: int, pace: float, *, inhabited: bool = False) -> None:
    """Until a signal; OSError when a port is taken."""
    # Tokens and passwords of the lab stand in this folder: nobody else on the machine reads it.
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    tls.ensure(folder)
    listeners = [socket.create_server(("127.0.0.1", number), backlog=256) for number in (port, backup_port)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    written = folder / "ports.json.new"  # whoever waits for this server reads the file meanwhile
    written.write_text(json.dumps({"pve": ports[0], "pbs": ports[1]}))
    written.replace(folder / "ports.json")
    _Server(folder, listeners, pace, inhabited).run()
