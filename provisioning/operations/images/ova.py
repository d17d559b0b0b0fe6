"""OVA: a tar with the settings of a machine and a vmdk a disk."""

from typing import Final

from provisioning.operations.images.disks import inspect_disk
from provisioning.operations.images.passing import Source
from provisioning.operations.images.tar import files
from provisioning.operations.images.verdict import MOST_DISKS, Disk, Image, Unfit

MOST_MEMBERS: Final = 1000


def inspect_ova(source: Source, most_bytes: int) -> Image:
    """Every disk in it; what else is in it is passed over, and nothing is unpacked."""
    disks: list[Disk] = []
    for name, content in files(source, MOST_MEMBERS):
        if name.lower().endswith(".vmdk"):
            if len(disks) >= MOST_DISKS:
                raise Unfit("TooManyDisks")
            # Its own name is a stranger's text, and is kept nowhere.
            disks.append(inspect_disk(content, f"disk-{len(disks)}", most_bytes))
    if not disks:
        raise Unfit("NoDisk")
    return Image("ova", tuple(disks))
