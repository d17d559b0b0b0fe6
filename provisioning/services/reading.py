"""Reading back what arrived, with the probe's key: is it still, byte for byte, what it said it was? A worker's job.

What is compared, from the strongest to the weakest: the name, where a program calls its files by their SHA-256 as
restic does; the MD5 that was noted at arrival; for what came in parts, and has no MD5, the SHA-256 of the first
reading. And the size, always.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from provisioning.domain.errors import NotFound
from provisioning.domain.secrets import Secret
from provisioning.models import ArrivedObject, Resource, clock
from provisioning.services.archives import Opened, open_archive

MIB: Final = 2**20
# One look reads this much at most: other work of the same worker waits meanwhile.
OBJECTS: Final = 16
BYTES: Final = 64 * MIB
# restic's layout: a file's name is the SHA-256 of what is in it, and what is in it is encrypted.
NAMED_BY_CONTENT: Final = re.compile(r"(?:^|/)(?:data/[0-9a-f]{2}|index|keys|snapshots)/([0-9a-f]{64})$")
# Restoring one of these shows that the key opens the archive, not that anybody still has the passphrase.
_ENCRYPTED: Final = re.compile(r"\.(?:gpg|pgp|age|enc|aes|crypt|difftar\.gz)$|(?:^|/)config$")
# Names that can be pasted into any shell of any system, between quotes.
_PLAIN: Final = re.compile(r"[\w./ ()+,=@-]{1,300}")
_random: Final = secrets.SystemRandom()


class Digest(Protocol):
    """What was read: bytes, and its sums in hexadecimal."""

    @property
    def size(self) -> int: ...
    @property
    def md5(self) -> str: ...
    @property
    def sha256(self) -> str: ...


class Listed(Protocol):
    """An object as the archive lists it."""

    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...
    @property
    def written(self) -> datetime: ...


@runtime_checkable
class Reader(Protocol):
    """A provider that can read an archive with its read-only key."""

    def digest(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> Digest | None: ...
    def listed(self, bucket: str, key: str, access_key: str, secret_key: Secret) -> Listed | None: ...


@dataclass(frozen=True)
class Reading:
    """One object read from end to end. `fault`: "" when it is as it arrived; size, content or unreadable."""

    key: str
    size: int
    sha256: str
    fault: str = ""


@dataclass(frozen=True)
class Sample:
    """One object that somebody may be asked to restore, and what it must then be."""

    bucket: str
    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class _Archive:
    """An archive within reach."""

    opened: Opened
    reader: Reader

    @property
    def row(self) -> Resource:
        return self.opened.row

    @property
    def bucket(self) -> str:
        return self.opened.bucket

    def digest(self, key: str) -> Digest | None:
        return self.reader.digest(self.bucket, key, self.opened.access_key, self.opened.secret_key)

    def is_current(self, one: ArrivedObject) -> bool:
        """It is listed, and nobody wrote it again since."""
        found = self.reader.listed(self.bucket, one.key, self.opened.access_key, self.opened.secret_key)
        return found is not None and (found.written, found.etag) == (one.written_at, one.etag)


def read_back(stack_key: str, archive: str) -> list[Reading]:
    """A random few of what arrived, read again and compared. What the authority replaced or deleted is no longer
    measured. Raises NotFound, ProviderError.
    """
    found = _archive(stack_key, archive)
    left = BYTES
    done: list[Reading] = []
    for one in _shuffled(found.row):
        if len(done) >= OBJECTS or one.size > left:
            continue
        reading = _read(found, one)
        if reading is not None:
            left -= one.size
            done.append(reading)
    return done


def name_one(stack_key: str, archive: str) -> Sample | None:
    """A random object that shows, once restored, that this authority can restore; None when there is none such: the
    archive is empty, encrypted, or all of it is too big to be read at once. Raises NotFound, ProviderError.
    """
    found = _archive(stack_key, archive)
    for one in _shuffled(found.row):
        if one.size and _is_telling(one.key):
            reading = _read(found, one)
            if reading is not None and not reading.fault:
                return Sample(found.bucket, one.key, one.size, reading.sha256)
    return None


def _is_telling(key: str) -> bool:
    return bool(_PLAIN.fullmatch(key)) and not (_ENCRYPTED.search(key) or NAMED_BY_CONTENT.search(key))


def _archive(stack_key: str, archive: str) -> _Archive:
    found = open_archive(stack_key, archive)
    if not isinstance(found.far, Reader):
        raise NotFound(f"The archive {archive} lies where nothing can be read back.")
    return _Archive(found, found.far)


def _shuffled(row: Resource) -> list[ArrivedObject]:
    rows = list(ArrivedObject.objects.filter(resource=row, size__lte=BYTES))
    _random.shuffle(rows)
    return rows


def _read(archive: _Archive, one: ArrivedObject) -> Reading | None:
    """None, and forgotten, when it is not the object that arrived any more."""
    if not archive.is_current(one):
        one.delete()
        return None
    read = archive.digest(one.key)
    if read is None:
        # Listed and not readable is the loss that this is about, unless it went this very moment.
        return Reading(one.key, one.size, "", "unreadable") if archive.is_current(one) else None
    fault = _fault(one, read)
    ArrivedObject.objects.filter(pk=one.pk).update(
        read_at=clock.now(), **({} if fault or one.sha256 else {"sha256": read.sha256})
    )
    return Reading(one.key, read.size, read.sha256, fault)


def _fault(one: ArrivedObject, read: Digest) -> str:
    if read.size != one.size:
        return "size"
    named = NAMED_BY_CONTENT.search(one.key)
    in_parts = "-" in one.etag
    expected = [
        (named.group(1) if named else "", read.sha256),
        ("" if in_parts else one.etag, read.md5),
        (one.sha256, read.sha256),
    ]
    return "content" if any(wanted and wanted != got for wanted, got in expected) else ""
