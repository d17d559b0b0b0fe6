"""A single disk, by OpenStack's own inspectors: what Glance and Nova would refuse is refused before they get it."""

import struct
from functools import partial
from typing import IO, BinaryIO, Final, cast

from oslo_utils.imageutils import format_inspector as formats

from provisioning.operations.images.verdict import Disk, Unfit

CHUNK: Final = 2**20
# The inspectors' names -> ours. A raw disk is one with a partition table: any other heap of bytes would be one too.
_TAKEN: Final = {"qcow2": "qcow2", "vmdk": "vmdk", "gpt": "raw"}
# A vmdk whose descriptor is at fault is one of several files, or names files of the host.
_REASONS: Final = {"backing_file": "BackingFile", "data_file": "ExternalData", "descriptor": "ExternalData"}
_SECTOR: Final = 512


def inspect_disk(source: BinaryIO, name: str, most_bytes: int) -> Disk:
    """Reads `source` to its end. Unfit when it is not to be had; `most_bytes` limits what the machine will see."""
    wrapper = formats.InspectWrapper(cast("IO[bytes]", iter(partial(source.read, CHUNK), b"")))
    size = sum(len(chunk) for chunk in wrapper)
    if not size:
        raise Unfit("Empty")
    found = _recognised(wrapper)
    _check(found)
    if str(found) == "qcow2":
        _check_tables(found, size)
    virtual = size if str(found) == "gpt" else int(found.virtual_size)
    if virtual % _SECTOR or not virtual:
        raise Unfit("Damaged")
    if virtual > most_bytes:
        raise Unfit("TooLarge", f"{virtual} bytes, {most_bytes} agreed.")
    return Disk(name, _TAKEN[str(found)], virtual)


def _recognised(wrapper: formats.InspectWrapper) -> formats.FileInspector:
    found = wrapper.formats or []
    if len(found) > 1:
        raise Unfit("Ambiguous", ", ".join(sorted(str(one) for one in found)))
    if not found or str(found[0]) not in _TAKEN:
        raise Unfit("UnknownFormat", f"Found: {found[0]}." if found else "")
    return found[0]


def _check(found: formats.FileInspector) -> None:
    try:
        found.safety_check()
    except formats.SafetyCheckFailed as failed:
        broken = sorted(failed.failures)
        raise Unfit(_REASONS.get(broken[0], "Unsafe"), ", ".join(broken)) from None
    except formats.ImageFormatError:
        raise Unfit("Damaged") from None


def _check_tables(found: formats.FileInspector, size: int) -> None:
    """An upload of half a file has its first page and lacks what that points to."""
    header = found.region("header").data
    (level1_entries,) = struct.unpack_from(">I", header, 36)
    level1_at, refcounts_at = struct.unpack_from(">QQ", header, 40)
    if level1_at + 8 * level1_entries > size or refcounts_at >= size:
        raise Unfit("Damaged")
