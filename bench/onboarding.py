"""225 authorities by the example client, from the first call to the last one active; time and CPU.

    python -m bench onboarding [--towns N]

A whole portal on PostgreSQL and Redis with the simulated region, as `tests/e2e/onboarding.py` starts it; an
approver says yes twice a second to whatever is planned. The peer is the client alone: the same file sent again,
when there is nothing left to do, costs what the calls cost.
"""

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path

import psutil

from lab.registry import DEFAULT_BASE, load_system
from lab.system import State


def main(arguments: list[str]) -> int:
    """Print what it took, by process."""
    parser = argparse.ArgumentParser(prog="python -m bench onboarding")
    parser.add_argument("--towns", type=int, default=225)
    towns = parser.parse_args(arguments).towns
    _set_up()
    postgres = load_system("postgres", DEFAULT_BASE)
    started = postgres.status().state is not State.HEALTHY
    if started:
        postgres.up()
    with tempfile.TemporaryDirectory() as folder:
        redis = load_system("redis", Path(folder))
        redis.up()
        try:
            _measure(towns, postgres.status().url, redis, Path(folder))
        finally:
            redis.down(keep=False)
            if started:
                postgres.down(keep=True)
    return 0


def _set_up() -> None:
    """The tests' tools import the demo's people, and with them the models."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "mcloud_portal.settings"
    with tempfile.TemporaryDirectory() as nothing_of_ours:
        os.environ["MCLOUD_DATA_DIR"] = nothing_of_ours
        django.setup()
    del os.environ["MCLOUD_DATA_DIR"]  # the portal has a folder of its own


def _measure(towns: int, postgres: str, redis: object, folder: Path) -> None:
    from tests.e2e.onboarding import CLERK, SHEET, Api, approving, client, counted, served_portal

    sheet = folder / "comuni.csv"
    with SHEET.open(encoding="utf-8") as lines:
        sheet.write_text("".join(itertools.islice(lines, towns + 1)), encoding="utf-8")
    with served_portal(f"onboarding_bench_{os.getpid()}", postgres, redis) as portal:  # type: ignore[arg-type]
        clerk = Api(portal, "onboarding@region.example", *CLERK)
        approver = Api(portal, "approver@region.example", "subscriptions:read", "requests:decide")
        before, began = _cpu(portal.folder), time.monotonic()
        with approving(approver):
            first = _run(client(portal, clerk.token, sheet, "--wait"))
        took, spent = time.monotonic() - began, _cpu(portal.folder)
        again = _run(client(portal, clerk.token, sheet, "--wait"))
        found = counted(portal)
        assert (found["subscriptions"], found["not ready"], found["twice"]) == (towns, 0, []), found
    print(f"{towns} towns active in {took:.0f} s ({took / towns * 1000:.0f} ms a town); client alone {first:.0f} s")
    for name in spent:
        print(f"  {name}: {spent[name] - before.get(name, 0):.0f} s of CPU")
    print(f"the same file again: {again:.1f} s")


def _run(process: object) -> float:
    began = time.monotonic()
    process.communicate()  # type: ignore[attr-defined]
    assert process.returncode == 0  # type: ignore[attr-defined]
    return time.monotonic() - began


def _cpu(folder: Path) -> dict[str, float]:
    """Seconds of CPU by kind of process of this portal."""
    spent: dict[str, float] = {}
    for process in psutil.process_iter(["cmdline", "cpu_times", "environ"]):
        words = " ".join(process.info["cmdline"] or [])
        mine = (process.info["environ"] or {}).get("MCLOUD_DATA_DIR", "").startswith(str(folder))
        name = "web" if "gunicorn" in words else "workers" if "celery" in words else ""
        if str(folder) in words and "lab.simulated" in words:
            mine, name = True, "simulated region"
        if mine and name:
            times = process.info["cpu_times"]
            spent[name] = spent.get(name, 0.0) + times.user + times.system
    return spent
