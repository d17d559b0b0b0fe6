"""A worker that may be killed: a program, so that it is a process that dies, on a database that outlives it.

`prepare FILE` makes tables and stack and approves a machine from that file; `work TURNS [PLACE]` works so often,
or until it rests, or until PLACE is reached with the guest asked for, where it dies as of `kill -9`. Each prints
the rows.
"""

import json
import os
import signal
import sys
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from provisioning.domain import checkpoint  # noqa: E402
from provisioning.engine import reconciler  # noqa: E402
from provisioning.models import Resource, Stack  # noqa: E402
from provisioning.providers.proxmox.client import api  # noqa: E402
from provisioning.services import capacity, stacks  # noqa: E402
from tests.provisioning.providers.proxmox import machine  # noqa: E402

STACK = "town12"


def prepare(file: Path) -> None:
    """Approved, and nobody has begun."""
    call_command("migrate", verbosity=0)
    capacity.load_totals()
    stacks.create_stack(STACK)
    machine.approve(STACK, *machine.machine(file))


def work(turns: str, place: str = "") -> None:
    """Short turns; a claim of one who died ends at once instead of after its minute."""
    api.POLL_S, reconciler.BUDGET_S = 0.05, 1.0  # type: ignore[misc]

    def reach(name: str) -> None:
        at = Resource.objects.get(name="vm")
        if name == place and at.intent == "create" and not at.ever_seen:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.hook = reach if place else None
    machine.work(STACK, turns=int(turns))


def rows() -> dict[str, dict[str, str]]:
    """By name: state, external id and handle."""
    found = Stack.objects.get(key=STACK).resources.all()
    return {r.name: {"state": r.state, "id": r.external_id, "handle": r.handle} for r in found}


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]))
    elif sys.argv[1] == "work":
        work(*sys.argv[2:])
    print(json.dumps(rows()))  # noqa: T201 - the answer of a program
