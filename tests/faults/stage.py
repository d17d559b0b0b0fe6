"""Everything that a case plays on: a region and a warm fork as processes of their own, a database, a clock."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.deadline import wait_until
from tests.faults.cases import SEED
from tests.faults.databases import Database
from tests.faults.offset import Offset

ROOT = Path(__file__).resolve().parents[2]
CONTROL_S = 30
# Another authority's, complete: whoever touches any of it in a case touched what is not its own.
NEIGHBOUR = {
    "quota_gib": 40,
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "copies": 3,
}


class CaseFailed(AssertionError):
    """A child did what no child may: raised, or ended otherwise than it was told to."""


@dataclass
class Stage:
    """`act` runs one function of `acts` in a child; `save`, `restore` move all together: database, region and its
    file, the workers' spool, the clock.

    Chance starts anew with each restore: a case that is played again meets the same waits and the same order.
    """

    folder: Path
    database: Database
    url: str
    nursery: "subprocess.Popen[str]"
    offset: Offset

    def __post_init__(self) -> None:
        self._saved: dict[str, tuple[Any, float, str, dict[str, bytes]]] = {}
        self._started = 0
        self._logged = 0
        self._earlier: list[dict[str, Any]] = []

    # -- children --

    def start(self, act: str, *, strikes: dict[str, Any] | None = None, **args: Any) -> int:
        """The pid of a child at work."""
        self._started += 1
        chance = f"{SEED} {self._started}"
        asked = {"do": "start", "act": act, "args": args, "strikes": strikes or {}, "chance": chance}
        return int(self._told(asked)["pid"])

    def wait(self, pid: int) -> dict[str, Any]:
        """How it stopped or ended: `stopped`, `signal`, `value` or `error`."""
        return self._told({"do": "wait", "pid": pid})

    def act(self, act: str, *, strikes: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
        """Run it to its end; CaseFailed with the child's traceback when it raised."""
        ended = self.wait(self.start(act, strikes=strikes, **args))
        if "value" not in ended:
            raise CaseFailed(f"{act} ended with {ended.get('error', ended)}")
        return ended

    def value(self, act: str, **args: Any) -> Any:
        """Only what it answered."""
        return self.act(act, **args)["value"]

    def point(self) -> str:
        """At which crash point the child stands that stopped last."""
        return (self.folder / "point").read_text()

    def kill(self, act: str, at: int, **args: Any) -> None:
        """Run it until crash point `at`, where it is killed with SIGKILL."""
        ended = self.wait(self.start(act, strikes={"kill_at": at}, **args))
        if ended.get("signal") != signal.SIGKILL:
            raise CaseFailed(f"{act} was to die at point {at} and did not: {str(ended)[:2000]}")

    def _told(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self.nursery.stdin and self.nursery.stdout
        self.nursery.stdin.write(json.dumps(asked) + "\n")
        self.nursery.stdin.flush()
        line = self.nursery.stdout.readline()
        if not line:
            raise CaseFailed(f"The warm fork died: {self.log('nursery')[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    # -- the region --

    def control(self, verb: str, /, **given: Any) -> Any:
        """POST to the region's control."""
        return self._asked(f"{self.url}/control/{verb}", json.dumps(given).encode())

    def calls(self) -> list[dict[str, Any]]:
        """The calls since the last restore, in order."""
        return [*self._earlier, *self._asked(f"{self.url}/control/calls", None)]

    def mend(self) -> None:
        """No faults from now on."""
        self._earlier = self.calls()
        self.control("clear")

    def _asked(self, url: str, body: bytes | None) -> Any:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=CONTROL_S) as answer:
            return json.loads(answer.read())

    # -- states --

    def save(self, name: str) -> None:
        """Keep database, region and clock as they are now."""
        self.control("save", name=name)
        spool = {str(file.relative_to(self._spool)): file.read_bytes() for file in self.spooled()}
        then = time.time() + self.offset.seconds
        self._saved[name] = (self.database.saved(), then, self.region_file.read_text(), spool)

    def restore(self, name: str) -> None:
        """Back to it, to the second: what is due later in the run was not due then. Faults and the log of calls are
        cleared.
        """
        content, then, region, spool = self._saved[name]
        self.control("restore", name=name)
        self.database.restore(content)
        if self.region_file.read_text() != region:
            self.region_file.write_text(region)
        shutil.rmtree(self._spool, ignore_errors=True)
        for file, held in spool.items():
            (self._spool / file).parent.mkdir(parents=True, exist_ok=True)
            (self._spool / file).write_bytes(held)
        self.offset.seconds = then - time.time()
        self._started = 0
        self._earlier = []
        self._logged = (self.folder / "nursery.log").stat().st_size

    @property
    def region_file(self) -> Path:
        """What the portal knows of the region."""
        return self.folder / "region" / "region.yaml"

    @property
    def _spool(self) -> Path:
        return self.folder / "data" / "spool"

    def spooled(self) -> list[Path]:
        """The files that workers have between two platforms."""
        return [file for file in self._spool.rglob("*") if file.is_file()]

    def with_machines(self) -> None:
        """From here on the portal's region has its OpenStack, too."""
        self.region_file.write_text((self.folder / "whole-region.yaml").read_text())

    def knows(self, name: str) -> bool:
        """Was it saved?"""
        return name in self._saved

    def log(self, name: str) -> str:
        """What a process of the stage printed so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def logged(self) -> bytes:
        """What the children of this case printed."""
        with (self.folder / "nursery.log").open("rb") as file:
            file.seek(self._logged)
            return file.read()


@contextmanager
def stage(folder: Path, database: Database, **environment: str) -> Iterator[Stage]:
    """Start everything, furnish the portal, end everything that was started."""
    with processes(folder, database, **environment) as made:
        made.act("furnish")
        database.open()
        made.act("order", authority="other", terms=NEIGHBOUR)
        made.act("rest")
        made.save("neighbour")
        yield made
        database.close()


@contextmanager
def processes(folder: Path, database: Database, **environment: str) -> Iterator[Stage]:
    """Region and warm fork, on whatever the database and the region's folder hold."""
    folder.mkdir(parents=True, exist_ok=True)
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
        "MCLOUD_DATA_DIR": str(folder / "data"),
        "MCLOUD_REGION_FILE": str(folder / "region" / "region.yaml"),
        "MCLOUD_DATABASE_URL": database.url,
        "FAULTS_CLOCK": str(folder / "clock"),
        **environment,
    }
    offset = Offset.make(folder / "clock")
    with _process(
        folder, "region", ["tests.faults.region", "--base", str(folder / "region"), "--port", "0"], env
    ) as region:
        url = _region_url(folder, region)
        shutil.copy(folder / "region" / "region.yaml", folder / "whole-region.yaml")
        _ceph_alone(folder / "region" / "region.yaml")
        with _process(folder, "nursery", ["tests.faults.nursery"], env) as nursery:
            assert nursery.stdout
            made = Stage(folder, database, url, nursery, offset)
            if not nursery.stdout.readline():
                raise CaseFailed(f"The warm fork did not start: {made.log('nursery')[-3000:]}")
            yield made


@contextmanager
def _process(folder: Path, name: str, argv: list[str], env: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with (folder / f"{name}.log").open("wb") as log:
        out = log if name == "region" else subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-m", *argv],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _ceph_alone(file: Path) -> None:
    """A case counts calls, and most of what is played is level 1: nothing of it is on OpenStack."""
    document = yaml.safe_load(file.read_text())
    document["platforms"] = [one for one in document["platforms"] if one["provider"] == "ceph"]
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _region_url(folder: Path, process: "subprocess.Popen[str]") -> str:
    log = folder / "region.log"

    def address() -> str:
        assert process.poll() is None, log.read_text()
        line = next((x for x in log.read_text().splitlines() if "ready on " in x), "")
        return line.rpartition("ready on ")[2]

    wait_until("the simulated region", lambda: bool(address()), timeout_s=20)
    return address()
