"""How far the portal's clock is ahead of the database's: one number, shared by every process of the harness."""

import mmap
import struct
from pathlib import Path

_SECONDS = struct.Struct("d")


class Offset:
    """Seconds ahead of the database, in a file that every process of the harness maps."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SECONDS.size)

    @classmethod
    def make(cls, path: Path) -> "Offset":
        """A new one, at nought."""
        path.write_bytes(bytes(_SECONDS.size))
        return cls(path)

    @property
    def seconds(self) -> float:
        """How far ahead."""
        ahead: float = _SECONDS.unpack(self._map[:])[0]
        return ahead

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._map[:] = _SECONDS.pack(value)
