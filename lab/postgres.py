"""A real PostgreSQL on a port and a data folder of its own, for tests: trusted on loopback, no fsync.

PostgreSQL refuses to run as root, so as root it becomes the distribution's user `postgres`, and its files go
where that user can reach them: under our folder, or, where a parent is closed to others (a checkout in
/root), under the machine's temporary folder, with a link to it.
"""

import hashlib
import json
import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path

from lab import ports
from lab.deadline import wait_until
from lab.process import Daemons, children, run_checked
from lab.system import LabError, Options, State, Status

DATABASE = "mcloud"
PROGRAMS = Path("/usr/lib/postgresql")

# fsync off: a killed process loses nothing (the kernel has the pages); only a dead machine would, and then
# the test run is gone as well. synchronous_commit stays on: without it a kill loses what was committed.
_SERVER_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class Postgres:
    def __init__(self, options: Options) -> None:
        self.folder = options.folder
        self._settings = self.folder / "settings.json"
        self._daemons = Daemons(self.folder)

    @property
    def port(self) -> int:
        if not self._settings.exists():
            raise LabError(f"There is no PostgreSQL in {self.folder}; `python -m lab up postgres` makes one.")
        return int(json.loads(self._settings.read_text())["port"])

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{DATABASE}"

    def up(self) -> None:
        if self._settings.exists():
            self.start()
            return
        self.down(keep=False)
        self.folder.mkdir(parents=True)
        data = self._make_data_folder()
        initdb = [_program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        run_checked([*initdb, "--locale=C.UTF-8", "--no-sync"], user=_user())
        port = ports.free_block(1)
        self._serve(port)
        run_checked([_program("createdb"), *_client(port), DATABASE])
        self._settings.write_text(json.dumps({"port": port}))

    def start(self) -> None:
        self._serve(self.port)

    def status(self) -> Status:
        if not self._settings.exists():
            return Status(State.ABSENT, f"No PostgreSQL in {self.folder}.")
        if not self._daemons.alive():
            return Status(State.STOPPED, f"Stopped; its data are in {self.folder}.")
        if not self._ready(self.port):
            return Status(State.DEGRADED, "It runs and takes no connections.", self.url)
        return Status(State.HEALTHY, "Takes connections.", self.url)

    def down(self, *, keep: bool) -> None:
        # SIGINT is its fast shutdown (open sessions end), SIGQUIT its immediate one (nothing is written).
        self._daemons.stop(by=signal.SIGINT if keep else signal.SIGQUIT)
        if not keep:
            shutil.rmtree(self._data.resolve(), ignore_errors=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def crash(self) -> None:
        """Kills the server and every backend at once, in the middle of whatever they were doing."""
        server = self._daemons.get("postgres")
        family = [server, *children(server.pid)] if server else []
        for process in family:
            process.send(signal.SIGKILL)
        wait_until("the end of PostgreSQL", lambda: not any(process.alive() for process in family))
        # All of them are gone, we looked. The server itself would take a zombie that a careless init has not
        # collected for a living rival, and refuse to start.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def crash_restart(self) -> None:
        """`crash()`, and up again through its own recovery: what was committed is there, the rest is not."""
        self.crash()
        self.start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _make_data_folder(self) -> Path:
        """The folder of the data, empty, mode 700, the server's own; `<folder>/data` or a link to it."""
        if _user() is None or _reachable(self.folder):
            self._data.mkdir(mode=0o700)
        else:
            digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
            elsewhere = Path(tempfile.gettempdir()) / f"mcloud-lab-postgres-{digest}"
            shutil.rmtree(elsewhere, ignore_errors=True)
            elsewhere.mkdir(mode=0o700)
            self._data.symlink_to(elsewhere)
        data = self._data.resolve()
        if user := _user():
            shutil.chown(data, user, user)
        return data

    def _serve(self, port: int) -> None:
        options = {**_SERVER_OPTIONS, "port": str(port)}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        data = self._data.resolve()
        command = [_program("postgres"), "-D", str(data), *settings]
        self._daemons.spawn("postgres", command, user=_user(), cwd=data)
        wait_until("PostgreSQL taking connections", lambda: self._ready_or_died(port), timeout_s=30)

    def _ready_or_died(self, port: int) -> bool:
        self._daemons.check()
        return self._ready(port)

    @staticmethod
    def _ready(port: int) -> bool:
        try:
            run_checked([_program("pg_isready"), "-q", *_client(port)])
        except LabError:
            return False
        return True


def _program(name: str) -> str:
    """The newest installed version's; Debian keeps them off the PATH."""
    found = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if found:
        return str(found[-1])
    if on_path := shutil.which(name):
        return on_path
    raise LabError(f"PostgreSQL's {name} is not installed; `python -m lab install services` puts it in place.")


def _client(port: int) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]


def _user() -> str | None:
    """Who the server runs as: ourselves (None), or `postgres` when we are root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError as error:
        raise LabError(
            "PostgreSQL refuses to run as root and there is no user `postgres`; "
            "`python -m lab install services` makes it."
        ) from error


def _reachable(folder: Path) -> bool:
    """Whether a user with no rights of its own can pass through every parent."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))
