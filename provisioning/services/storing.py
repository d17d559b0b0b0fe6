"""A file put into an archive, once, for whoever brings home what stood on a platform. A worker's job.

It goes with the owner's key, which is in the vault and in nobody's hands: the writer's may be suspended that day,
and the probe's only looks. A name is used for one file alone, so that an object under it which says the same sum is
that file: a worker that was killed after the last byte is found out by looking.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from provisioning.domain.errors import NotFound, PermanentError, TemporaryError
from provisioning.domain.secrets import Secret
from provisioning.services.archives import Opened, open_archive
from provisioning.services.images import Through

# Bytes of a part; S3 takes 10,000 of them.
PART: Final = 16 << 20
SUM: Final = "mcloud-sha512"  # under which an object says its sum


@runtime_checkable
class Takes(Protocol):
    """A provider that takes objects in parts."""

    def said(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> Mapping[str, str] | None:
        """What the object was told to say of itself; None when there is none."""
        ...

    def upload(
        self,
        bucket: str,
        key: str,
        parts: Iterator[bytes],
        says: Mapping[str, str],
        access_key: str,
        secret_key: Secret,
    ) -> None: ...

    def abandon(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> None: ...


def store(
    stack_key: str, archive: str, key: str, file: Path, sha512: str, *, through: Through, hold: Callable[[], None]
) -> None:
    """`through` sees the bytes pass; `hold` is asked before the object comes to be, and raises to prevent it.

    Raises NotFound, ProviderError; FileNotFoundError; PermanentError ContentDiffers when the file has another sum.
    """
    found, far = _open(stack_key, archive)
    who = (found.access_key, found.secret_key)
    # In this order: what an earlier worker began can no longer come to be once it is looked for.
    far.abandon(found.bucket, key, *who)
    if (far.said(found.bucket, key, *who) or {}).get(SUM) == sha512:
        return
    parts = _checked(through(_parts(file)), sha512, hold)
    far.upload(found.bucket, key, parts, {SUM: sha512}, *who)
    if (far.said(found.bucket, key, *who) or {}).get(SUM) != sha512:
        raise TemporaryError("What was put into the archive does not show yet; the portal looks again by itself.")


def abandon(stack_key: str, archive: str, key: str) -> None:
    """Uploads to that name that were not ended. Raises NotFound, ProviderError."""
    found, far = _open(stack_key, archive)
    far.abandon(found.bucket, key, found.access_key, found.secret_key)


def _parts(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while part := opened.read(PART):
            yield part


def _checked(parts: Iterator[bytes], sha512: str, hold: Callable[[], None]) -> Iterator[bytes]:
    summed = hashlib.sha512()
    for part in parts:
        summed.update(part)
        yield part
    if summed.hexdigest() != sha512:
        raise PermanentError(
            "What lies on the worker's disk is not what was brought: the region must find out why.",
            reason="ContentDiffers",
        )
    hold()


def _open(stack_key: str, archive: str) -> tuple[Opened, Takes]:
    found = open_archive(stack_key, archive, "owner")
    if not isinstance(found.far, Takes):
        raise NotFound(f"The archive {archive} lies where nothing can be put.")
    return found, found.far
