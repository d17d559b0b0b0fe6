"""`python -m lab.portal`: the whole portal on this machine, in the foreground.

    up      [--region sim|lab] [--port 8000]   region, database, worker and web; Ctrl-C ends all it started
    manage  [--region sim|lab] -- ARGS          manage.py in the same environment
    down    [--region sim|lab]                  end what a crashed `up` left, and forget its data

Everything it makes stands under `.run/portal-<region>`, or under `.run/<NAME>` with `--folder NAME`, so that a
test has a portal of its own beside yours; nothing is installed and nothing else is touched.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lab.process import Daemons
from lab.registry import DEFAULT_BASE, ROOT, load_system
from lab.system import LabError, System

if TYPE_CHECKING:
    from lab.openstack.beside import Beside
    from lab.openstack.cloud import OpenStack
    from lab.proxmox.beside import Cluster

BIN = Path(sys.executable).parent
READY_S = 60
QUEUES = "portal,ceph,openstack,proxmox"


class Portal:
    """One portal with its region. `folder` holds its database, secrets, logs and the region's state."""

    def __init__(self, region: str, port: int, folder: str = "") -> None:
        self.region, self.port = region, port
        self.folder = ROOT / ".run" / (folder or f"portal-{region}")
        self.healthz = f"http://127.0.0.1:{port}/healthz"
        self.daemons = Daemons(self.folder)
        name = "simulated" if region == "sim" else "ceph"
        self.system: System = load_system(name, self.folder / "region")
        # Imported where they are needed: a portal on the simulated region needs nothing of the real cloud's.
        self.beside = _beside(self.folder / "region") if region == "lab" else None
        self.cluster = _cluster(self.folder / "region") if region == "sim" else None
        self.region_file = self.folder / "region" / ("simulated/region.yaml" if region == "sim" else "region.yaml")

    def environment(self) -> dict[str, str]:
        """What every process of this portal runs with; a variable set by the caller stays."""
        return {
            "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
            "MCLOUD_DATA_DIR": str(self.folder / "data"),
            "MCLOUD_REGION_FILE": str(self.region_file),
            "MCLOUD_BASE_URL": f"http://127.0.0.1:{self.port}",
            "MCLOUD_DEMO": "true",
            # The README's passwords are for everybody; every page of the region says so.
            "MCLOUD_REGION_MFA": "optional",
            **os.environ,
        }

    def up(self) -> None:
        """Start everything and wait until it answers; LabError in one sentence when it does not."""
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.cluster:
            self.cluster.begin()
        self.system.up()
        if self.cluster:
            self.cluster.announce(self.region_file)
        both = bool(self.beside and self.beside.announce(self.region_file))
        self._manage("migrate", "--verbosity", "0")
        self._manage("seed_demo", "--verbosity", "0")
        self._manage("load_capacity")
        self._manage("load_prices", "lab/prices.yaml", "--by", "operator@region.example")
        env = self.environment()
        self.daemons.spawn("worker", self._worker(), cwd=ROOT, env=env)
        self.daemons.spawn("web", self._web(), cwd=ROOT, env=env)
        self._wait_ready()
        where = _REGIONS[self.region] + (" and a real OpenStack" if both else "")
        print(_WELCOME.format(port=self.port, seconds=time.monotonic() - began, region=where))

    def _worker(self) -> list[str]:
        options = ["--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip"]
        return [str(BIN / "celery"), "-A", "mcloud_portal", "worker", "-Q", QUEUES, "--without-mingle", *options]

    def _web(self) -> list[str]:
        options = ["--config", "python:mcloud_portal.serving", "--workers", "1", "--access-logfile", "-"]
        address = f"127.0.0.1:{self.port}"
        return [str(BIN / "gunicorn"), "mcloud_portal.wsgi:application", "--bind", address, *options]

    def _manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise LabError(f"manage.py {arguments[0]} failed:\n{done.stderr[-3000:]}")

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            self.daemons.check()
            with contextlib.suppress(OSError), urllib.request.urlopen(self.healthz, timeout=2):
                return
            time.sleep(0.1)
        raise LabError(f"The portal did not answer within {READY_S} s; see {self.daemons.log('web')}.")

    def stay(self) -> None:
        """Until Ctrl-C, or until something dies by itself."""
        while True:
            self.daemons.check()
            time.sleep(1)

    def down(self) -> None:
        """End what was started; data stay for the next `up`."""
        self.daemons.stop(["web", "worker"])
        if self.cluster:
            self.cluster.down(keep=True)
        self.system.down(keep=True)

    def forget(self) -> None:
        """End what is still there, and remove the data."""
        self.daemons.stop()
        if self.beside:
            self.beside.forget()
        if self.cluster:
            self.cluster.down(keep=False)
        self.system.down(keep=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def _beside(folder: Path) -> "Beside":
    from lab.openstack.beside import Beside

    return Beside(folder, cast("OpenStack", load_system("openstack", DEFAULT_BASE)))


def _cluster(folder: Path) -> "Cluster":
    from lab.proxmox.beside import Cluster

    return Cluster(folder)


def _refuse_taken(port: int) -> None:
    with contextlib.suppress(OSError), contextlib.closing(socket.socket()) as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise LabError(f"Port {port} is taken by another program; choose one with `make up PORT=…`.")


_REGIONS = {"sim": "the simulated region", "lab": "a real Ceph cluster"}
_WELCOME = """
  The portal is ready:  http://127.0.0.1:{port}   ({seconds:.1f} s, on {region})

  People (password for all: README, "Demo people"):
    tecnico@comune.example     asks and collects for the Comune di Esempio
    approver@region.example    says yes or no for the region
    operator@region.example    watches the stacks

  For the demo the region's people need no second factor; a real portal demands one (MCLOUD_REGION_MFA).
  Ctrl-C ends everything that was started here; the data stay for the next time.
"""


def main(arguments: list[str] | None = None) -> int:
    """0 after Ctrl-C, 2 with a sentence when something cannot start."""
    parser = argparse.ArgumentParser(prog="python -m lab.portal", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("up", "down", "manage"))
    parser.add_argument("--region", choices=tuple(_REGIONS), default="sim")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--folder", default="", help="a name under .run, for a portal of its own")
    asked, rest = parser.parse_known_args(arguments)
    if asked.folder != Path(asked.folder).name:
        parser.error("--folder is a name, not a path.")
    portal = Portal(asked.region, asked.port, asked.folder)
    if asked.verb == "manage":
        rest = rest[1:] if rest[:1] == ["--"] else rest
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "manage.py", *rest], portal.environment())
    if asked.verb == "down":
        portal.forget()
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # What a script starts in the background is born deaf to Ctrl-C: here it means the same everywhere.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _refuse_taken(portal.port)  # before anything is ours to end
    except LabError as error:
        print(f"portal: {error}", file=sys.stderr)
        return 2
    try:
        portal.up()
        portal.stay()
    except KeyboardInterrupt:
        print("\nStopping…")
    except LabError as error:
        print(f"portal: {error}", file=sys.stderr)
        return 2
    finally:
        portal.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
