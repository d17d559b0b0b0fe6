"""The bytes of disks: files named after their sum, in a folder beside the state, so that a copy costs nothing.

Only what came as a raw image has any. A disk without reads as noughts, as a new one does.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# As much as the Backup Server puts out at a time.
PIECE = 4 << 20


class Kept:
    """`folder` None keeps nothing. `used` names what is still referred to: the rest goes when something comes."""

    def __init__(self, folder: Path | None = None, used: Callable[[], Iterable[str]] = tuple) -> None:
        self._folder = folder
        self._used = used

    def put(self, content: memoryview) -> str:
        """The name under which it is read again; "" where nothing is kept."""
        if self._folder is None:
            return ""
        self._folder.mkdir(parents=True, exist_ok=True)
        name, used = hashlib.sha256(content).hexdigest(), set(self._used())
        for file in self._folder.iterdir():
            if file.name not in used:
                file.unlink()
        (self._folder / name).write_bytes(content)
        return name

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """A disk of that many bytes: what is kept, and noughts behind it."""
        file = self._folder / name if self._folder is not None and name else None
        left = size
        if file is not None and file.exists():
            with file.open("rb") as content:
                while left and (piece := content.read(min(PIECE, left))):
                    left -= len(piece)
                    yield piece
        while left:
            piece = bytes(min(PIECE, left))
            left -= len(piece)
            yield piece
