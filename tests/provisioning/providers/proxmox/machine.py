"""A stack with one machine on Proxmox, as a manifest, and the work on it."""

import hashlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from provisioning.domain.conditions import State
from provisioning.domain.manifest import Desired, Manifest, Placement, Ref
from provisioning.domain.region import Platform
from provisioning.engine.reconciler import reconcile
from provisioning.models import Plan, PlatformState, Resource, Stack, clock
from provisioning.services import stacks
from provisioning.services.surroundings import surroundings

PLACEMENT = Placement({"proxmox": "pve-an"}, "", ("an",))
RULES = ["in tcp/22 10.20.0.0/24"]


class Killed(BaseException):
    """The worker is no more."""


def desired(name: str, kind: str, **spec: Any) -> Desired:
    """One resource; a Ref in its spec is written as one."""
    refs = {key: value.as_json() if isinstance(value, Ref) else value for key, value in spec.items()}
    return Desired(name, f"proxmox.{kind}", "pve-an", refs)


def machine(file: Path, **more: Any) -> tuple[Desired, ...]:
    """A guest, what it is made from, and where it is plugged in."""
    if not file.exists():
        file.write_bytes(b"a system" * 2**10)
    sha512 = hashlib.sha512(file.read_bytes()).hexdigest()
    return (
        desired("reserve", "pool"),
        desired("lan", "network"),
        desired("disk", "image", storage="shared", file=str(file), sha512=sha512, format="raw"),
        desired("vm", "guest", pool=Ref("reserve", "pool"), image=Ref("disk", "image"), storage="shared",
                network=Ref("lan", "network"), vcpus=2, ram_mib=512, rules=RULES, **more),
    )  # fmt: skip


def write_region(platform: Platform, file: Path) -> None:
    """A region file of that one platform."""
    site = {"code": "an", "name": "Ancona", "lat": 43.6, "lon": 13.5, "seismic_zone": 2}
    shown = {
        "id": platform.id, "provider": platform.provider, "sites": ["an"], "endpoints": dict(platform.endpoints),
        "credentials_file": platform.credentials_file, "queue": platform.queue, "ca_file": platform.ca_file,
        "vmid_range": list(platform.vmid_range), "sdn_zone": platform.sdn_zone,
        "backup_storage": platform.backup_storage,
    }  # fmt: skip
    file.write_text(yaml.safe_dump({"installation": "mcloud", "sites": [site], "platforms": [shown]}))


def plan(stack: str, *resources: Desired, purge: tuple[str, ...] = ()) -> Plan:
    """What would change."""
    made = Plan.objects.get(
        pk=stacks.propose_plan(stack, Manifest("a town's machine", resources), PLACEMENT, purge)
    )
    assert not made.unseen
    return made


def apply(stack: str, *resources: Desired, purge: tuple[str, ...] = ()) -> None:
    """Approved, and worked on until it rests."""
    approve(stack, *resources, purge=purge)
    work(stack)


def approve(stack: str, *resources: Desired, purge: tuple[str, ...] = ()) -> None:
    """Nobody works on it yet."""
    made = plan(stack, *resources, purge=purge)
    stacks.approve_plan(made.pk, made.digest)


def work(stack: str, turns: int = 200) -> None:
    """What the engine waits for passes by writing the rows: nothing here needs the time itself."""
    for _ in range(turns):
        let_time_pass()
        with suppress(Killed):
            reconcile(Stack.objects.get(key=stack).pk, surroundings())
        if all(row.condition_is_rest or row.needs_human for row in Stack.objects.get(key=stack).resources.all()):
            return


def let_time_pass() -> None:
    """Every wait is over, the platform is asked again, and whoever died no longer holds anything."""
    now = clock.now()
    Resource.objects.filter(next_look__isnull=False).update(next_look=now)
    Resource.objects.filter(absent_since__isnull=False).update(absent_since=now - timedelta(minutes=1))
    Resource.objects.filter(intent_at__isnull=False).update(intent_at=now - timedelta(minutes=3))
    Stack.objects.update(claim_token=None, claim_expires_at=None)
    PlatformState.objects.update(failures=0, open_until=None)


def states(stack: str) -> dict[str, str]:
    """Of what is not gone: state, reason and message."""
    rows = Stack.objects.get(key=stack).resources.exclude(state=State.GONE)
    return {row.name: f"{row.state} {row.reason} {row.message}".strip() for row in rows}
