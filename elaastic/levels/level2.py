"""Level 2, Intermediate: level 1, and a reserve on which a town's machines start when its own are gone.

The slides: "spazio per ricevere periodicamente le immagini delle VM e risorse per riattivarle in caso di disastro".
Machines without a state of their own, and modern ones, start on OpenStack; stateful and old ones on Proxmox; a town
may have both. Their images go into one of the archives of level 1, with its retention and its lock. At rest the
reserve is an empty place (a project, a pool, a network that leads nowhere) and a line in the portal's ledger of
promises: an OpenStack quota is a limit and reserves nothing.
"""

from collections.abc import Iterable
from typing import Any, Final

from elaastic.levels import level1, recovery_schema
from elaastic.levels.base import AS_USUAL, Level, Mode, Terms
from elaastic.levels.level2_started import guests_that_started, servers_that_started
from elaastic.levels.level2_terms import DEFAULTS, NATURES, SCHEMA, faults
from provisioning.domain.manifest import Desired, Manifest, Need, Placement, Ref

BLUEPRINT: Final = "level2/1"
# Roles of the platforms' own, made by their runbooks.
OPENSTACK_ROLE: Final = "member"
PROXMOX_ROLE: Final = "McloudTown"
# While one plan stands (failed over), a drill may be going on: two networks, and for each machine a port in both.
_NETWORKS: Final = 2
_PORTS_OF_A_NETWORK: Final = 3  # its router's, and its address server's


def machines_on(terms: Terms, system: str) -> list[Terms]:
    """The machines that start there, in the order of the terms."""
    return [machine for machine in terms["machines"] if NATURES[machine["nature"]] == system]


def reserve(terms: Terms) -> dict[str, dict[str, int]]:
    """What must be free, by system and resource: all machines at once, for a disaster asks for all of them.

    Proxmox keeps the disks too, whole; on OpenStack they lie on the host that runs the machine.
    """
    found: dict[str, dict[str, int]] = {}
    for system in NATURES.values():
        mine = machines_on(terms, system)
        if mine:
            found[system] = {"vcpus": _sum(mine, "vcpus"), "ram_mib": _sum(mine, "ram_mib")}
            if system == "proxmox":
                found[system]["storage_gib"] = _sum(mine, "disk_gib")
    return found


def _sum(machines: Iterable[Terms], field: str) -> int:
    return sum(machine[field] for machine in machines)


def quantities(terms: Terms) -> tuple[tuple[str, int], ...]:
    """Level 1's, and the reserve whether it is used or not: that is what a reserve is."""
    held = reserve(terms).values()
    ram_mib = sum(one["ram_mib"] for one in held)
    return (
        *level1.quantities(terms),
        ("reserve_vcpu", sum(one["vcpus"] for one in held)),
        ("reserve_ram_gib", -(-ram_mib // 1024)),
    )


def blueprint(terms: Terms, placement: Placement, mode: Mode = AS_USUAL) -> Manifest:
    """Level 1's manifest under the same names, and the empty places. Who leaves starts nothing any longer."""
    below = level1.blueprint(terms, placement, mode)
    if mode.leaving:
        return Manifest(BLUEPRINT, below.resources, below.needs)
    places = {"openstack": _project, "proxmox": _pool}
    held = reserve(terms)
    resources = [one for system in held for one in places[system](placement.platforms[system], terms, mode)]
    needs = [
        Need(placement.platforms[system], placement.reserve, resource, amount)
        for system, amounts in held.items()
        for resource, amount in amounts.items()
    ]
    return Manifest(BLUEPRINT, (*below.resources, *resources), (*below.needs, *needs))


def _project(platform: str, terms: Terms, mode: Mode) -> list[Desired]:
    machines = machines_on(terms, "openstack")
    here = Ref("reserve", "project").as_json()
    quotas = {
        "servers": len(machines),
        "vcpus": _sum(machines, "vcpus"),
        "ram_mib": _sum(machines, "ram_mib"),
        "networks": _NETWORKS,
        "subnets": _NETWORKS,
        "routers": 1,
        "ports": _NETWORKS * (len(machines) + _PORTS_OF_A_NETWORK),
        "security_groups": 1 + _NETWORKS,
        "security_group_rules": 60,
    }
    # Suspended, the town's own programs start nothing; the region still can. What failed over goes on running.
    stopped = {} if mode.writes or mode.failed_over else {"enabled": False}
    return [
        Desired("reserve", "openstack.project", platform, quotas),
        Desired("reserve-user", "openstack.user", platform, stopped),
        Desired(
            "reserve-people", "openstack.group", platform, {"members": [Ref("reserve-user", "user").as_json()]}
        ),
        Desired(
            "reserve-may",
            "openstack.grant",
            platform,
            {"project": here, "role": OPENSTACK_ROLE, "group": Ref("reserve-people", "group").as_json()},
        ),
        Desired(
            "reserve-access",
            "openstack.credential",
            platform,
            {
                "user": Ref("reserve-user", "user").as_json(),
                "project": here,
                "role": Ref("reserve-may", "role").as_json(),
            },
        ),
        *_network(platform, here, terms["lan"], outside=bool(mode.failed_over)),
        *servers_that_started(platform, here, mode.failed_over),
    ]


def _network(platform: str, project: Any, lan: str, *, outside: bool) -> list[Desired]:
    """It leads nowhere until the town fails over: whatever starts in it speaks to its neighbours alone."""
    subnet = {
        "project": project,
        "network": Ref("lan", "network").as_json(),
        "cidr": lan,
        "gateway": lan.replace(".0/24", ".1"),
    }
    router = {"project": project, "subnets": [Ref("lan-addresses", "subnet").as_json()]}
    router |= {"outside": True} if outside else {}
    rules = {"project": project, "rules": [f"in any {lan}", "out any 0.0.0.0/0"]}
    return [
        Desired("lan", "openstack.network", platform, {"project": project}),
        Desired("lan-addresses", "openstack.subnet", platform, subnet),
        Desired("lan-router", "openstack.router", platform, router),
        Desired("lan-rules", "openstack.security_group", platform, rules),
    ]


def _pool(platform: str, terms: Terms, mode: Mode) -> list[Desired]:
    path = Ref("pool", "path").as_json()
    return [
        Desired("pool", "proxmox.pool", platform, {}),
        Desired("pool-user", "proxmox.user", platform, {} if mode.writes else {"enabled": False}),
        Desired("pool-token", "proxmox.token", platform, {"user": Ref("pool-user", "user").as_json()}),
        *(
            Desired(
                f"pool-may-{number}",
                "proxmox.grant",
                platform,
                {"path": path, "role": PROXMOX_ROLE, "holder": Ref(*holder).as_json()},
            )
            for number, holder in enumerate((("pool-user", "user"), ("pool-token", "token_id")), start=1)
        ),
        *guests_that_started(platform, Ref("pool", "pool").as_json(), terms, mode.failed_over),
    ]


LEVEL2: Final = Level(
    number=2,
    name="Intermediate",
    summary="Space for the images of your virtual machines, and resources to start them after a disaster.",
    promises=(
        "Everything in level 1.",
        "A reserve on which your machines start when yours are gone.",
        "Recovery drills that really start them, and measure the time.",
    ),
    schema=SCHEMA,
    defaults=DEFAULTS,
    blueprint=blueprint,
    storage=level1.storage,
    credentials=level1.LEVEL1.credentials,
    fixed=level1.fixed,
    quantities=quantities,
    reserve=reserve,
    natures=NATURES,
    faults=faults,
    recovery_plan=recovery_schema.SCHEMA,
)
