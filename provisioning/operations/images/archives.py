"""Archives of machines: OVA, a tar with a disk a member, and VMA, in which Proxmox keeps its backups."""

import hashlib
import struct
import tarfile
from typing import BinaryIO, Final, cast

from provisioning.operations.images.disks import CHUNK, inspect_disk
from provisioning.operations.images.verdict import Disk, Image, Unfit

MOST_DISKS: Final = 32
MOST_MEMBERS: Final = 1000
TAR_MAGIC: Final = (257, b"ustar")
VMA_MAGIC: Final = (0, b"VMA\0")
# Proxmox's vma_spec.txt, all big-endian: the sizes of the header's fixed part and of a device's entry.
_VMA_HEADER: Final = struct.Struct(">4sI16sq16sIII")
_VMA_FIXED: Final = 12288
_VMA_DEVICES_AT: Final = 4096
_VMA_DEVICE: Final = struct.Struct(">IIQQQ")
_VMA_MOST_HEADER: Final = 4 * 2**20


def inspect_ova(source: BinaryIO, most_bytes: int) -> Image:
    """Every disk in it; what else is in it is passed over, and nothing is unpacked."""
    disks: list[Disk] = []
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK) as tar:
            for count, member in enumerate(tar):
                if count >= MOST_MEMBERS:
                    raise Unfit("Unsafe", "more than a thousand members")
                if member.isreg() and member.name.lower().endswith(".vmdk"):
                    disks.append(_member(tar, member, len(disks), most_bytes))
    except (tarfile.TarError, EOFError):
        raise Unfit("Damaged") from None
    if not disks:
        raise Unfit("NoDisk")
    return Image("ova", tuple(disks))


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo, number: int, most_bytes: int) -> Disk:
    if number >= MOST_DISKS:
        raise Unfit("TooManyDisks")
    # Its own name is a stranger's text, and is kept nowhere.
    return inspect_disk(cast("BinaryIO", tar.extractfile(member)), f"disk-{number}", most_bytes)


def inspect_vma(source: BinaryIO, most_bytes: int) -> Image:
    """The disks of a backup as its header tells them; the header's own sum must hold."""
    fixed = _exactly(source, _VMA_FIXED)
    _magic, version, _uuid, _ctime, said, _blobs_at, _blobs, length = _VMA_HEADER.unpack_from(fixed)
    if version != 1 or not _VMA_FIXED <= length <= _VMA_MOST_HEADER:
        raise Unfit("Damaged")
    header = bytearray(fixed + _exactly(source, length - _VMA_FIXED))
    header[32:48] = bytes(16)
    if hashlib.md5(header, usedforsecurity=False).digest() != said:
        raise Unfit("Damaged")
    devices = _VMA_DEVICE.iter_unpack(header[_VMA_DEVICES_AT:_VMA_FIXED])
    sizes = [size for named, _reserved, size, *_unused in devices if named]
    while source.read(CHUNK):
        pass
    return Image("vma", _agreed(sizes, most_bytes))


def _agreed(sizes: list[int], most_bytes: int) -> tuple[Disk, ...]:
    if not sizes:
        raise Unfit("NoDisk")
    if len(sizes) > MOST_DISKS:
        raise Unfit("TooManyDisks")
    if (largest := max(sizes)) > most_bytes:
        raise Unfit("TooLarge", f"{largest} bytes, {most_bytes} agreed.")
    return tuple(Disk(f"disk-{number}", "raw", size) for number, size in enumerate(sizes))


def _exactly(source: BinaryIO, size: int) -> bytes:
    found = source.read(size)
    if len(found) != size:
        raise Unfit("Damaged")
    return found
