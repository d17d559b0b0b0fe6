"""The simulated region under `python -m lab`, with its gateway: the same verbs as for the real systems."""

import shutil
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from lab.deadline import wait_until
from lab.gateway import Gateway
from lab.ports import free_block
from lab.process import Daemons
from lab.simulated.region import REGION_FILE
from lab.system import LabError, Options, State, Status

NAME = "region"
REPOSITORY = Path(__file__).resolve().parents[2]
# Measured: ready in well under a second on an idle machine; the rest is for a loaded one.
READY_S = 20


class Simulated:
    """Everything of its own, region.yaml too, is under `options.folder`."""

    def __init__(self, options: Options) -> None:
        self.folder = options.folder
        self.daemons = Daemons(options.folder)
        self.gateway = Gateway(options.folder / "gateway")

    def up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # The port of an earlier start stays: people have it in their tools' configuration.
        port, cloud_port = self._ports() or self._drawn()
        ports = ["--port", str(port), "--cloud-port", str(cloud_port)]
        command = [sys.executable, "-m", "lab.simulated", "--base", str(self.folder), *ports]
        self.daemons.spawn(NAME, command, cwd=REPOSITORY)
        wait_until("the simulated region answers", lambda: self._ready(port), timeout_s=READY_S, every_s=0.02)
        self.gateway.up(f"http://127.0.0.1:{port}", "marche")
        self.gateway.announce(self.folder / REGION_FILE)

    def start(self) -> None:
        if self._port() is None:
            raise LabError(f"There is no simulated region in {self.folder}; use `up`.")
        self.up()

    def status(self) -> Status:
        port = self._port()
        if port is None:
            return Status(State.ABSENT, "No simulated region was made here.")
        if not self.daemons.alive():
            return Status(State.STOPPED, "The simulated region is stopped, its data are kept.")
        if not _answers(port):
            return Status(State.DEGRADED, "The simulated region runs and does not answer.")
        return Status(State.HEALTHY, f"{self.folder / REGION_FILE}", f"http://127.0.0.1:{port}")

    def down(self, *, keep: bool) -> None:
        self.gateway.down()
        self.daemons.stop()
        if not keep and self.folder.exists():
            shutil.rmtree(self.folder)

    def _ready(self, port: int) -> bool:
        self.daemons.check()
        return _answers(port)

    def _port(self) -> int | None:
        """The gateway's, None before the first start."""
        found = self._ports()
        return found[0] if found else None

    def _ports(self) -> tuple[int, int] | None:
        """The gateway's and OpenStack's, as region.yaml has them; an earlier release wrote the first alone."""
        path = self.folder / REGION_FILE
        if not path.exists():
            return None
        platforms = yaml.safe_load(path.read_text())["platforms"]
        found = [urlsplit(one["endpoints"]["api"]).port for one in platforms]
        return (found[0], found[1]) if len(found) > 1 else (found[0], free_block(1))

    @staticmethod
    def _drawn() -> tuple[int, int]:
        first = free_block(2)
        return first, first + 1


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
