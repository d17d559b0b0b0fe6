"""What is taken as an image, and what is refused with which reason; T21's hostile files among them."""

from collections.abc import Iterator
from io import BufferedReader, BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.operations.images import child
from provisioning.operations.images.confined import Looked, look_at
from provisioning.operations.images.verdict import REASONS, Disk
from tests.provisioning.operations import forge

MOST = 2 * 2**40
GIB = 2**30
VMDK_FILE_OF_THE_HOST = (
    b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 20480 FLAT "/etc/shadow" 0\n'.ljust(1024)
)


def _said_long(content: bytes) -> bytes:
    return content[:56] + (2**31).to_bytes(4, "big") + content[60:]


TAKEN = {
    "raw": (forge.raw(), "raw", [("raw", forge.MIB)]),
    "qcow2": (forge.qcow2(), "qcow2", [("qcow2", GIB)]),
    "vma of two disks": (forge.vma([GIB, 2 * GIB]), "vma", [("raw", GIB), ("raw", 2 * GIB)]),
}

REFUSED = {
    "nothing": (b"", "Empty"),
    "a text": (b"the town's registers\n" * 500, "UnknownFormat"),
    "zeros": (bytes(forge.MIB), "UnknownFormat"),
    "a raw disk that is not whole sectors": (forge.raw() + b"x", "Damaged"),
    "qcow2 on somebody else's file": (forge.qcow2(backing=104), "BackingFile"),
    "qcow2 with its data elsewhere": (forge.qcow2(features=4), "ExternalData"),
    "qcow2 of the future": (forge.qcow2(features=2**40), "Unsafe"),
    "qcow2 of an exbibyte": (forge.qcow2(2**60), "TooLarge"),
    "qcow2 of nothing": (forge.qcow2(0), "Damaged"),
    "half a qcow2": (forge.qcow2()[: 2 * 65536], "Damaged"),
    "qcow2 that points far beyond its end": (forge.qcow2(tables_at=2**50), "Damaged"),
    "qcow2 within a raw disk": (forge.qcow2()[:446] + forge.raw()[446:], "Ambiguous"),
    "vmdk that is a file of the host": (VMDK_FILE_OF_THE_HOST, "ExternalData"),
    "a tar of letters": (forge.ova({"letter.txt": b"dear region"}), "NoDisk"),
    "a tar of a thousand and one": (forge.ova({f"{n}": b"" for n in range(1001)}), "Unsafe"),
    "a tar whose disk is a letter": (forge.ova({"disk.vmdk": b"dear region"}), "UnknownFormat"),
    "a tar that points out of itself": (forge.ova({"../../etc/x.vmdk": b"\0" * 600}), "UnknownFormat"),
    "half a tar": (forge.ova({"disk.vmdk": forge.raw(2)})[: forge.MIB], "Damaged"),
    "vma whose sum is wrong": (forge.vma([GIB], honest=False), "Damaged"),
    "vma without disks": (forge.vma([]), "NoDisk"),
    "vma of thirty-three disks": (forge.vma([GIB] * 33), "TooManyDisks"),
    "vma of an exbibyte": (forge.vma([2**60]), "TooLarge"),
    "half a vma's header": (forge.vma([GIB])[:9000], "Damaged"),
    "vma whose header is said to be 2 GiB": (_said_long(forge.vma([GIB])), "Damaged"),
}


def in_pieces(content: bytes, size: int = 60_000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def looked(content: bytes, most_bytes: int = MOST) -> Looked:
    return look_at(in_pieces(content), size=len(content), most_bytes=most_bytes)


@pytest.mark.parametrize("name", TAKEN)
def test_an_honest_image_is_taken(name: str) -> None:
    content, form, disks = TAKEN[name]
    found = looked(content)
    assert found.unfit is None and found.image is not None
    assert found.image.form == form
    assert [(disk.form, disk.virtual_bytes) for disk in found.image.disks] == disks


@pytest.mark.parametrize("name", REFUSED)
def test_another_is_refused_with_its_reason(name: str) -> None:
    content, reason = REFUSED[name]
    found = looked(content)
    assert found.image is None
    assert found.unfit is not None and found.unfit.reason == reason, found.unfit
    assert str(found.unfit).startswith(REASONS[reason])


def test_a_disk_may_be_as_large_as_agreed_and_not_larger() -> None:
    assert looked(forge.qcow2(GIB), most_bytes=GIB).image is not None
    too_large = looked(forge.qcow2(GIB + 512), most_bytes=GIB).unfit
    assert too_large is not None and too_large.reason == "TooLarge"


def test_a_name_in_an_archive_is_kept_nowhere() -> None:
    found = looked(forge.ova({"$(reboot);\u202e../x.vmdk": forge.raw()}))
    assert found.image is not None
    assert found.image.disks == (Disk("disk-0", "raw", forge.MIB),)


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from([forge.qcow2(), forge.vma([GIB]), forge.ova({"a.vmdk": forge.raw()[:2048]})]),
    at=st.integers(0, 5000),
    junk=st.binary(min_size=1, max_size=64),
    end=st.integers(1, 200_000),
)
def test_whatever_comes_has_a_verdict(seed: bytes, at: int, junk: bytes, end: int) -> None:
    content = (seed[:at] + junk + seed[at + len(junk) :])[:end]
    said = child.verdict(BufferedReader(BytesIO(content)), MOST)
    assert said.get("reason", "Empty") in REASONS
