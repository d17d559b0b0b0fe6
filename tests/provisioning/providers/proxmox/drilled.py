"""A town of level 2 with a machine on Proxmox, and one on OpenStack too where it is asked for, beside a simulated
Ceph from which the images come; and the work on an operation of it.
"""

import hashlib
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from elaastic.levels import Mode
from elaastic.levels.level2 import DEFAULTS
from lab.deadline import wait_until
from lab.system import LabError
from provisioning.domain.conditions import State
from provisioning.domain.course import Course, Machine, Place, Source, Step
from provisioning.domain.manifest import Placement
from provisioning.models import Operation, PlatformState, clock
from provisioning.selectors.region import region as today
from provisioning.services import capacity, operations, stacks
from tests.provisioning.providers.openstack.region import Subscribed, hurry
from tests.provisioning.providers.proxmox.town import Town

SITE: Final = "pu"
FILES: Final = {
    "name": "files", "nature": "stateful", "vcpus": 2, "ram_mib": 512, "disk_gib": 1, "expected_interval_hours": 24
}  # fmt: skip
WEB: Final = {**FILES, "name": "web", "nature": "stateless", "vcpus": 1, "ram_mib": 256}
CONTENT: Final = b"a system" * 2**10
SYSTEMS: Final = {"stateful": "proxmox", "stateless": "openstack"}


def write_region(town: Town, region: Path, file: Path) -> None:
    """A region file of the simulated one's platforms and this cluster, at one site, for a stack of its own."""
    town.stack = f"t{uuid.uuid4().hex[:11]}"
    found = yaml.safe_load(region.read_text())
    # What other runs left of marks is not this one's.
    mine = [{**one, "id": f"{one['provider']}-{town.stack}"} for one in found["platforms"]]
    cluster = {
        "id": town.platform.id, "provider": "proxmox", "sites": [SITE], "endpoints": dict(town.platform.endpoints),
        "credentials_file": town.platform.credentials_file, "queue": "proxmox", "ca_file": town.platform.ca_file,
        "vmid_range": list(town.platform.vmid_range), "sdn_zone": town.platform.sdn_zone,
        "backup_storage": town.platform.backup_storage,
        "totals_by_site": {SITE: {"vcpus": 64, "ram_mib": 65536, "storage_gib": 200}},
    }  # fmt: skip
    file.write_text(yaml.safe_dump({**found, "platforms": [*mine, cluster]}))


def subscribe(town: Town, region: Path, settings: Any, folder: Path, *machines: Any) -> Subscribed:
    """In a region of its own, everything that level 2 promises."""
    settings.REGION_FILE, settings.SPOOL_DIR = folder / "region.yaml", folder / "spool"
    write_region(town, region, settings.REGION_FILE)
    return stands(town, *machines)


def stands(town: Any, *machines: Any) -> Subscribed:
    """Everything that level 2 promises, in the region file's region; of the town only its stack is asked for."""
    capacity.load_totals()
    stacks.create_stack(town.stack)
    needed = {"ceph", *(SYSTEMS[one["nature"]] for one in machines)}
    platforms = {one.provider: one.id for one in today().platforms if one.provider in needed}
    placement = Placement(platforms, "three-sites", ("an", "pu", "mc"), SITE)
    made = Subscribed(town, placement, {**DEFAULTS, "quota_gib": 1, "machines": list(machines)})
    made.apply(Mode())
    assert set(made.states().values()) == {"ready"}, made.states()
    return made


def machine(at: Subscribed, terms: Any, content: bytes = CONTENT, said: bytes | None = None) -> Machine:
    """Uploaded; `said`: the bytes of which the sum was taken, where they are others."""
    key = f"{terms['name']}/disk.raw"
    version = at.upload(key, content)
    digest = hashlib.sha512(content if said is None else said).hexdigest()
    source = Source("images", key, version, len(content), digest, "raw")
    system = SYSTEMS[terms["nature"]]
    return Machine(terms["name"], system, terms["vcpus"], terms["ram_mib"], terms["disk_gib"], source)


def course(
    at: Subscribed, machines: list[Machine], *, within: int = 120, checks: list[Step] | None = None
) -> Course:
    """One after the other; unless `checks` says otherwise by its agent, or by what the simulated cloud's say."""
    usual = {"openstack": ("LAST LINE", "console"), "proxmox": ("", "agent")}
    steps = []
    for group, one in enumerate(machines, start=1):
        text, kind = usual[one.system]
        mine = [step for step in checks or () if step.machine == one.name]
        steps.append(Step("start", group, one.name))
        steps += [replace(step, group=group) for step in mine] or [
            Step("check", group, one.name, within, text, check=kind)
        ]
    platforms = {name: id for name, id in at.placement.platforms.items() if name != "ceph"}
    zone = SITE if "openstack" in platforms else ""
    return Course("192.168.1.0/24", Place(platforms, SITE, zone), tuple(machines), tuple(steps))


def begin(at: Subscribed, wanted: Course) -> str:
    """Its key."""
    key = f"d{uuid.uuid4().hex[:9]}"
    operations.begin(key=key, host=at.town.stack, kind="drill", course=wanted)
    return key


def of(key: str) -> Operation:
    """As it is now."""
    return Operation.objects.select_related("stack").get(stack__key=key)


def turn(key: str) -> Operation:
    """One, of the worker that carries it on and of one that has the engine's work; whoever waits has waited."""
    PlatformState.objects.update(failures=0, open_until=None)
    Operation.objects.filter(stack__key=key).update(due_at=clock.now(), claim_until=None)
    operations.carry_on_next()
    hurry(key)
    return of(key)


def until(key: str, what: str, done: Any, timeout_s: float = 120) -> Operation:
    """Turns, until `done` says so of the operation; where it stands, when it does not."""
    try:
        wait_until(what, lambda: done(turn(key)), timeout_s=timeout_s, every_s=0.05)
    except LabError as error:
        seen = of(key)
        rows = dict(seen.stack.resources.values_list("name", "message"))
        raise AssertionError(f"{error} {seen.place} {seen.trouble} {seen.found} {rows}") from error
    return of(key)


def carried_out(at: Subscribed, wanted: Course) -> Operation:
    """To its very end."""
    return until(begin(at, wanted), "the end of the operation", lambda seen: seen.ended_at is not None)


def left_of(town: Town, done: Operation) -> list[str]:
    """What somebody else sees of it on the cluster, and what the rows still say."""
    words = f".{done.stack.key}."
    seen = [str(one) for one in town.provider.census() if words in one.marker]
    return seen + list(done.stack.resources.exclude(state=State.GONE).values_list("name", flat=True))
