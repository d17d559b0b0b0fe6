"""VMA, in which Proxmox keeps its backups, by its vma_spec.txt: a header, then extents until the file ends.

All numbers are big-endian. A header and each extent's header carry their own MD5.
"""

import hashlib
import struct
from typing import Final

from provisioning.operations.images.passing import Source, exactly
from provisioning.operations.images.verdict import MOST_DISKS, Disk, Image, Unfit

MAGIC: Final = (0, b"VMA\0")
_HEADER: Final = struct.Struct(">4sI16sq16sIII")
_FIXED: Final = 12288
_DEVICES_AT: Final = 4096
_DEVICE: Final = struct.Struct(">IIQQQ")
_MOST_HEADER: Final = 4 * 2**20
_SECTOR: Final = 512
# magic, reserved, blocks that follow, the archive's own number, MD5; then what stands where.
_EXTENT: Final = struct.Struct(">4sHH16s16s472x")
_BLOCK: Final = 4096
_MOST_BLOCKS: Final = 59 * 16


def inspect_vma(source: Source, most_bytes: int) -> Image:
    """The disks as its header tells them; Unfit when a sum does not hold, and where it is cut off."""
    fixed = exactly(source, _FIXED)
    _magic, version, number, _ctime, said, _blobs_at, _blobs, length = _HEADER.unpack_from(fixed)
    if version != 1 or not _FIXED <= length <= _MOST_HEADER:
        raise Unfit("Damaged")
    _check_sum(fixed + exactly(source, length - _FIXED), said)
    devices = _DEVICE.iter_unpack(fixed[_DEVICES_AT:_FIXED])
    disks = _agreed([size for named, _reserved, size, *_unused in devices if named], most_bytes)
    _pass_extents(source, number)
    return Image("vma", disks)


def _agreed(sizes: list[int], most_bytes: int) -> tuple[Disk, ...]:
    if not sizes:
        raise Unfit("NoDisk")
    if len(sizes) > MOST_DISKS:
        raise Unfit("TooManyDisks")
    if any(size % _SECTOR or not size for size in sizes):
        raise Unfit("Damaged")
    if (largest := max(sizes)) > most_bytes:
        raise Unfit("TooLarge", f"{largest} bytes, {most_bytes} agreed.")
    return tuple(Disk(f"disk-{number}", "raw", size) for number, size in enumerate(sizes))


def _pass_extents(source: Source, number: bytes) -> None:
    """An upload of half a file ends within an extent, or before the first."""
    seen = 0
    while header := source.read(_EXTENT.size):
        if len(header) != _EXTENT.size:
            raise Unfit("Damaged")
        magic, _reserved, blocks, of, said = _EXTENT.unpack(header)
        if magic != b"VMAE" or of != number or blocks > _MOST_BLOCKS:
            raise Unfit("Damaged")
        _check_sum(header, said, at=24)
        exactly(source, blocks * _BLOCK)
        seen += 1
    if not seen:
        raise Unfit("Damaged")


def _check_sum(header: bytes, said: bytes, at: int = 32) -> None:
    """The sum is of the header with zeros in the sum's own place."""
    blank = header[:at] + bytes(16) + header[at + 16 :]
    if hashlib.md5(blank, usedforsecurity=False).digest() != said:
        raise Unfit("Damaged")
