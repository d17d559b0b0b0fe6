"""The files of a snapshot: what there is, and one of them as it was before it was cut into chunks."""

from collections.abc import Iterator

from lab.proxmox.errors import Refused
from lab.proxmox.pbs.snapshots import files_of, one_snapshot
from lab.proxmox.state import Data
from lab.proxmox.world import Answer, Call


def list_files(call: Call) -> list[Data]:
    found = files_of(one_snapshot(call, "Datastore.Audit", "Datastore.Read")[1])
    return [{name: file[name] for name in ("filename", "crypt-mode", "size") if name in file} for file in found]


def download_decoded(call: Call) -> Answer:
    """Raw bytes, without their length; nothing of what is encrypted. `cut` in a snapshot, which the harness puts
    there, breaks it off after so many, `short` ends it there.
    """
    _, one = one_snapshot(call, "Datastore.Read")
    name = call.text("file-name")
    file = next((file for file in files_of(one) if file["filename"] == name), None)
    if file is None:
        raise Refused(400, f"unable to read fixed index '{name}' - No such file or directory (os error 2)")
    if file.get("crypt-mode") == "encrypt":
        raise Refused(400, f"cannot decode '{name}' - is encrypted")
    content = call.world.kept.read(str(file.get("bytes", "")), int(file.get("size", 0)))
    return Answer(stream=_spoilt(content, one) if one.get("cut") or one.get("short") else content)


def _spoilt(content: Iterator[bytes], one: Data) -> Iterator[bytes]:
    yield next(content)[: int(one.get("cut") or one["short"])]
    if one.get("cut"):
        raise ConnectionError("A chunk could not be read.")
