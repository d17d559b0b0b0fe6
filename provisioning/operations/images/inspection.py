"""An uploaded file, whatever it is."""

from io import BufferedReader, FileIO
from typing import BinaryIO, cast

from provisioning.operations.images.archives import TAR_MAGIC, VMA_MAGIC, inspect_ova, inspect_vma
from provisioning.operations.images.disks import inspect_disk
from provisioning.operations.images.verdict import Image, Unfit


def inspect(source: "BufferedReader[FileIO]", most_bytes: int) -> Image:
    """Reads to the end. Unfit when it may not become a recovery point."""
    start = source.peek(512)
    if not start:
        raise Unfit("Empty")
    plain = cast("BinaryIO", source)
    if _begins(start, TAR_MAGIC):
        return inspect_ova(plain, most_bytes)
    if _begins(start, VMA_MAGIC):
        return inspect_vma(plain, most_bytes)
    disk = inspect_disk(plain, "disk-0", most_bytes)
    return Image(disk.form, (disk,))


def _begins(start: bytes, magic: tuple[int, bytes]) -> bool:
    at, words = magic
    return start[at : at + len(words)] == words
