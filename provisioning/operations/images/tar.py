"""The files in a tar, read once and in order.

The standard library's reader takes a damaged header for the end, holds in memory whatever prolongs a header, and
fills the holes of sparse files with zeros; so of the library only the reading of one header is used.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provisioning.operations.images.passing import CHUNK, Source, exactly
from provisioning.operations.images.verdict import Unfit

MAGIC: Final = (257, b"ustar")
# Long names and the like are held in memory.
MOST_PROLONGING: Final = 2**20
_BLOCK: Final = 512
_FILES: Final = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_WITHOUT_CONTENT: Final = frozenset(
    {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE}
)
_PROLONGING: Final = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)


@dataclass
class Part:
    """The content of one file. `left`: bytes that were not read yet."""

    source: Source
    left: int

    def read(self, most: int, /) -> bytes:
        """Unfit when the tar ends before the file does."""
        chunk = exactly(self.source, min(most, self.left))
        self.left -= len(chunk)
        return chunk


def files(source: Source, most: int) -> Iterator[tuple[str, Part]]:
    """Name (a stranger's text) and content of each; what was not read of one is passed over.

    `most`: headers, of whatever is in it. Unfit when there are more, and when it does not end as a tar ends.
    """
    said: dict[str, bytes] = {}
    for _header in range(most):
        block = exactly(source, _BLOCK)
        if not any(block):
            return
        info = _read(block)
        if info.type in _PROLONGING:
            said |= _prolonged(info, source)
            continue
        part = Part(source, _number(said["size"]) if "size" in said else info.size)
        after = -part.left % _BLOCK
        if info.type in _FILES:
            yield said.get("path", info.name.encode(errors="replace")).decode(errors="replace"), part
        elif info.type not in _WITHOUT_CONTENT:
            raise Unfit("Unsafe", "a member of an uncommon kind")
        elif part.left:
            raise Unfit("Damaged")
        while part.read(CHUNK):
            pass
        exactly(source, after)
        said = {}
    raise Unfit("Unsafe", f"more than {most} members")


def _read(block: bytes) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        raise Unfit("Damaged") from None
    if info.size < 0:
        raise Unfit("Damaged")
    return info


def _prolonged(info: tarfile.TarInfo, source: Source) -> dict[str, bytes]:
    """What stands before a header and counts in place of what it says: `path`, `size`."""
    if info.size > MOST_PROLONGING:
        raise Unfit("Unsafe", "a header of more than a MiB")
    content = exactly(source, info.size + -info.size % _BLOCK)[: info.size]
    if info.type == tarfile.GNUTYPE_LONGLINK:
        return {}
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": content.rstrip(b"\0")}
    records = dict(_records(content))
    if any(name.startswith("GNU.sparse") for name in records):
        raise Unfit("Unsafe", "a file with holes")
    counting = {name: value for name, value in records.items() if name in ("path", "size")}
    if counting and info.type == tarfile.XGLTYPE:
        raise Unfit("Unsafe", "one name or size for all members")
    return counting


def _records(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Of a PAX header: `length name=value` and the end of the line, the length being of all of it."""
    while content:
        digits, _space, _rest = content[:20].partition(b" ")
        length = _number(digits)
        name, equals, value = content[len(digits) + 1 : length].partition(b"=")
        if not len(digits) < length <= len(content) or not equals or not value.endswith(b"\n"):
            raise Unfit("Damaged")
        yield name.decode(errors="replace"), value[:-1]
        content = content[length:]


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise Unfit("Damaged")
    return int(digits)
