"""One worker of several that take numbers at the same instant; prints what its threads got as JSON.

A program and not a test: pytest's SQLite lives in memory, where locks are not those of a file. `prepare` makes the
tables; `take NAME FILE` waits for that file and takes four numbers of its own, and one that all others ask for too.
"""

import json
import sys
import threading
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from lab.deadline import wait_until  # noqa: E402
from provisioning.providers.proxmox.numbers import Numbers  # noqa: E402

THREADS = 4


def take(name: str, go: Path) -> dict[str, list[int]]:
    """Each thread's own number, and the number that it got for the common holder."""
    numbers, start = Numbers("pve-an", "VMID", 5000, 5999), threading.Barrier(THREADS)
    found: dict[str, list[int]] = {"own": [], "common": []}

    def run(place: int) -> None:
        start.wait(timeout=60)
        try:
            found["own"].append(numbers.take(f"mcloud.town.{name}-{place}"))
            found["common"].append(numbers.take("mcloud.town.common"))
        finally:
            connections.close_all()

    print("ready", flush=True)  # noqa: T201 - the answer of a program
    wait_until("the start", go.exists, timeout_s=60, every_s=0.005)
    threads = [threading.Thread(target=run, args=[place]) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        call_command("migrate", verbosity=0)
    else:
        print(json.dumps(take(sys.argv[2], Path(sys.argv[3]))))  # noqa: T201 - the answer of a program
