"""An uploaded file, whatever it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provisioning.operations.images import tar, vma
from provisioning.operations.images.disks import inspect_disk
from provisioning.operations.images.ova import inspect_ova
from provisioning.operations.images.passing import Passing, Source
from provisioning.operations.images.verdict import Image, Unfit
from provisioning.operations.images.vma import inspect_vma

_ARCHIVES: Final[tuple[tuple[tuple[int, bytes], Callable[[Source, int], Image]], ...]] = (
    (tar.MAGIC, inspect_ova),
    (vma.MAGIC, inspect_vma),
)
_START: Final = 512


def inspect(source: Source, most_bytes: int) -> Image:
    """Reads to the end. Unfit when it may not become a recovery point."""
    start = source.read(_START)
    if not start:
        raise Unfit("Empty")
    whole = _Whole(start, source)
    archives = [look for (at, magic), look in _ARCHIVES if start[at : at + len(magic)] == magic]
    if len(archives) > 1:
        raise Unfit("Ambiguous", "two archives")
    if archives:
        return _only(archives[0], whole, most_bytes)
    disk = inspect_disk(whole, "disk-0", most_bytes)
    return Image(disk.form, (disk,))


def _only(look: Callable[[Source, int], Image], whole: Source, most_bytes: int) -> Image:
    """An archive, and not a disk at the same time: another program could take it for that."""
    passing = Passing(whole)
    image = look(passing, most_bytes)
    passing.to_the_end()
    if found := passing.found():
        raise Unfit("Ambiguous", ", ".join(sorted({image.form, *map(str, found)})))
    return image


@dataclass
class _Whole:
    """A stream whose start was read before."""

    start: bytes
    rest: Source

    def read(self, most: int, /) -> bytes:
        """As if nothing had been read."""
        first, self.start = self.start[:most], self.start[most:]
        return first + self.rest.read(most - len(first)) if len(first) < most else first
