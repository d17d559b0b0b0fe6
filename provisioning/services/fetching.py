"""What comes as a stream brought to a file, for whoever starts a machine from it. A worker's job."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from provisioning.domain.errors import PermanentError
from provisioning.services.images import Through, Where, stream


def fetch(
    stack_key: str, archive: str, key: str, version_id: str, to: Path, expected_sha512: str,
    *, through: Through = iter,
) -> int:  # fmt: skip
    """Write one version to `to`; its size in bytes. The file is there whole, with that sum (hexadecimal), or not at
    all. One at a time for a `to`: what comes is kept beside it meanwhile, as `<to>.part`.

    `through` sees the bytes pass: whoever holds a claim renews it there, or raises and nothing is kept. Raises
    NotFound, ProviderError; PermanentError ContentDiffers when it is not what was looked at.
    """
    came, _sha512 = keep(stream(Where(stack_key, archive, key, version_id)), to, expected_sha512, through=through)
    return came


def keep(chunks: Iterable[bytes], to: Path, expected_sha512: str, *, through: Through = iter) -> tuple[int, str]:
    """Bytes and SHA-512 of what came; an expected sum of "" is any. As `fetch` otherwise."""
    part = to.with_name(f"{to.name}.part")
    came, summed = 0, hashlib.sha512()
    try:
        with part.open("wb") as file:
            for chunk in through(chunks):
                came += file.write(chunk)
                summed.update(chunk)
            file.flush()
            os.fsync(file.fileno())
        if expected_sha512 and summed.hexdigest() != expected_sha512:
            raise PermanentError(
                "What the platform gave is not what was looked at: the region must find out why.",
                reason="ContentDiffers",
            )
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return came, summed.hexdigest()
