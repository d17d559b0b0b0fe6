"""OpenStack: a town's project with what it may hold there, who may do what in it, its networks and what may pass.

Names of projects, users and groups are unique in the platform's domain. Neutron's names are not: there the marker
finds what has no id yet.
"""

from dataclasses import asdict, dataclass
from typing import Any

from provisioning.kinds.base import Kind, Repeat, Spec


@dataclass(frozen=True)
class ProjectSpec(Spec):
    """A project and its quotas; -1 is no limit, `ram_mib` in MiB (2^20). A quota is a limit, not a reserve."""

    enabled: bool = True  # False: no token for it is good any longer
    servers: int = 0
    vcpus: int = 0
    ram_mib: int = 0
    networks: int = 0
    subnets: int = 0
    routers: int = 0
    ports: int = 0
    floating_ips: int = 0
    security_groups: int = 1  # the one that Neutron makes by itself
    security_group_rules: int = 4  # and its rules


@dataclass(frozen=True)
class UserSpec(Spec):
    """An identity with a password that the vault keeps and nobody is shown."""

    enabled: bool = True  # False: nothing that it holds opens anything


@dataclass(frozen=True)
class GroupSpec(Spec):
    """Users who share what is granted to it."""

    members: Any

    def declared(self) -> dict[str, Any]:
        """A set has no order."""
        return {"members": sorted(self.members)}


@dataclass(frozen=True)
class GrantSpec(Spec):
    """A role, by name, of a group on a project."""

    project: Any
    role: str
    group: Any


@dataclass(frozen=True)
class CredentialSpec(Spec):
    """An application credential: what programs of a town sign in with. `user` refers to the user, whose password
    makes it, `role` to the grant without which it is good for nothing. `restricted`: it can make no other.
    """

    user: Any
    project: Any
    role: Any
    restricted: bool = True


@dataclass(frozen=True)
class NetworkSpec(Spec):
    """A network of one project alone. `port_security`: a port sends from its own addresses only."""

    project: Any
    enabled: bool = True
    shared: bool = False
    port_security: bool = True


@dataclass(frozen=True)
class SubnetSpec(Spec):
    """Addresses of a network; two of one network never overlap. Without `gateway` nothing leads out of it."""

    project: Any
    network: Any
    cidr: str
    gateway: str | None = None
    dhcp: bool = True
    dns: Any = ()  # asked in this order

    def declared(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"dns": list(self.dns)}


@dataclass(frozen=True)
class RouterSpec(Spec):
    """Joins subnets; `outside`: to the platform's external network too."""

    project: Any
    subnets: Any
    outside: bool = False
    enabled: bool = True

    def declared(self) -> dict[str, Any]:
        """A set has no order."""
        return asdict(self) | {"subnets": sorted(self.subnets)}


@dataclass(frozen=True)
class SecurityGroupSpec(Spec):
    """What may pass to and from a port; nothing else does. A rule is a line of words:

    `in|out any|tcp|udp|icmp|<number>[/<port>[-<port>]] <cidr>|itself`, as in `in tcp/22 192.0.2.0/24`. For ICMP the
    ports are type and code.
    """

    project: Any
    rules: Any

    def declared(self) -> dict[str, Any]:
        """A set has no order."""
        return asdict(self) | {"rules": sorted(self.rules)}


@dataclass(frozen=True)
class PortSpec(Spec):
    """Where a server is plugged in; nothing passes but what its groups let through. `address`: None for any."""

    project: Any
    network: Any
    subnet: Any
    security_groups: Any
    address: str | None = None
    enabled: bool = True
    port_security: bool = True

    def declared(self) -> dict[str, Any]:
        """A set has no order; any address is as good as another."""
        fields = asdict(self) | {"security_groups": sorted(self.security_groups)}
        return fields if self.address else {name: fields[name] for name in fields if name != "address"}


