"""What level 2's manifest holds besides, once a town has failed over: its machines, in their turn."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from elaastic.levels.base import Terms
from elaastic.levels.started import Started
from provisioning.domain.course import image_of, server_of
from provisioning.domain.manifest import Desired, Ref
from provisioning.domain.servers import guest, server_with_its_plug

# What a machine that runs says of itself, by system: those of later turns wait for it.
_RUNS: Final = {"openstack": "server", "proxmox": "guest"}


def servers_that_started(platform: str, project: Any, machines: Sequence[Started]) -> Iterator[Desired]:
    """On OpenStack: for each its image, its place on the town's own network, and itself; it is made once those of
    the turn before run, on whichever system.
    """
    for one in _in_turn(machines, "openstack"):
        image = {"project": project, "file": one.file, "sha512": one.sha512, "format": one.form}
        yield Desired(image_of(one.name), "openstack.image", platform, image)
        yield from server_with_its_plug(
            platform, project, one.name, size=one.size, zone=one.zone, access="reserve-access",
            after=_before(one, machines),
        )  # fmt: skip


def guests_that_started(platform: str, pool: Any, terms: Terms, machines: Sequence[Started]) -> Iterator[Desired]:
    """On Proxmox: one network for them all, without an address of ours on it, and each one's image and itself."""
    mine = _in_turn(machines, "proxmox")
    if mine:
        yield Desired("guests-lan", "proxmox.network", platform, {})
    sizes = {machine["name"]: machine for machine in terms["machines"]}
    for one in mine:
        store, _, disk = one.stores.partition(" ")
        image = {"storage": store, "file": one.file, "sha512": one.sha512, "format": one.form}
        yield Desired(image_of(one.name), "proxmox.image", platform, image)
        yield guest(
            platform, pool, one.name, storage=disk, vcpus=sizes[one.name]["vcpus"],
            ram_mib=sizes[one.name]["ram_mib"], rules=[f"in any {terms['lan']}", "out any 0.0.0.0/0"],
            after=_before(one, machines),
        )  # fmt: skip


def _in_turn(machines: Sequence[Started], system: str) -> list[Started]:
    return sorted((one for one in machines if one.system == system), key=lambda one: one.group)


def _before(one: Started, machines: Sequence[Started]) -> list[Any]:
    """Those of the turn before."""
    turn = max((other.group for other in machines if other.group < one.group), default=0)
    return [Ref(server_of(other.name), _RUNS[other.system]).as_json() for other in machines if other.group == turn]
