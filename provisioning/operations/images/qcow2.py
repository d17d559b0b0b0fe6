"""What the header of a qcow2 says of its tables, held to what QEMU itself demands of one (its interop/qcow2.txt).

The tables' content is not followed: clusters lie in any order, and a stream passes once.
"""

import struct
from typing import Final

from provisioning.operations.images.verdict import Unfit

_HEADER: Final = struct.Struct(">4sIQIIQIIQQIIQ")
# Of version 3 alone: unknown features are refused before; order of refcounts, length of the header.
_MORE: Final = struct.Struct(">QQQII")
_CLUSTER_BITS: Final = range(9, 22)
_MOST_LEVEL1: Final = 32 * 2**20 // 8
_MOST_REFCOUNTS: Final = 8 * 2**20
_MOST_SNAPSHOTS: Final = 65536
_SMALLEST_SNAPSHOT: Final = 40
_COMPRESSION: Final = 8


def check_qcow2(header: bytes, size: int) -> None:
    """`header`: the first 512 bytes of a file of `size`. Unfit when it is encrypted, or cannot be whole."""
    (
        _magic,
        version,
        _backing,
        _length,
        bits,
        virtual,
        crypt,
        level1,
        level1_at,
        refcounts_at,
        refcounts,
        snaps,
        at,
    ) = _HEADER.unpack_from(header)
    if crypt:
        raise Unfit("Encrypted")
    if bits not in _CLUSTER_BITS:
        raise Unfit("Damaged")
    cluster = 1 << bits
    reached = cluster * (cluster // 8)  # by one entry of the first table
    tables = (
        level1 <= _MOST_LEVEL1
        and level1 * reached >= virtual
        and 0 < refcounts * cluster <= _MOST_REFCOUNTS
        and snaps <= _MOST_SNAPSHOTS
    )
    first, second = (
        range(level1_at, level1_at + 8 * level1),
        range(refcounts_at, refcounts_at + refcounts * cluster),
    )
    places = (
        _within(first, cluster, size)
        and _within(range(refcounts_at, refcounts_at + 1), cluster, size)
        and not (first.start < second.stop and second.start < first.stop)
        and (not snaps or _within(range(at, at + snaps * _SMALLEST_SNAPSHOT), cluster, size))
    )
    if not tables or not places or (version > 2 and not _sound(header, cluster)):
        raise Unfit("Damaged")


def _within(place: range, cluster: int, size: int) -> bool:
    """At the start of a cluster, not over the header, and not beyond the end: half a file has its first page."""
    return not place.start % cluster and cluster <= place.start and place.stop <= size


def _sound(header: bytes, cluster: int) -> bool:
    incompatible, _compatible, _clearable, order, length = _MORE.unpack_from(header, 72)
    compression = header[104] if length > 104 else 0
    kinds = (1,) if incompatible & _COMPRESSION else (0,)
    return order <= 6 and 104 <= length <= cluster and not length % 8 and compression in kinds
