"""The region behind gunicorn: one process, threads, loopback. `http.server` costs 40 ms a call."""

import os
import socket
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from lab.simulated.app import Region
from lab.simulated.region import credentials_in, write_region
from lab.simulated.shape import MARCHE

# Clients keep connections open and a planned timeout holds one; restic and rclone use up to eight each.
THREADS = 32


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, folder: Path, listener: socket.socket, clouds: socket.socket) -> None:
        self._folder = folder
        self._listeners = (listener, clouds)
        # Asked now: what gunicorn takes over it closes in the worker.
        self._cloud_port: int = clouds.getsockname()[1]
        super().__init__()

    def load_config(self) -> None:
        port = self._listeners[0].getsockname()[1]
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
            "post_worker_init": lambda worker: print(
                f"simulated region ready on http://127.0.0.1:{port}", flush=True
            ),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Region:
        """In the worker: the database is opened after the fork."""
        return Region(self._folder, credentials_in(self._folder), cloud_port=self._cloud_port)


def serve(folder: Path, port: int, cloud_port: int = 0) -> None:
    """Until a signal; OSError when a port is taken. 0 picks a free one."""
    # The database holds the keys that towns were given: nobody else on the machine reads it.
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    clouds = socket.create_server(("127.0.0.1", cloud_port), backlog=256)
    credentials_in(folder)
    write_region(folder, MARCHE, listener.getsockname()[1], clouds.getsockname()[1])
    _Server(folder, listener, clouds).run()
