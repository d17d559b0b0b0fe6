"""What stands while machines are tried: images, a network that nothing leads out of, and the machines. Pure.

Everything is in the operation's own stack, inside the project that the subscription holds: with a user, and a
credential, that live as long as the operation. The town's own may be suspended, or changed, while a drill runs. On
Proxmox it is in the town's pool, where the portal's own token makes guests.
"""

from collections.abc import Iterable
from typing import Any, Final

from provisioning.domain.course import Course, Machine, image_of
from provisioning.domain.findings import Findings
from provisioning.domain.manifest import Desired, Manifest, Ref
from provisioning.domain.servers import guest, server_with_its_plug

BLUEPRINT: Final = "operation/1"
ROLE: Final = "member"


def manifest(course: Course, started: Iterable[Machine], found: Findings) -> Manifest:
    """`found` says where each image lies by now, and what was chosen for each machine."""
    running = list(started)
    parts = {"openstack": _openstack, "proxmox": _proxmox}
    resources = [one for system in parts if course.on(system) for one in parts[system](course, running, found)]
    return Manifest(BLUEPRINT, tuple(resources))


def _openstack(course: Course, started: list[Machine], found: Findings) -> Iterable[Desired]:
    platform, project = course.place.platforms["openstack"], course.place.project
    yield from _access(platform, project)
    yield from _network(platform, project, course.lan)
    for machine in course.on("openstack"):
        yield Desired(
            image_of(machine.name), "openstack.image", platform, {"project": project, **_bytes_of(machine, found)}
        )
    for machine in started:
        if machine.system == "openstack":
            size, zone = found.of(machine.name).size, course.place.zone
            yield from server_with_its_plug(platform, project, machine.name, size=size, zone=zone, access="access")


def _proxmox(course: Course, started: list[Machine], found: Findings) -> Iterable[Desired]:
    """A network without an address of ours on it: nothing leads out of it (ADR 27)."""
    platform = course.place.platforms["proxmox"]
    yield Desired("guests-lan", "proxmox.network", platform, {})
    for machine in course.on("proxmox"):
        store = found.of(machine.name).stores.partition(" ")[0]
        yield Desired(
            image_of(machine.name), "proxmox.image", platform, {"storage": store, **_bytes_of(machine, found)}
        )
    for machine in started:
        if machine.system == "proxmox":
            yield guest(
                platform, course.place.pool, machine.name, vcpus=machine.vcpus, ram_mib=machine.ram_mib,
                storage=found.of(machine.name).stores.partition(" ")[2],
                rules=[f"in any {course.lan}", f"out any {course.lan}"],
            )  # fmt: skip


def _bytes_of(machine: Machine, found: Findings) -> dict[str, Any]:
    source = machine.source
    return {"file": found.of(machine.name).file, "sha512": source.sha512, "format": source.form}


def _access(platform: str, project: str) -> Iterable[Desired]:
    yield Desired("user", "openstack.user", platform, {})
    yield Desired("people", "openstack.group", platform, {"members": [Ref("user", "user").as_json()]})
    may = {"project": project, "role": ROLE, "group": Ref("people", "group").as_json()}
    yield Desired("may", "openstack.grant", platform, may)
    access = {"user": Ref("user", "user").as_json(), "project": project, "role": Ref("may", "role").as_json()}
    yield Desired("access", "openstack.credential", platform, access)


def _network(platform: str, project: str, lan: str) -> Iterable[Desired]:
    """Without a router: it leads nowhere."""
    network = Ref("lan", "network").as_json()
    yield Desired("lan", "openstack.network", platform, {"project": project})
    subnet = {"project": project, "network": network, "cidr": lan}
    yield Desired("lan-addresses", "openstack.subnet", platform, subnet)
    rules = {"project": project, "rules": [f"in any {lan}", f"out any {lan}"]}
    yield Desired("lan-rules", "openstack.security_group", platform, rules)
