"""Proxmox VE: a town's pool, its user without a password, what it may there, and its API token; a network that
leads nowhere, the image of a disk, and the guest that starts from it.

Roles are no kind: a token cannot make one (`Sys.Modify` on `/access`), so the platform's runbook does, like the
rules of Ceph. So are storages and the zone of the networks: they are the region's, and shared.
"""

from dataclasses import asdict, dataclass
from typing import Any

from provisioning.kinds.base import Kind, Repeat, Spec

REALM = "pve"


@dataclass(frozen=True)
class PoolSpec(Spec):
    """Where the town's guests lie. What is granted on it holds on its storages too."""

    storages: Any = ()

    def declared(self) -> dict[str, Any]:
        """A set has no order."""
        return {"storages": sorted(self.storages)}


@dataclass(frozen=True)
class UserSpec(Spec):
    """An identity of the realm `pve`; nobody signs in with it, its token does."""

    enabled: bool = True


@dataclass(frozen=True)
class GrantSpec(Spec):
    """A role on a path, for a user or for one of its tokens: one of separated privilege needs its own."""

    path: Any
    role: str
    holder: Any  # a user's id, or a token's with the `!`
    propagate: bool = True


@dataclass(frozen=True)
class TokenSpec(Spec):
    """An API token of separated privilege. Its value is made by Proxmox and shown once."""

    user: Any
    separated: bool = True

    def declared(self) -> dict[str, Any]:
        """Whose it is stands in its id."""
        return {name: value for name, value in asdict(self).items() if name != "user"}


@dataclass(frozen=True)
class NetworkSpec(Spec):
    """A network of one stack alone, in the platform's zone; without an address of ours on it nothing leads out.
    `isolated`: not even its guests reach each other.
    """

    isolated: bool = False

    def declared(self) -> dict[str, Any]:
        """That it is in force on every node cannot be wanted otherwise."""
        return {"isolated": self.isolated, "in_force": True}


@dataclass(frozen=True)
class ImageSpec(Spec):
    """What guests are made from: a `file` that the worker can read, whose `sha512` (hexadecimal) was taken when it
    was looked at, on a storage with the content `import`. `format` is qcow2, raw or vmdk.
    """

    storage: str
    file: str
    sha512: str
    format: str

    def declared(self) -> dict[str, Any]:
        """Where it came from Proxmox does not know; it takes a file whose sum is right, and no other."""
        return {name: value for name, value in asdict(self).items() if name != "file"}


@dataclass(frozen=True)
class GuestSpec(Spec):
    """A machine on the node with most room, whose disk is a copy of `image` on `storage`. `ram_mib` in MiB (2^20).

    `rules` are lines of words as those of OpenStack's security groups, `in|out
    any|tcp|udp|icmp|<number>[/<port>[-<port>]] <cidr>`: nothing else passes; 0.0.0.0/0 is anywhere, IPv6 too. `bus`
    and `card` are what its system knows: scsi and virtio, or sata and e1000 for older ones. `after`: others, which
    run before this one is made.
    """

    pool: Any
    image: Any
    storage: str
    network: Any
    vcpus: int
    ram_mib: int
    rules: Any = ()
    firewall: bool = True
    running: bool = True
    bus: str = "scsi"
    card: str = "virtio"
    after: Any = ()

    def declared(self) -> dict[str, Any]:
        """What Proxmox shows again; a set has no order."""
        names = ("pool", "network", "vcpus", "ram_mib", "firewall", "running")
        return {name: getattr(self, name) for name in names} | {"rules": sorted(self.rules)}


@dataclass(frozen=True)
class SnapshotSpec(Spec):
    """A guest's disks as they are at that moment."""

    guest: Any


POOL = Kind(
    name="proxmox.pool",
    provider="proxmox",
    spec=PoolSpec,
    repeat=Repeat.UNIQUE,
    marker="comment",
)
USER = Kind(
    name="proxmox.user",
    provider="proxmox",
    spec=UserSpec,
    repeat=Repeat.UNIQUE,
    marker="comment",
    protects=frozenset({"enabled"}),
)
GRANT = Kind(
    name="proxmox.grant",
    provider="proxmox",
    spec=GrantSpec,
    repeat=Repeat.UNIQUE,
    protects=frozenset({"propagate"}),
)
TOKEN = Kind(
    name="proxmox.token",
    provider="proxmox",
    spec=TokenSpec,
    repeat=Repeat.UNIQUE,
    marker="comment",
    secrets=("secret",),
    secret_recoverable=False,
    protects=frozenset({"separated"}),
)
NETWORK = Kind(
    name="proxmox.network",
    provider="proxmox",
    spec=NetworkSpec,
    repeat=Repeat.UNIQUE,
    marker="alias",
    protects=frozenset({"isolated", "in_force"}),
)
IMAGE = Kind(
    name="proxmox.image",
    provider="proxmox",
    spec=ImageSpec,
    repeat=Repeat.UNIQUE,  # a copy: the file is elsewhere
    marker="name",
)
GUEST = Kind(
    name="proxmox.guest",
    provider="proxmox",
    spec=GuestSpec,
    repeat=Repeat.UNIQUE,  # its VMID is ours to choose
    marker="tag",
    bears_data=True,
    protects=frozenset({"rules", "firewall", "network"}),
)
SNAPSHOT = Kind(
    name="proxmox.snapshot",
    provider="proxmox",
    spec=SnapshotSpec,
    repeat=Repeat.UNIQUE,
    marker="description",
)
