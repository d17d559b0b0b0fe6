"""What the look at an uploaded image came to."""

from dataclasses import asdict, dataclass
from typing import Any, Final

MOST_DISKS: Final = 32
# reason -> what it means, for the authority, whose move it always is: send another image.
REASONS: Final = {
    "Empty": "The file is empty.",
    "UnknownFormat": "It is none of the formats that are taken: qcow2, raw with a partition table, vmdk, ova, vma.",
    "Ambiguous": "It is several formats at once, which no honest tool makes.",
    "BackingFile": "It needs another file, its backing file: export the whole disk.",
    "ExternalData": "Its data lie in another file: export the whole disk into one.",
    "Encrypted": "It is encrypted, and nobody here has the key: export the disk in the clear.",
    "Unsafe": "It asks for something that would not be safe to do.",
    "TooLarge": "The disk in it is larger than was agreed.",
    "TooManyDisks": "It holds more disks than a machine may have.",
    "NoDisk": "There is no disk in it.",
    "Damaged": "It is cut off or damaged: upload it again.",
    "Uninspectable": "It could not be looked at within the limits.",
}


@dataclass(frozen=True)
class Disk:
    """One disk of an image. `form` is qcow2, raw or vmdk; `virtual_bytes` what the machine will see."""

    name: str
    form: str
    virtual_bytes: int


@dataclass(frozen=True)
class Image:
    """An image that may become a recovery point. `form` is a disk's, or the archive's: ova, vma."""

    form: str
    disks: tuple[Disk, ...]

    def as_json(self) -> dict[str, Any]:
        """The form in which it crosses the pipe."""
        return asdict(self)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> "Image":
        """What `as_json` wrote."""
        disks = (Disk(str(d["name"]), str(d["form"]), int(d["virtual_bytes"])) for d in data["disks"])
        return cls(str(data["form"]), tuple(disks))


class Unfit(Exception):
    """It may not become a recovery point. `reason` is one of REASONS; `detail` never quotes the file."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{REASONS[reason]} {detail}".strip())
        self.reason, self.detail = reason, detail
