"""Proxmox Backup Server, which stands beside a cluster: a town's namespace in a datastore, who may write to it, and
what is done with old copies. Datastores are the region's, and shared.
"""

from dataclasses import asdict, dataclass
from typing import Any

from provisioning.kinds.base import Kind, Repeat, Spec

REALM = "pbs"


@dataclass(frozen=True)
class NamespaceSpec(Spec):
    """Where a town's backups lie, apart from everybody else's."""

    store: str


@dataclass(frozen=True)
class UserSpec(Spec):
    """An identity without a password; its token signs in."""

    enabled: bool = True  # False: its tokens open nothing


@dataclass(frozen=True)
class TokenSpec(Spec):
    """An API token, made and shown once by the server. It may what was granted to it and to its user both."""

    user: Any
    enabled: bool = True

    def declared(self) -> dict[str, Any]:
        """Whose it is stands in its id."""
        return {"enabled": self.enabled}


@dataclass(frozen=True)
class GrantSpec(Spec):
    """A role on a path, for a user or for one of its tokens: each needs its own."""

    path: Any
    role: str
    holder: Any
    propagate: bool = True


@dataclass(frozen=True)
class JobSpec(Spec):
    """What is done regularly in a namespace: `prune` keeps so many and drops the rest, `verify` reads again what
    was last read longer than `outdated_after` days ago. `schedule` is a calendar event, as `daily`; 0 is
    nothing of the sort. A verification cannot be disabled.
    """

    action: str
    store: str
    namespace: Any
    schedule: str
    keep_last: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_yearly: int = 0
    outdated_after: int = 0
    enabled: bool = True


@dataclass(frozen=True)
class GuestBackupSpec(Spec):
    """The disks of a `guest`, by its VMID, as they are at that moment: short-lived, for whoever carries them on."""

    guest: str


_FIELDS = frozenset(asdict(JobSpec("", "", "", ""))) - {"action"}

NAMESPACE = Kind(
    name="proxmox.backup_namespace",
    provider="proxmox",
    spec=NamespaceSpec,
    repeat=Repeat.UNIQUE,
    marker="name",
    bears_data=True,
)
USER = Kind(
    name="proxmox.backup_user",
    provider="proxmox",
    spec=UserSpec,
    repeat=Repeat.UNIQUE,
    marker="comment",
    protects=frozenset({"enabled"}),
)
TOKEN = Kind(
    name="proxmox.backup_token",
    provider="proxmox",
    spec=TokenSpec,
    repeat=Repeat.UNIQUE,
    marker="comment",
    secrets=("secret",),
    secret_recoverable=False,
    protects=frozenset({"enabled"}),
)
GRANT = Kind(
    name="proxmox.backup_grant",
    provider="proxmox",
    spec=GrantSpec,
    repeat=Repeat.UNIQUE,
    protects=frozenset({"propagate"}),
)
JOB = Kind(
    name="proxmox.backup_job",
    provider="proxmox",
    spec=JobSpec,
    repeat=Repeat.UNIQUE,
    marker="comment",
    protects=_FIELDS,  # one that keeps less than was approved would drop what was promised
)
GUEST_BACKUP = Kind(
    name="proxmox.guest_backup",
    provider="proxmox",
    spec=GuestBackupSpec,
    repeat=Repeat.HARMLESS,  # a copy: what it shows is the guest's, which stays
    marker="notes",
)
