"""The compute hosts: so many a site, which is their availability zone; what they have, and what is used of it."""

import hashlib
from dataclasses import dataclass

from lab.simulated.openstack import nova, things
from lab.simulated.openstack.call import Call, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.shape import Shape
from lab.simulated.store import Store
from lab.simulated.web import Answer

# As the lab's Nova: so many virtual CPUs are given out for each real one.
_CPU_RATIO = 4.0


@dataclass(frozen=True)
class Host:
    """`used_vcpus` and `used_ram_mib` by the machines that are on it."""

    name: str
    zone: str
    up: bool
    vcpus: int
    ram_mib: int
    used_vcpus: int
    used_ram_mib: int
    machines: int

    def has_room(self, flavor: Thing) -> bool:
        vcpus, ram = self.used_vcpus + flavor["vcpus"], self.used_ram_mib + flavor["ram"]
        return self.up and vcpus <= self.vcpus * _CPU_RATIO and ram <= self.ram_mib


def every(store: Store, shape: Shape) -> list[Host]:
    """Site by site; those of a lost one are down."""
    down = set(store.setting("sites_down").split(","))
    servers = things.every(store, "server")
    return [
        _host(f"nova-{site.code}-{number}", site.code, site.code not in down, shape, servers)
        for site in shape.sites
        for number in range(1, shape.hosts_a_site + 1)
    ]


def _host(name: str, zone: str, up: bool, shape: Shape, servers: list[Thing]) -> Host:
    mine = [server["flavor"] for server in servers if server["host"] == name]
    used = sum(one["vcpus"] for one in mine), sum(one["ram"] for one in mine)
    return Host(name, zone, up, shape.host_vcpus, shape.host_ram_mib, *used, machines=len(mine))


def choose(store: Store, shape: Shape, flavor: Thing, zone: str) -> Host | None:
    """The one with the most memory left; None when none has room."""
    fitting = [host for host in every(store, shape) if host.has_room(flavor) and zone in ("", host.zone)]
    return max(fitting, key=lambda host: (host.ram_mib - host.used_ram_mib, host.name), default=None)


def list_services(call: Call) -> Answer:
    """The hosts' own, and the two that are everybody's."""
    nova.only_admin(call, "os-services:list")
    found = [_service("nova-compute", host.name, host.zone, host.up) for host in every(call.store, call.shape)]
    found += [_service(name, "nova", "internal", True) for name in ("nova-conductor", "nova-scheduler")]
    binary = call.query.get("binary")
    return shown({"services": [one for one in found if binary in (None, one["binary"])]})


def _service(binary: str, host: str, zone: str, up: bool) -> Thing:
    state = {"status": "enabled", "state": "up" if up else "down", "disabled_reason": None, "forced_down": False}
    return {"binary": binary, "host": host, "id": _id(f"{binary} {host}"), "zone": zone, **state}


def list_hypervisors(call: Call) -> Answer:
    """From 2.88 on Nova no longer says what they have: Placement does."""
    nova.only_admin(call, "os-hypervisors:list-detail")
    counted = nova.version(call) < (2, 88)
    return shown({"hypervisors": [_hypervisor(host, counted) for host in every(call.store, call.shape)]})


def _hypervisor(host: Host, counted: bool) -> Thing:
    shown_always = {
        "id": _id(host.name), "hypervisor_hostname": host.name, "state": "up" if host.up else "down",
        "status": "enabled", "hypervisor_type": "simulated", "hypervisor_version": 1000, "host_ip": "127.0.0.1",
        "service": {"id": _id(f"nova-compute {host.name}"), "host": host.name, "disabled_reason": None},
    }  # fmt: skip
    if not counted:
        return shown_always
    return shown_always | {
        "vcpus": host.vcpus, "vcpus_used": host.used_vcpus, "memory_mb": host.ram_mib,
        "memory_mb_used": host.used_ram_mib, "free_ram_mb": host.ram_mib - host.used_ram_mib,
        "local_gb": 2000, "local_gb_used": 0, "running_vms": host.machines,
    }  # fmt: skip


def _id(text: str) -> str:
    sum = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32]))
