"""From the yes to the first remote call, with a worker process of its own.

    python -m bench latency [--towns N]

Twice in one run: with Redis (promise: p99 <= 100 ms) and with Redis stopped (<= 1.5 s: the sweep's second). The
end is when the simulated region read the first request of that stack, the start the moment before the approval's
transaction; both by this machine's clock.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from bench.setting import portal_on_postgres
from lab.deadline import wait_until
from lab.process import Daemons
from lab.registry import ROOT, load_system

CELERY = Path(sys.executable).parent / "celery"


def main(arguments: list[str]) -> int:
    """Print the two distributions."""
    parser = argparse.ArgumentParser(prog="python -m bench latency")
    parser.add_argument("--towns", type=int, default=50)
    towns = parser.parse_args(arguments).towns
    with tempfile.TemporaryDirectory() as folder:
        redis = load_system("redis", Path(folder))
        redis.up()
        os.environ["MCLOUD_BROKER_URL"] = redis.status().url
        daemons = Daemons(Path(folder))
        try:
            with portal_on_postgres("simulated"):
                _measure(towns, daemons, redis)
                daemons.stop()
        finally:
            daemons.stop()
            redis.down(keep=False)
    return 0


def _measure(towns: int, daemons: Daemons, redis: Any) -> None:
    from provisioning.signals import doorbell

    doorbell.deliver = None  # this time a worker does the work
    options = [
        "--pool",
        "prefork",
        "--concurrency",
        "2",
        "-Q",
        "portal,ceph",
        "--without-gossip",
        "--without-mingle",
    ]
    daemons.spawn(
        "worker", [str(CELERY), "-A", "mcloud_portal", "worker", *options], cwd=ROOT, env=dict(os.environ)
    )
    wait_until("the worker is ready", lambda: "ready." in daemons.tail("worker"), timeout_s=60)
    _report("with Redis", [_one(n) for n in range(towns)])
    redis.down(keep=True)
    _report("Redis stopped", [_one(1000 + n) for n in range(max(5, towns // 3))])


def _one(serial: int) -> float:
    """Seconds from before the approval to the first call that names the stack."""
    from bench.setting import proposed_stack
    from provisioning.models import Stack
    from provisioning.services import stacks

    key, plan_id, digest = proposed_stack(serial)
    began = time.time()
    stacks.approve_plan(plan_id, digest)
    wait_until(f"{key} is ready", lambda: Stack.objects.get(key=key).state == "ready", timeout_s=60, every_s=0.05)
    calls = _calls()
    first = next(c["at"] for c in calls if key in c["uid"] or key in c["path"])
    return float(first) - began


def _calls() -> list[dict[str, Any]]:
    from provisioning.selectors.region import region

    endpoint = region().platforms[0].endpoints["api"]
    with urllib.request.urlopen(f"{endpoint}/control/calls", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)
        return found


def _report(title: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    middle = ordered[len(ordered) // 2]
    print(f"{title}: n {len(ordered)}, median {middle * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
    slowest = sorted(enumerate(seconds), key=lambda one: -one[1])[:5]
    print("  slowest: " + ", ".join(f"{took * 1000:.0f} ms (number {n})" for n, took in slowest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