@dataclass(frozen=True)
class ServerSpec(Spec):
    """A machine, made with the town's `credential`. `flavor` and `zone` are names; no zone is any zone. `after`:
    the machines that stand before it is made; once it is, they say nothing any more.
    """

    project: Any
    credential: Any
    image: Any
    flavor: str
    port: Any
    zone: str = ""
    running: bool = True
    after: Any = ()

    def declared(self) -> dict[str, Any]:
        """What Nova shows again."""
        return {name: getattr(self, name) for name in ("image", "flavor", "port", "running")}


@dataclass(frozen=True)
class ImageSpec(Spec):
    """What servers are made from: a `file` that the worker can read, whose `sha512` (hexadecimal) was taken when it
    was looked at. `format` is Glance's word: qcow2, raw.
    """

    project: Any
    file: str
    sha512: str
    format: str
    private: bool = True  # False: every town may use it

    def declared(self) -> dict[str, Any]:
        """Where it came from Glance does not know."""
        return {name: value for name, value in asdict(self).items() if name != "file"}


@dataclass(frozen=True)
class ServerImageSpec(Spec):
    """The disk of a `server`, by its id, as it is at that moment: of a short life, for whoever carries it on."""

    server: str


PROJECT = Kind(
    name="openstack.project",
    provider="openstack",
    spec=ProjectSpec,
    repeat=Repeat.UNIQUE,
    marker="tag",
    protects=frozenset(asdict(ProjectSpec())),
)
USER = Kind(
    name="openstack.user",
    provider="openstack",
    spec=UserSpec,
    repeat=Repeat.UNIQUE,
    marker="description",
    secrets=("password",),
    protects=frozenset({"enabled"}),
)
GROUP = Kind(
    name="openstack.group",
    provider="openstack",
    spec=GroupSpec,
    repeat=Repeat.UNIQUE,
    marker="description",
    protects=frozenset({"members"}),
)
GRANT = Kind(
    name="openstack.grant",
    provider="openstack",
    spec=GrantSpec,
    repeat=Repeat.UNIQUE,
)
CREDENTIAL = Kind(
    name="openstack.credential",
    provider="openstack",
    spec=CredentialSpec,
    repeat=Repeat.UNIQUE,
    marker="description",
    secrets=("secret",),
)
NETWORK = Kind(
    name="openstack.network",
    provider="openstack",
    spec=NetworkSpec,
    repeat=Repeat.HARMLESS,
    marker="description",
    protects=frozenset({"enabled", "shared", "port_security"}),
)
SUBNET = Kind(
    name="openstack.subnet",
    provider="openstack",
    spec=SubnetSpec,
    repeat=Repeat.UNIQUE,  # Neutron takes an address range once in a network
    marker="description",
    protects=frozenset({"gateway"}),
)
ROUTER = Kind(
    name="openstack.router",
    provider="openstack",
    spec=RouterSpec,
    repeat=Repeat.HARMLESS,
    marker="description",
    protects=frozenset({"outside", "subnets", "enabled"}),
)
SECURITY_GROUP = Kind(
    name="openstack.security_group",
    provider="openstack",
    spec=SecurityGroupSpec,
    repeat=Repeat.HARMLESS,
    marker="description",
    protects=frozenset({"rules"}),
)
PORT = Kind(
    name="openstack.port",
    provider="openstack",
    spec=PortSpec,
    repeat=Repeat.HARMLESS,
    marker="description",
    protects=frozenset({"security_groups", "enabled", "port_security"}),
)
SERVER = Kind(
    name="openstack.server",
    provider="openstack",
    spec=ServerSpec,
    repeat=Repeat.HARMLESS,  # no double of it is removed by itself: it bears data
    marker="tag",
    bears_data=True,
)
IMAGE = Kind(
    name="openstack.image",
    provider="openstack",
    spec=ImageSpec,
    repeat=Repeat.HARMLESS,  # a copy: the file is elsewhere
    marker="tag",
    protects=frozenset({"private"}),
)
SERVER_IMAGE = Kind(
    name="openstack.server_image",
    provider="openstack",
    spec=ServerImageSpec,
    repeat=Repeat.HARMLESS,  # a copy: what it shows is the machine's, which stays
    marker="property",
)
