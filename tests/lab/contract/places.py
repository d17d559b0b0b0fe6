"""The two places: the simulated region in a process of its own, and the lab's real cluster."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lab.ceph.cluster import CephCluster
from lab.ceph.rgw import PORTAL_USER
from tests.lab.contract.place import Place, mon_over_http
from tests.lab.contract.wire import Keys

REPOSITORY = Path(__file__).resolve().parents[3]


def real_place(lab: CephCluster) -> Place:
    def ask(prefix: str, **arguments: object) -> Any:
        with lab.mon() as mon:
            return mon.command(prefix, **arguments)

    keys = lab.keys(PORTAL_USER)
    return Place("real", lab.url, Keys(keys.access_key, keys.secret_key), ask)


@contextmanager
def simulated_place(folder: Path) -> Iterator[Place]:
    """A server of its own, ended on the way out; its first line says that it is ready."""
    command = [sys.executable, "-m", "lab.simulated", "--base", str(folder), "--port", "0"]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert "ready" in line, f"the simulated region did not start: {line!r}"
        platform = yaml.safe_load((folder / "region.yaml").read_text())["platforms"][0]
        found = yaml.safe_load(Path(platform["credentials_file"]).read_text())
        endpoint = platform["endpoints"]["api"]
        keys = Keys(found["access_key"], found["secret_key"])
        yield Place("simulated", endpoint, keys, mon_over_http(endpoint))
    finally:
        process.terminate()
        process.wait(timeout=20)
