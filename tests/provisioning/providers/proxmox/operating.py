"""A worker of drills that may be killed: a program, so that it is a process that dies; the database outlives it.

`prepare STACK` makes tables and a town, uploads its machine's image and begins a drill; `work TURNS [PLACE]` works
so often, or until the drill has ended, or until PLACE is reached with the guest asked for, where it dies as of
`kill -9`. Each prints where the drill is, and the guest's row.
"""

import json
import os
import signal
import sys
from types import SimpleNamespace

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from provisioning.domain import checkpoint  # noqa: E402
from provisioning.engine import reconciler  # noqa: E402
from provisioning.models import Operation, Resource  # noqa: E402
from provisioning.providers.proxmox.client import api  # noqa: E402
from tests.provisioning.providers.proxmox.drilled import FILES, begin, course, machine, stands, turn  # noqa: E402
from tests.provisioning.providers.proxmox.machine import let_time_pass  # noqa: E402

GUEST = "machine-files"


def prepare(stack: str) -> None:
    """Asked for, and nobody has begun."""
    call_command("migrate", verbosity=0)
    at = stands(SimpleNamespace(stack=stack), FILES)
    begin(at, course(at, [machine(at, FILES)]))


def work(turns: str, place: str = "") -> None:
    """Short turns; a claim of one who died ends at once instead of after its minute."""
    api.POLL_S, reconciler.BUDGET_S = 0.05, 1.0  # type: ignore[misc]

    def reach(name: str) -> None:
        row = Resource.objects.filter(name=GUEST).first()
        if name == place and row is not None and row.intent == "create" and not row.ever_seen:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.hook = reach if place else None
    key = Operation.objects.get().stack.key
    for _turn in range(int(turns)):
        let_time_pass()
        if turn(key).ended_at:
            break


def told() -> dict[str, object]:
    """Where the drill is, and its guest."""
    operation, row = Operation.objects.get(), Resource.objects.filter(name=GUEST).first()
    guest = {"state": row.state, "id": row.external_id, "handle": row.handle} if row else {}
    return {"verdict": operation.verdict, "ended": operation.ended_at is not None, "guest": guest}


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    elif sys.argv[1] == "work":
        work(*sys.argv[2:])
    print(json.dumps(told()))  # noqa: T201 - the answer of a program
