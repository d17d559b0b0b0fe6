"""Drills: what the portal adds to the boot of a machine, and many of them on two workers.

    python -m bench drills [--runs N] [--drills N] [--only boot|queue]

*Boot*: one machine from the lab's own bootable image, on real Ceph and on the host of the real OpenStack that
really boots, in turns: by a drill, carried out by a worker process, from its asking to its verdict; and by a bare
script that makes the same calls and polls at the same intervals, from the image in the archive to the text on the
console.

*Queue*: drills of towns on the simulated region, two after each other for each town, carried out by two worker
processes of the portal. What is promised: all pass, those of a town one after the other as they were asked for, and
each machine is made once. Told besides: the time of all, against that of as many one by one on two workers.
"""

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.bare_drill import bare_drill
from bench.setting import portal_on_postgres
from bench.towns import Image, Town, workers
from lab.process import Daemons
from lab.registry import DEFAULT_BASE, load_system

if TYPE_CHECKING:
    from provisioning.models import Operation

WORKERS: Final = 2
EACH: Final = 2
_LONGEST_S: Final = 900
_QEMU: Final = "qemu"
_SAYS: Final = "BENCH IS UP"
# A MiB with one partition, which a simulated host starts.
_PARTITION: Final = struct.pack("<B3BB3BII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 2047)
_DISK: Final = (bytes(446) + _PARTITION).ljust(510, b"\0") + b"\x55\xaa" + bytes(2**20 - 512)


def main(arguments: list[str]) -> int:
    """Print one line a run, then what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench drills")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--drills", type=int, default=50)
    parser.add_argument("--only", choices=("boot", "queue"))
    asked = parser.parse_args(arguments)
    print(f"load: {os.getloadavg()[0]:.1f}", flush=True)
    # Each in a process of its own: Django is set up once in one.
    if asked.only is None:
        return max(_apart("boot", asked), _apart("queue", asked))
    return _boot(asked.runs) if asked.only == "boot" else _queue(asked.drills)


def _apart(part: str, asked: argparse.Namespace) -> int:
    words = ["--only", part, "--runs", str(asked.runs), "--drills", str(asked.drills)]
    return subprocess.run([sys.executable, "-m", "bench", "drills", *words], check=False).returncode


def _boot(runs: int) -> int:
    from lab.openstack.image import MARKER_SHA256, drill_image

    image = Image(drill_image().read_bytes(), "qcow2", f"MARKER {MARKER_SHA256}")
    with _portal(1, "ceph", "openstack"):
        town = Town.asked(0, image, zone=_QEMU).active()
        outside, domain = load_system("openstack", DEFAULT_BASE).administrator(), _domain()  # type: ignore[attr-defined]
        told = []
        for run in range(runs):
            bare, booted = bare_drill(outside, town, domain)
            done = _ended(town.begin())
            drill = (done.judged_at - done.begun_at).total_seconds()  # type: ignore[operator]
            assert done.verdict == "passed", (done.reason, done.message)
            told.append((drill, bare))
            print(
                f"run {run}: drill {drill:.1f} s, bare {bare:.1f} s (of which the machine {booted:.1f} s), more"
                f" {drill - bare:.1f} s, ratio {drill / bare:.2f}",
                flush=True,
            )
    more = statistics.median(drill - bare for drill, bare in told)
    ratio = statistics.median(drill / bare for drill, bare in told)
    print(f"drill / bare: median {ratio:.2f}, {more:.1f} s more; load {os.getloadavg()[0]:.1f}")
    return 0


def _domain() -> str:
    from provisioning.selectors.region import region

    (found,) = [one.domain for one in region().platforms if one.provider == "openstack"]
    return found


def _queue(drills: int) -> int:
    image = Image(_DISK + f"\nSIMULATED-CONSOLE: {_SAYS}\n".encode(), "raw", _SAYS)
    with _portal(WORKERS, "simulated"):
        towns = [one.active() for one in [Town.asked(n, image) for n in range(drills // EACH)]]
        alone = statistics.median(_seconds(_ended(towns[0].begin())) for _ in range(3))
        before = _servers()
        began = time.perf_counter()
        keys = _all(towns)
        whole = time.perf_counter() - began
        made = _servers() - before
        faults = _faults(keys, made)
    one_by_one = len(towns) * EACH * alone / WORKERS
    print(
        f"{len(towns) * EACH} drills of {len(towns)} towns on {WORKERS} workers: {whole:.1f} s; one alone"
        f" {alone:.1f} s; one by one on {WORKERS} {one_by_one:.0f} s, of which it is {whole / one_by_one:.2f};"
        f" load {os.getloadavg()[0]:.1f}"
    )
    print("\n".join(faults) or f"all passed, in the order of asking, and {made} machines were made")
    return 1 if faults else 0


@contextmanager
def _portal(count: int, *systems: str) -> Iterator[None]:
    """A portal with so many workers, and Redis, until the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = load_system("redis", folder)
        stack.callback(redis.down, keep=False)
        redis.up()
        os.environ["MCLOUD_BROKER_URL"] = redis.status().url
        stack.enter_context(portal_on_postgres(*systems))
        stack.enter_context(workers(Daemons(folder), count))
        yield


def _ended(key: str) -> "Operation":
    """The drill, cleaned up."""
    from lab.deadline import wait_until
    from provisioning.models import Operation

    mine = Operation.objects.filter(stack__key=key, ended_at__isnull=False)
    wait_until(f"the end of {key}", mine.exists, timeout_s=_LONGEST_S, every_s=0.2)
    return mine.get()


def _seconds(done: "Operation") -> float:
    assert done.ended_at is not None and done.verdict == "passed", (done.verdict, done.reason, done.message)
    return (done.ended_at - done.begun_at).total_seconds()


def _all(towns: list[Town]) -> dict[str, list[str]]:
    """Every town asks for its drills, each as soon as the portal takes it; town -> keys, when all have ended."""
    from provisioning.domain.errors import OperationOpen
    from provisioning.models import Operation

    keys: dict[str, list[str]] = {town.key: [] for town in towns}
    began = time.perf_counter()
    while any(len(mine) < EACH for mine in keys.values()) or Operation.objects.filter(ended_at=None).exists():
        assert time.perf_counter() - began < _LONGEST_S, "the drills do not end"
        open_ = set(Operation.objects.filter(ended_at=None).values_list("host__key", flat=True))
        for town in towns:
            if len(keys[town.key]) < EACH and town.key not in open_:
                try:
                    keys[town.key].append(town.begin())
                except OperationOpen:
                    continue
        time.sleep(0.2)
    return keys


def _faults(keys: dict[str, list[str]], made: int) -> list[str]:
    """What was promised and is not so."""
    from provisioning.models import Operation

    rows = {row.stack.key: row for row in Operation.objects.select_related("stack")}
    asked = [rows[key] for mine in keys.values() for key in mine]
    wrong = [f"{row.stack.key}: {row.verdict} {row.reason}" for row in asked if row.verdict != "passed"]
    for mine in keys.values():
        for earlier, later in pairwise(rows[key] for key in mine):
            if earlier.ended_at is None or later.begun_at < earlier.ended_at:
                wrong.append(f"{later.stack.key} began before {earlier.stack.key} had ended")
    return wrong if made == len(asked) else [*wrong, f"{made} machines were made for {len(asked)} drills"]


def _servers() -> int:
    """Machines that the simulated cloud was asked for."""
    return sum(1 for call in _calls() if call["method"] == "POST" and call["path"].rstrip("/").endswith("/servers"))


def _calls() -> list[dict[str, Any]]:
    from provisioning.selectors.region import region

    (ceph,) = [one for one in region().platforms if one.provider == "ceph"]
    with urllib.request.urlopen(f"{ceph.endpoints['api']}/control/calls", timeout=60) as answer:
        found: list[dict[str, Any]] = json.load(answer)
        return found
