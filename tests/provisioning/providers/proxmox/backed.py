"""A town on a cluster that has a way to the Backup Server beside it, and a machine of it that runs."""

from dataclasses import dataclass, replace
from typing import Any

from lab.proxmox import runbook
from provisioning.domain.handler import Target
from provisioning.kinds.backup_server import GuestBackupSpec
from provisioning.providers.proxmox.provider import ProxmoxProvider
from tests.lab.proxmox.clients import backup_root
from tests.provisioning.providers.proxmox.town import STORE, Settled, Town

# A disk: more than one of the pieces in which the Backup Server gives it away, and no two of them alike.
CONTENT = b"".join(bytes([number]) * 2**20 for number in range(1, 6))


def with_backups(town: Town) -> Town:
    """The runbook's storage, named in the region file."""
    where = {"server": "127.0.0.1", "port": town.wire.backup_port, "fingerprint": town.wire.control("fingerprint")}
    runbook.prepare_backups(town.outside, backup_root(town.wire), STORE, **where)
    platform = replace(town.platform, backup_storage=runbook.BACKUPS)
    return replace(town, platform=platform, provider=ProxmoxProvider(platform))


def guest(town: Town, name: str = "vm", content: bytes = CONTENT) -> str:
    """The VMID of one whose disk has that content."""
    image = Settled(town.provider.handlers["proxmox.image"]).create(town.image_target(f"{name}-disk", content))
    return town.make("guest", name, town.guest_target(name, image=image.external_id).spec)


def backup_target(town: Town, vmid: str, name: str = "copy") -> Target:
    return town.target(name, GuestBackupSpec(vmid))


@dataclass(frozen=True)
class Copies:
    """What somebody else sees on the Backup Server."""

    town: Town

    def all(self) -> list[dict[str, Any]]:
        store = backup_root(self.town.wire).admin.datastore(STORE)
        return list(store.snapshots.get(ns=runbook.NAMESPACE))

    def change(self, one: str, **value: Any) -> None:
        """One of them, behind everybody's back; `one` is the external id."""
        self._put(one.rpartition(":")[2], value)

    def age(self) -> None:
        """All of them were made a minute earlier: a group has one backup for a second."""
        store = backup_root(self.town.wire).admin.datastore(STORE)
        for one in self.all():
            where = {name: one[name] for name in ("backup-type", "backup-id", "backup-time")}
            files = store.files.get(ns=runbook.NAMESPACE, **where)
            earlier = {"store": STORE, "ns": runbook.NAMESPACE, **one, "backup-time": one["backup-time"] - 60}
            self._put(f"{one['backup-id']}/{earlier['backup-time']}", {**earlier, "files": files})
            self._put(f"{one['backup-id']}/{one['backup-time']}", None)

    def _put(self, name: str, value: Any) -> None:
        id = f"{STORE}:{runbook.NAMESPACE}:vm/{name}"
        self.town.wire.control("put", product="PBS", section="snapshots", id=id, value=value)
