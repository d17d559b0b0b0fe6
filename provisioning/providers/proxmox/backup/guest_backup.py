"""`proxmox.guest_backup`: a guest's disks as they are while it runs, on the Backup Server beside the cluster.

1. The cluster is asked for it, and a task (`vzdump`) makes it; the notes, which that writes last, are the marker.
2. What is there is read on the Backup Server, in the namespace that the storage leads to, the portal's alone.
3. There it is removed, too: the server is done with it when it answers.
Whose task is at work is asked before what is there: in the other order one that ends in between would be missed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.names import Marker
from provisioning.domain.observation import Absent, Many, Observation, Outcome, Present, Sighting
from provisioning.kinds.backup_server import GuestBackupSpec
from provisioning.providers.proxmox import guests
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import NotThere
from provisioning.providers.proxmox.handlers.tasked import Tasked

KIND: Final = "proxmox.guest_backup"
# Comes last: without it a snapshot is one that is being made, or broke off.
MANIFEST: Final = "index.json.blob"
# A role without them shows one's own backups alone, or gives none away: what it does not show is not absent.
NEEDED: Final = frozenset({"Datastore.Audit", "Datastore.Read", "Datastore.Modify"})
_ID: Final = re.compile(r"(?P<store>[^:]+):(?P<ns>[^:]+):(?P<vmid>\d+)/(?P<time>\d+)")


@dataclass(frozen=True)
class GuestBackupHandler(Tasked):
    """The external id is `<datastore>:<namespace>:<VMID>/<second>`. `server` is the Backup Server; `storage` the
    region file's name of the cluster's way to it.
    """

    server: Api
    storage: str

    def observe(self, target: Target) -> Observation:
        """By its id; without one, by its notes. Unmarked: a whole one of this guest without any."""
        if target.external_id:
            store, words = where(target.external_id)
            seen = self._backups(store, words["ns"], words["backup-id"])
            there = [one for one in seen if str(one["backup-time"]) == words["backup-time"]]
            return self._shown(target, target.external_id, there[0]) if there else Absent()
        store, namespace = self._place()
        vmid = _spec(target).guest
        guest = guests.find(self.api, int(vmid))
        doing = f"looking for the task that makes a backup of guest {vmid}"
        if guest and (busy := self.api.at_work(doing, guest.node, "vzdump", guest.vmid)):
            return busy
        found = {_id(store, namespace, one): one for one in self._backups(store, namespace, vmid)}
        mine = {id: one for id, one in found.items() if one.get("comment") == str(target.marker)}
        if len(mine) > 1:
            return Many(tuple(mine), frozenset(mine))
        if not mine and any(not one.get("comment") for one in found.values()):
            raise PermanentError(
                f"There is a backup of guest {vmid} without notes in {namespace}; the region's operator must find "
                "out whose it is, and remove it or write its notes.",
                reason="Unmarked",
            )
        return next((self._shown(target, id, one) for id, one in mine.items()), Absent())

    def create(self, target: Target) -> Outcome:
        """Asked for; a task makes it. NotThere without the guest. It takes none of another's away."""
        guest = guests.find(self.api, int(_spec(target).guest))
        if guest is None:
            raise NotThere(f"Guest {_spec(target).guest} is not there.")
        if guest.lock:
            raise TemporaryError(
                f"Guest {guest.vmid} is locked ({guest.lock}); the portal tries again by itself.", unsent=True
            )
        if not isinstance(self.observe(target), Absent):
            raise AlreadyExists("There is such a backup, or it is being made.")
        doing, words = f"making the backup {target.full_name}", {"notes-template": str(target.marker)}
        words |= {"vmid": str(guest.vmid), "storage": self.storage, "mode": "snapshot", "remove": "0"}
        with guests.standing(doing):
            return Outcome(handle=self.api.started(doing, "post", f"nodes/{guest.node}/vzdump", **words))

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """It is of one guest and of one moment."""
        raise PermanentError("A backup of a guest cannot become another's; whoever asked must have one made.")

    def delete(self, target: Target) -> Outcome:
        """The guest stays as it is; room comes back when the server collects its garbage."""
        assert target.external_id
        seen = self.observe(target)
        if isinstance(seen, Present) and seen.ours:
            store, words = where(target.external_id)
            doing = f"removing the backup {target.full_name} from the Backup Server"
            self.server.call(doing, "delete", f"admin/datastore/{store}/snapshots", **words)
        return Outcome()

    def taken(self, backup: str) -> tuple[str, int, str]:
        """Its form, bytes, and "" for the sum that nobody took. PermanentError where its disk cannot be had."""
        return "raw", self._disk(backup)[1], ""

    def content(self, backup: str) -> Iterator[bytes]:
        """The disk's bytes, a MiB at a time; the server holds each piece against its sum. TemporaryError where not
        all of it came.
        """
        name, size = self._disk(backup)
        store, words = where(backup)
        doing, came = f"reading the backup {backup} from the Backup Server", 0
        path = f"admin/datastore/{store}/download-decoded"
        for piece in self.server.stream(doing, path, **words, **{"file-name": name}):
            came += len(piece)
            yield piece
        if came != size:
            raise self.server.peer.unusable(doing, f"has {came} bytes of {size}")

    def sightings(self) -> Iterator[Sighting]:
        """Of all towns. A storage that is not there shows nothing; one with a key shows what it had before."""
        try:
            store, namespace = self._place(readable=False)
        except PermanentError:
            return
        for one in self._backups(store, namespace):
            if Marker.parse(comment := str(one.get("comment") or "")):
                yield Sighting(KIND, _id(store, namespace, one), comment)

    def _disk(self, backup: str) -> tuple[str, int]:
        """The name of its index, and how long it is."""
        store, words = where(backup)
        times = [str(one["backup-time"]) for one in self._backups(store, words["ns"], words["backup-id"])]
        if words["backup-time"] not in times:
            raise PermanentError(f"The backup {backup} is gone; whoever asked must have another one made.")
        doing = f"listing the files of the backup {backup} on the Backup Server"
        files = self.server.listed(doing, f"admin/datastore/{store}/files", **words)
        disks = [one for one in files if _is_disk(str(one.get("filename")))]
        if any(one.get("crypt-mode") == "encrypt" for one in files):
            raise _encrypted(self.storage)
        if len(disks) != 1 or not isinstance(disks[0].get("size"), int):
            raise PermanentError(
                f"The backup {backup} has {len(disks)} disks, and the portal brings home machines with one; the "
                "region's operator must bring it home by hand.",
                reason="NoIndex",
            )
        return str(disks[0]["filename"]), int(disks[0]["size"])

    def _backups(self, store: str, namespace: str, vmid: str = "") -> list[dict[str, Any]]:
        """Those that are whole. PermanentError Forbidden where the portal would not see every one."""
        doing, path = f"listing the backups in {namespace} on the Backup Server", f"/datastore/{store}/{namespace}"
        held = self.server.shown(doing, "access/permissions", path=path).get(path) or {}
        if lacking := sorted(NEEDED - set(held)):
            raise PermanentError(
                f"The portal's token lacks {', '.join(lacking)} on {path} of the Backup Server; the region's "
                "operator must mend its role.",
                reason="Forbidden",
            )
        words = {"ns": namespace, "backup-type": "vm", **({"backup-id": vmid} if vmid else {})}
        found = self.server.listed(doing, f"admin/datastore/{store}/snapshots", **words)
        return [one for one in found if MANIFEST in (one.get("files") or ())]

    def _place(self, *, readable: bool = True) -> tuple[str, str]:
        """Datastore and namespace, as the cluster knows them."""
        found = self.api.listed("listing the cluster's storages", "storage", type="pbs")
        mine = next((one for one in found if one.get("storage") == self.storage), None)
        if mine is None or not mine.get("namespace") or str(mine.get("disable", 0)) in ("1", "True"):
            raise PermanentError(
                f"The cluster has no storage {self.storage!r} of the type pbs with a namespace; the region's "
                "operator must make one and name it in the region file (backup_storage).",
                reason="NoBackupStorage",
            )
        if readable and mine.get("encryption-key"):
            raise _encrypted(self.storage)
        return str(mine["datastore"]), str(mine["namespace"])

    @staticmethod
    def _shown(target: Target, id: str, one: Mapping[str, Any]) -> Present:
        shape = {"guest": str(one["backup-id"])}
        return Present(id, shape, {"backup": id}, ours=one.get("comment") == str(target.marker))


def where(backup: str) -> tuple[str, dict[str, str]]:
    """The datastore of an external id, and the words by which the server knows it."""
    found = _ID.fullmatch(backup)
    if found is None:
        raise PermanentError(f"{backup!r} is no backup of a guest; whoever develops the portal must look.")
    named = {"ns": found["ns"], "backup-type": "vm", "backup-id": found["vmid"], "backup-time": found["time"]}
    return found["store"], named


def _id(store: str, namespace: str, one: Mapping[str, Any]) -> str:
    return f"{store}:{namespace}:{one['backup-id']}/{one['backup-time']}"


def _is_disk(filename: str) -> bool:
    """And not the few bytes in which its firmware keeps what it learnt."""
    of_firmware = filename.startswith(("drive-efidisk", "drive-tpmstate"))
    return filename.startswith("drive-") and filename.endswith(".img.fidx") and not of_firmware


def _encrypted(storage: str) -> PermanentError:
    return PermanentError(
        f"The storage {storage} encrypts, and its Backup Server gives nothing encrypted away; the region's "
        "operator must name one without a key.",
        reason="Encrypted",
    )


def _spec(target: Target) -> GuestBackupSpec:
    assert isinstance(target.spec, GuestBackupSpec)
    return target.spec
