"""What an archive holds, for the meters, for "is the newest copy recent enough" and for "can it still be read".

All of it with the probe's key, which writes nothing.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.ceph.client.s3 import S3Object, Signed

# Of what arrived since the last look so many are remembered, each with the same chance.
REMEMBERED: Final = 20
_random: Final = secrets.SystemRandom()


@dataclass(frozen=True)
class Figures:
    """Bytes and counts. `held_*` is what the quota counts, old versions too; `current_*` what a client lists now.

    `newest` is when the newest current object was written; None in an empty archive. `arrived`: a random few of
    those written since the look before.
    """

    held_bytes: int
    held_objects: int
    current_bytes: int
    current_objects: int
    newest: datetime | None
    arrived: tuple[S3Object, ...] = ()


@dataclass(frozen=True)
class Digest:
    """What was read: bytes, and its two sums in hexadecimal."""

    size: int
    md5: str
    sha256: str


def figures(admin: Admin, probe: Signed, tenant: str, bucket: str, since: datetime | None = None) -> Figures:
    """One call, and one for each thousand current objects. NotThere when the bucket is gone."""
    held = admin.bucket(tenant, bucket)
    size, count, newest, arrivals = 0, 0, None, 0
    kept: list[S3Object] = []
    for one in probe.objects(bucket):
        size, count = size + one.size, count + 1
        newest = max(newest or one.written, one.written)
        if since is None or one.written > since:
            _remember(kept, one, arrivals)
            arrivals += 1
    return Figures(held.size, held.objects, size, count, newest, tuple(kept))


def _remember(kept: list[S3Object], one: S3Object, before: int) -> None:
    """Reservoir sampling: after each step every arrival has had the same chance."""
    if before < REMEMBERED:
        kept.append(one)
    elif (place := _random.randrange(before + 1)) < REMEMBERED:
        kept[place] = one


def digest(probe: Signed, bucket: str, key: str) -> Digest | None:
    """Read all of it; None when it cannot be found."""
    size, md5, sha256 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha256()
    try:
        for chunk in probe.chunks(bucket, key):
            size += len(chunk)
            md5.update(chunk)
            sha256.update(chunk)
    except NotThere:
        return None
    return Digest(size, md5.hexdigest(), sha256.hexdigest())


def listed(probe: Signed, bucket: str, key: str) -> S3Object | None:
    """The object as the archive lists it now."""
    found: Iterator[S3Object] = probe.objects(bucket, prefix=key)
    first = next(found, None)
    return first if first and first.key == key else None
