"""The file of an image as it is sent to a platform: it lies on the worker's disk, and was looked at before."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.domain.errors import PermanentError, TemporaryError


class Passing(io.FileIO):
    """Asks `hold` at each piece."""

    def __init__(self, path: str, hold: Callable[[], None]) -> None:
        super().__init__(path)
        self._hold = hold

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file."""
        self._hold()
        return super().read(-1 if size is None else size) or b""


class PassingOnce(Passing):
    """For a library that, told to sign in anew, makes the same call again, and asks where its file stands: what is
    left of it, maybe nothing, would arrive as if it were the image. TemporaryError then.
    """

    _begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        """From its start to its end."""
        self._begun = True
        return super().read(size)

    def tell(self) -> int:
        """Before the first piece alone."""
        if self._begun:
            raise TemporaryError(
                "The sending of an image was begun anew; the portal sends all of it again by itself."
            )
        return super().tell()


@contextmanager
def image_file(
    path: str, largest: int, hold: Callable[[], None], opened: type[Passing] = Passing
) -> Iterator[io.FileIO]:
    """Open for reading, whose `name` may be changed. `largest`: bytes that a worker sends at once; `hold` is asked
    while they pass, and raises when the worker is to stop. `opened`: as which of the above.

    PermanentError FileMissing or TooLarge.
    """
    try:
        file = opened(path, hold)
    except OSError:
        raise PermanentError(
            f"The image file {path} cannot be read here; the region's operator must put it back.",
            reason="FileMissing",
        ) from None
    with file:
        if Path(path).stat().st_size > largest:
            raise PermanentError(
                f"The image file {path} is larger than a worker sends at once; the region's operator must register "
                "it by hand.",
                reason="TooLarge",
            )
        yield file
