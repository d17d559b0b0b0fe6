"""A single disk, by OpenStack's own inspectors: what Glance and Nova would refuse is refused before they get it."""

from typing import Final

from oslo_utils.imageutils import format_inspector as formats

from provisioning.operations.images.passing import Passing, Source
from provisioning.operations.images.qcow2 import check_qcow2
from provisioning.operations.images.verdict import Disk, Unfit
from provisioning.operations.images.vmdk import check_vmdk

# The inspectors' names -> ours. A raw disk is one with a partition table: any other heap of bytes would be one too.
_TAKEN: Final = {"qcow2": "qcow2", "vmdk": "vmdk", "gpt": "raw"}
# A vmdk whose descriptor is at fault is one of several files, or names files of the host.
_REASONS: Final = {
    "backing_file": "BackingFile",
    "data_file": "ExternalData",
    "descriptor": "ExternalData",
    "footer": "Damaged",
}
_SECTOR: Final = 512


def inspect_disk(source: Source, name: str, most_bytes: int) -> Disk:
    """Reads `source` to its end. Unfit when it is not to be had; `most_bytes` limits what the machine will see."""
    passing = Passing(source)
    passing.to_the_end()
    if not passing.size:
        raise Unfit("Empty")
    found = _recognised(passing)
    _check(found)
    form = _TAKEN[str(found)]
    virtual = passing.size if form == "raw" else int(found.virtual_size)
    if virtual % _SECTOR or not virtual:
        raise Unfit("Damaged")
    if virtual > most_bytes:
        raise Unfit("TooLarge", f"{virtual} bytes, {most_bytes} agreed.")
    if form == "qcow2":
        check_qcow2(bytes(found.region("header").data), passing.size)
    if form == "vmdk":
        check_vmdk(found)
    return Disk(name, form, virtual)


def _recognised(passing: Passing) -> formats.FileInspector:
    found = passing.found()
    if len(found) > 1:
        raise Unfit("Ambiguous", ", ".join(sorted(str(one) for one in found)))
    if not found:
        raise Unfit("UnknownFormat")
    if str(found[0]) == "luks":
        raise Unfit("Encrypted")
    if str(found[0]) not in _TAKEN:
        raise Unfit("UnknownFormat", f"Found: {found[0]}.")
    return found[0]


def _check(found: formats.FileInspector) -> None:
    if isinstance(found, formats.VMDKInspector) and not found.desc_text:
        raise Unfit("Damaged")
    try:
        found.safety_check()
    except formats.SafetyCheckFailed as failed:
        broken = sorted(failed.failures)
        raise Unfit(_REASONS.get(broken[0], "Unsafe"), ", ".join(broken)) from None
    except formats.ImageFormatError:
        raise Unfit("Damaged") from None
