"""A stream on its way to whoever parses it, seen meanwhile by OpenStack's inspectors of every format."""

from dataclasses import dataclass
from typing import IO, Final, Protocol, cast

from oslo_utils.imageutils import format_inspector as formats

from provisioning.operations.images.verdict import Unfit

CHUNK: Final = 2**20


class Source(Protocol):
    """Bytes, once: as many as were asked for, and fewer at the end alone."""

    def read(self, most: int, /) -> bytes: ...


class Passing:
    """`size`: bytes so far. What is read through it is seen by all inspectors at once."""

    def __init__(self, source: Source) -> None:
        self._wrapper = formats.InspectWrapper(cast("IO[bytes]", _Kept(source)))
        self.size = 0

    def read(self, most: int, /) -> bytes:
        """As the source reads."""
        chunk = self._wrapper.read(most)
        self.size += len(chunk)
        return chunk

    def to_the_end(self) -> None:
        """What is left."""
        while self.read(CHUNK):
            pass

    def found(self) -> list[formats.FileInspector]:
        """Those whose format it is, once it ended: none of a raw disk without partitions."""
        self._wrapper.close()
        try:
            seen = self._wrapper.formats or []
        except AttributeError:
            return []  # the inspector of vmdk forgets to say no to a text that goes on in another alphabet
        return [one for one in seen if str(one) != "raw"]


@dataclass(frozen=True)
class _Kept:
    """The library closes what it can close; this cannot be closed."""

    source: Source

    def read(self, most: int) -> bytes:
        return self.source.read(most)


def exactly(source: Source, size: int) -> bytes:
    """So many bytes; Unfit where they end before."""
    found = source.read(size)
    if len(found) != size:
        raise Unfit("Damaged")
    return found
