"""What the library's inspector does not ask of a vmdk, and QEMU obeys."""

import struct
from typing import Final

from oslo_utils.imageutils import format_inspector as formats

from provisioning.operations.images.verdict import Unfit

# From the header's twelfth byte, little-endian: sectors of the disk, sectors of a grain; then entries of a table.
_SIZES: Final = struct.Struct("<QQ")
_ENTRIES: Final = struct.Struct("<I")
_MOST_GRAIN: Final = 0x200000
_MOST_ENTRIES: Final = 512
_FOOTER_AT: Final = 512


def check_vmdk(found: formats.FileInspector) -> None:
    """Unfit when it rests on another vmdk, or says two things about its size."""
    descriptor = bytes(found.region("descriptor").data)
    text, end, _rest = descriptor.partition(b"\0")
    if not end:
        raise Unfit("Damaged")  # it goes on where nobody looked
    words = text.lower()
    if b"parentfilenamehint" in words or b"ffffffff" not in _parent(words):
        raise Unfit("BackingFile")
    header = bytes(found.region("header").data)
    sectors, grain = _SIZES.unpack_from(header, 12)
    (entries,) = _ENTRIES.unpack_from(header, 44)
    if not 0 < grain <= _MOST_GRAIN or not 0 < entries <= _MOST_ENTRIES:
        raise Unfit("Damaged")
    if found.has_region("footer"):  # which counts more than the header
        footer = bytes(found.region("footer").data)
        if header[12:28] != footer[_FOOTER_AT + 12 : _FOOTER_AT + 28] or not sectors:
            raise Unfit("Damaged")


def _parent(words: bytes) -> bytes:
    """What the descriptor says of its parent's content; none is all ones."""
    _before, said, after = words.partition(b"parentcid=")
    return after[:8] if said else b"ffffffff"
