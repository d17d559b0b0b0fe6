"""MariaDB on a port and a folder of its own. Durable against a killed process, not against a dead machine."""

import os
import signal
import subprocess
from pathlib import Path

from lab.deadline import wait_until
from lab.openstack.settings import HOST
from lab.process import Daemons, run_checked
from lab.system import LabError

NAME = "mariadb"

# No fsync anywhere: the tests' clouds live as long as the machine does.
_OPTIONS = (
    f"--bind-address={HOST}",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--sync-frm=0",
    "--innodb-buffer-pool-size=128M",
    "--innodb-log-file-size=64M",
    "--max-connections=600",
    "--performance-schema=0",
    "--skip-name-resolve",
    "--character-set-server=utf8mb3",
)


class MariaDB:
    def __init__(self, folder: Path, daemons: Daemons) -> None:
        self.data = folder / "mysql"
        self._socket = folder / "mysql.sock"
        self._daemons = daemons

    def make(self) -> None:
        """Fresh system tables; root comes in without a password, over loopback alone."""
        install = ["mariadb-install-db", "--no-defaults", *_user(), f"--datadir={self.data}", "--skip-test-db"]
        run_checked([*install, "--auth-root-authentication-method=normal"])

    def start(self, port: int) -> None:
        where = [f"--datadir={self.data}", f"--socket={self._socket}", f"--port={port}"]
        pid_file = f"--pid-file={self.data / 'mariadb.pid'}"
        program = ["mariadbd", "--no-defaults", *_user(), *where, pid_file, *_OPTIONS]
        self._daemons.spawn(NAME, program, env={"PATH": f"{os.environ['PATH']}:/usr/sbin", "LANG": "C.UTF-8"})
        wait_until("MariaDB taking statements", self._answers_or_died, timeout_s=60)

    def stop(self) -> None:
        """An orderly end: what is on the disk then is whole, and may be copied."""
        self._daemons.stop([NAME], by=signal.SIGTERM, timeout_s=60)

    def run(self, statements: str) -> str:
        """The rows that they gave, columns apart by tabs; `LabError` with its words when one is refused."""
        asked = ["mariadb", "--no-defaults", "-uroot", f"--socket={self._socket}", "--batch", "--skip-column-names"]
        done = subprocess.run(asked, input=statements, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise LabError(f"MariaDB refused: {done.stderr.strip()}")
        return done.stdout

    def _answers_or_died(self) -> bool:
        self._daemons.check([NAME])
        try:
            self.run("SELECT 1")
        except LabError:
            return False
        return True


def _user() -> list[str]:
    # It refuses to run as root unless told to.
    return ["--user=root"] if os.geteuid() == 0 else []
