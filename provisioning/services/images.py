"""Images in an archive: what lies there, and one of them read from end to end. A worker's job.

An upload whose last part never came is no version, hence never listed here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from provisioning.domain.errors import NotFound, TemporaryError
from provisioning.domain.secrets import Secret
from provisioning.operations.images.confined import Looked, look_at
from provisioning.operations.images.verdict import Image, Unfit
from provisioning.services.archives import Opened, open_archive

# A file of sums has a line a file; whoever has more than this names something else.
SUMS_BYTES: Final = 256 * 2**10


class Version(Protocol):
    """One version of an object as the archive lists it: size in bytes, `etag` the MD5 of what came in one piece."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def latest(self) -> bool: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...
    @property
    def written(self) -> datetime: ...


@runtime_checkable
class Library(Protocol):
    """A provider that keeps versions and hands them out as a stream."""

    def versions(self, bucket: str, access_key: str, secret_key: Secret) -> Iterator[Version]: ...
    def chunks(
        self, bucket: str, key: str, version: str, access_key: str, secret_key: Secret
    ) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Where:
    """One version of one object. It never changes: what is written again is another version."""

    stack_key: str
    archive: str
    key: str
    version: str


def bucket_of(stack_key: str, archive: str) -> str:
    """As clients call it. Raises NotFound."""
    return open_archive(stack_key, archive).bucket


def versions(stack_key: str, archive: str) -> list[Version]:
    """Everything in the archive, earlier versions too. Raises NotFound, ProviderError."""
    found, far = _library(stack_key, archive)
    return list(far.versions(found.bucket, found.access_key, found.secret_key))


def stream(where: Where) -> Iterator[bytes]:
    """Its bytes, a MiB at a time. Raises NotFound, ProviderError."""
    found, far = _library(where.stack_key, where.archive)
    return far.chunks(found.bucket, where.key, where.version, found.access_key, found.secret_key)


def look(where: Where, *, size: int, most_bytes: int, through: "Through") -> Looked:
    """What it is, and its sums; no byte is kept. `through` sees the bytes pass and may stop them by raising.

    `size`: as listed; `most_bytes`: what the largest disk may have. Raises NotFound, ProviderError, and what
    `through` raises.
    """
    found = look_at(through(stream(where)), size=size, most_bytes=most_bytes)
    if found.size != size:
        raise TemporaryError(f"{found.size} bytes came of {size}; the portal reads it again by itself.")
    return found


class Through(Protocol):
    """Hands bytes on as they come."""

    def __call__(self, chunks: Iterable[bytes], /) -> Iterator[bytes]: ...


def text(where: Where) -> str:
    """The start of a small text. Raises NotFound, ProviderError."""
    came = b""
    for chunk in stream(where):
        came += chunk
        if len(came) >= SUMS_BYTES:
            break
    return came[:SUMS_BYTES].decode(errors="replace")


def _library(stack_key: str, archive: str) -> tuple[Opened, Library]:
    found = open_archive(stack_key, archive)
    if not isinstance(found.far, Library):
        raise NotFound(f"The archive {archive} lies where no image can be read.")
    return found, found.far


__all__ = [
    "Image",
    "Looked",
    "Through",
    "Unfit",
    "Version",
    "Where",
    "bucket_of",
    "look",
    "stream",
    "text",
    "versions",
]
