"""Daemons without systemd: started, found again by another process, and ended only while they are ours.

A pid alone is no proof: it may have been given to somebody else since. The start time in /proc, together
with the boot it counts from, never repeats; signals go through a pidfd, so that the process checked is the
process hit.
"""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.deadline import wait_until
from lab.system import LabError

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Identity:
    """One process of this machine, for ever: `started` is in clock ticks since the boot `boot`."""

    pid: int
    started: int
    boot: str

    def alive(self) -> bool:
        """Still running. A zombie is not, and is taken away if it is our own child; but one of which threads are
        left is: they hold its ports and files.
        """
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        fields = _stat_fields(self.pid)
        runs = bool(fields) and (fields[0] not in "ZX" or int(fields[17]) > 1)  # num_threads is field 20 of proc(5)
        return runs and self == identify(self.pid)

    def frozen(self) -> bool:
        fields = _stat_fields(self.pid)
        return bool(fields) and fields[0] == "T"

    def send(self, number: signal.Signals) -> bool:
        """True when the signal reached this very process; False when it no longer exists."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (the name before it may hold anything)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def identify(pid: int) -> Identity | None:
    fields = _stat_fields(pid)
    if not fields:
        return None
    # starttime is field 22 of proc(5); these begin at field 3.
    return Identity(pid=pid, started=int(fields[19]), boot=BOOT_ID.read_text().strip())


def children(pid: int) -> list[Identity]:
    """The direct children of a process, as they are now, whichever of its threads made them."""
    pids: list[str] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            pids += listed.read_text().split()
    return [found for found in (identify(int(child)) for child in pids) if found]


def descendants(ancestor: Identity) -> list[Identity]:
    """Its children, their children and so on, as they are now; none of one that has ended."""
    if not ancestor.alive():
        return []
    direct = children(ancestor.pid)
    return [*direct, *(one for child in direct for one in descendants(child))]


class Daemons:
    """The processes of one system, remembered in `<folder>/daemons.json` for whoever comes next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "daemons.json"

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        *,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Identity:
        """Starts `argv` in a session of its own, its output in `<folder>/log/<name>.out`.

        Does nothing when the daemon of that name runs already. `user` is who it becomes (needs root).
        """
        running = self.get(name)
        if running and running.alive():
            return running
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=cwd or self.folder,
                env=dict(env) if env is not None else None,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        # Nobody waits for it: we may end first, and a zombie of a longer-lived caller counts as dead.
        process.returncode = 0
        identity = identify(process.pid)
        if identity is None:
            raise LabError(f"{name} ended at once; see {log}.")
        self._write({**self._read(), name: identity})
        return identity

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.out"

    def get(self, name: str) -> Identity | None:
        return self._read().get(name)

    def names(self) -> list[str]:
        return list(self._read())

    def alive(self) -> list[str]:
        return [name for name, identity in self._read().items() if identity.alive()]

    def dead(self) -> list[str]:
        return [name for name, identity in self._read().items() if not identity.alive()]

    def check(self, names: Iterable[str] | None = None) -> None:
        """Raises `LabError` with the end of its log for a daemon that died by itself."""
        wanted = set(names) if names is not None else None
        for name in self.dead():
            if wanted is None or name in wanted:
                raise LabError(f"{name} died. The end of {self.log(name)}:\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        log = self.log(name)
        return log.read_text(errors="replace")[-1500:] if log.exists() else "(no output)"

    def stop(
        self,
        names: Iterable[str] | None = None,
        *,
        by: signal.Signals = signal.SIGTERM,
        timeout_s: float = 20,
    ) -> None:
        """Ends the named daemons (all when None): asks with `by`, then kills what has not gone in time.

        Processes that they started and left behind are killed too.
        """
        known = self._read()
        chosen = [name for name in (known if names is None else names) if name in known]
        families = [one for name in chosen for one in descendants(known[name])]
        for name in chosen:
            if known[name].frozen():
                known[name].send(signal.SIGCONT)
            known[name].send(by)
        try:
            self._wait_gone(chosen, known, timeout_s)
        except LabError:
            for name in chosen:
                known[name].send(signal.SIGKILL)
            self._wait_gone(chosen, known, 10)
        for one in families:
            one.send(signal.SIGKILL)
        wait_until("the end of their children", lambda: not any(one.alive() for one in families), timeout_s=10)

    @staticmethod
    def _wait_gone(chosen: Iterable[str], known: Mapping[str, Identity], timeout_s: float) -> None:
        wait_until(
            f"the end of {', '.join(chosen)}",
            lambda: not any(known[name].alive() for name in chosen),
            timeout_s=timeout_s,
        )

    def _read(self) -> dict[str, Identity]:
        if not self._file.exists():
            return {}
        return {name: Identity(**fields) for name, fields in json.loads(self._file.read_text()).items()}

    def _write(self, daemons: Mapping[str, Identity]) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps({name: asdict(one) for name, one in daemons.items()}, indent=1))
        temporary.replace(self._file)


def run_checked(
    argv: Sequence[str],
    *,
    timeout_s: float = 60,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Runs a program to its end and returns what it printed; `LabError` with its last words when it fails."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=env,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed; `python -m lab install` puts it in place.") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]} did not end within {timeout_s:g} s.") from error
    if done.returncode:
        raise LabError(f"{' '.join(argv)} failed:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
