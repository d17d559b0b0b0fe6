"""The file of an image as it is sent to a platform: it lies on the worker's disk, and was looked at before."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.domain.errors import PermanentError


@contextmanager
def image_file(path: str, largest: int) -> Iterator[io.FileIO]:
    """Open for reading, whose `name` may be changed. `largest`: bytes that a worker sends at once.

    PermanentError FileMissing or TooLarge.
    """
    try:
        file = io.FileIO(path)
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
