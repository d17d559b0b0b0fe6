"""Drills: what the portal adds to the boot of a machine.

    python -m bench drills [--runs N]

On real Ceph and on the host of the real OpenStack that really boots, in turns: one machine from the lab's own
bootable image by a drill, carried out by a worker process, from its asking to its verdict; and by a bare script
that makes the same calls and polls at the same intervals, from the image in the archive to the text on the console.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.bare_drill import bare_drill
from bench.setting import portal_on_postgres
from bench.towns import Image, Town, workers
from lab.process import Daemons
from lab.registry import DEFAULT_BASE, load_system

if TYPE_CHECKING:
    from provisioning.models import Operation

_LONGEST_S: Final = 900
_QEMU: Final = "qemu"


def main(arguments: list[str]) -> int:
    """Print one line a run, then what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench drills")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args(arguments).runs
    print(f"load: {os.getloadavg()[0]:.1f}", flush=True)
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
