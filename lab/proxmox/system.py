"""The emulator under `python -m lab`: the same verbs as for the real systems."""

import json
import shutil
import ssl
import sys
import urllib.request

from lab import ports
from lab.deadline import wait_until
from lab.process import Daemons
from lab.proxmox import schema, tls
from lab.registry import ROOT
from lab.system import LabError, Options, State, Status

NAME = "emulator"
# Measured: ready in a second on an idle machine; the rest is for a loaded one.
READY_S = 30


class Proxmox:
    """Everything of its own is under `options.folder`: `ca.pem`, `credentials.json`, `pve.json`, `pbs.json`."""

    def __init__(self, options: Options, *, pace: float = 1.0, inhabited: bool = False) -> None:
        self.folder = options.folder
        self.daemons = Daemons(options.folder)
        self.pace, self.inhabited = pace, inhabited

    @property
    def port(self) -> int:
        return self._ports()["pve"]

    @property
    def backup_port(self) -> int:
        return self._ports()["pbs"]

    @property
    def ca_file(self) -> str:
        return str(self.folder / tls.CA_FILE)

    def up(self) -> None:
        self.begin()
        self.wait()

    def begin(self) -> None:
        """`up`, without waiting until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "ports.json"
        if not settings.exists():
            first = ports.free_block(2)
            settings.write_text(json.dumps({"pve": first, "pbs": first + 1}))
        self._spawn()

    def start(self) -> None:
        """The ports of an earlier start stay."""
        self._spawn()
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        wait_until("the Proxmox emulator answers", self._ready, timeout_s=READY_S, every_s=0.02)

    def _spawn(self) -> None:
        command = [sys.executable, "-m", "lab.proxmox", "--base", str(self.folder)]
        command += ["--port", str(self.port), "--backup-port", str(self.backup_port), "--pace", str(self.pace)]
        command += ["--inhabited"] if self.inhabited else []
        self.daemons.spawn(NAME, command, cwd=ROOT)

    def status(self) -> Status:
        if not (self.folder / "ports.json").exists():
            return Status(State.ABSENT, "No Proxmox emulator was made here.")
        if not self.daemons.alive():
            return Status(State.STOPPED, "The Proxmox emulator is stopped, its state is kept.")
        if not self._answers():
            return Status(State.DEGRADED, "The Proxmox emulator runs and does not answer.")
        return Status(State.HEALTHY, self._said(), f"https://127.0.0.1:{self.port}")

    def _said(self) -> str:
        words = f"Backup Server on port {self.backup_port}, authority in {self.ca_file}."
        if schema.data_folder() is None:
            words += f" Parameters, answers and permissions are NOT checked: no schemas (see {schema.VARIABLE})."
        return words

    def down(self, *, keep: bool) -> None:
        self.daemons.stop()
        if not keep and self.folder.exists():
            shutil.rmtree(self.folder)

    def _ready(self) -> bool:
        self.daemons.check()
        return self._answers()

    def _answers(self) -> bool:
        """The control answers at once; the product's own calls make an unknown caller wait."""
        url = f"https://127.0.0.1:{self.port}/control/clock"
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            request = urllib.request.Request(url, data=b"{}", headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=2, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _ports(self) -> dict[str, int]:
        file = self.folder / "ports.json"
        if not file.exists():
            raise LabError(f"There is no Proxmox emulator in {self.folder}; `python -m lab up proxmox` makes one.")
        return {name: int(port) for name, port in json.loads(file.read_text()).items()}
