"""Image files of people who mean harm; and of honest people, cut off. Bytes, and why each is refused."""

import struct
import tarfile
from typing import Final

from tests.provisioning.operations import forge

GIB: Final = 2**30
HUGE: Final = 2**40
_CLUSTER: Final = 65536
# Where a number of qcow2's header stands, and its form: what each must never be.
QCOW2: Final = {
    "a cluster of one byte": (20, ">I", 0, "Damaged"),
    "clusters of 2^63 bytes": (20, ">I", 63, "Damaged"),
    "a cluster number of no length": (20, ">I", 2**32 - 1, "Damaged"),
    "a first table of 32 GiB": (36, ">I", 2**32 - 1, "Damaged"),
    "a first table too short for the disk": (36, ">I", 1, "Damaged"),
    "a first table over the header": (40, ">Q", 0, "Damaged"),
    "a first table that is the refcounts": (40, ">Q", 2 * _CLUSTER, "Damaged"),
    "a first table in the middle of a cluster": (40, ">Q", _CLUSTER + 8, "Damaged"),
    "a first table behind the last byte there is": (40, ">Q", 2**64 - _CLUSTER, "Damaged"),
    "refcounts over the header": (48, ">Q", 0, "Damaged"),
    "refcounts far away": (48, ">Q", 2**62, "Damaged"),
    "refcounts of 256 TiB": (56, ">I", 2**32 - 1, "Damaged"),
    "no refcounts": (56, ">I", 0, "Damaged"),
    "four thousand million snapshots": (60, ">I", 2**32 - 1, "Damaged"),
    "snapshots that are the header": (60, ">I", 1, "Damaged"),
    "refcounts of 2^31 bits": (96, ">I", 31, "Damaged"),
    "a header of 4 GiB": (100, ">I", 2**32 - 8, "Damaged"),
    "a header without a length": (100, ">I", 0, "Damaged"),
    "a compression that it does not name": (72, ">Q", 8, "Damaged"),
    "a password of the old kind": (32, ">I", 1, "Encrypted"),
    "a password of the new kind": (32, ">I", 2, "Encrypted"),
    "the version before last": (4, ">I", 1, "Unsafe"),
    "a version to come": (4, ">I", 4, "Unsafe"),
    "a backing file of no length": (8, ">Q", 2**64 - 1, "BackingFile"),
}
VMDK: Final = {
    "no grain": (20, "<Q", 0, "Damaged"),
    "a grain of the whole cloud": (20, "<Q", 2**63, "Damaged"),
    "tables of no entry": (44, "<I", 0, "Damaged"),
    "tables of 4 GiB": (44, "<I", 2**32 - 1, "Damaged"),
    "a disk without an end": (12, "<Q", 2**55, "TooLarge"),
    "a disk of nothing, which makes QEMU obey the descriptor": (12, "<Q", 0, "Damaged"),
    "a descriptor somewhere else": (28, "<Q", 2**40, "Damaged"),
    "a descriptor of nothing": (36, "<Q", 0, "Damaged"),
    "a version to come": (4, "<I", 77, "Damaged"),
}
_SPARSE: Final = (
    '# Disk DescriptorFile\nversion=1\nCID=11111111\nparentCID={parent}\ncreateType="{kind}"\n{more}'
    'RW 2048 SPARSE "{extent}"\nddb.adapterType = "ide"\n'
)


def patched(content: bytes, at: int, form: str, value: int) -> bytes:
    """One number changed."""
    made = bytearray(content)
    struct.pack_into(form, made, at, value)
    return bytes(made)


def vmdk(
    *, kind: str = "streamOptimized", extent: str = "disk.vmdk", parent: str = "ffffffff", more: str = "",
    sectors: int = 2048, footer: int | None = None, fill: int = 0,
) -> bytes:  # fmt: skip
    """A sparse one; with the sectors that its footer says, and so many bytes of letters in its descriptor."""
    text = _SPARSE.format(kind=kind, extent=extent, parent=parent, more=more).encode()
    text = (b"#" * (fill - len(text) - 1) + b"\n" + text).ljust(20 * 512, b"\0")
    ends = 2**64 - 1 if footer is not None else 21
    start = _vmdk_header(sectors, ends).ljust(512, b"\0") + text + bytes(8 * 512)
    if footer is None:
        return start
    marker = struct.pack("<QII496x", 1, 0, 3)
    return start + marker + _vmdk_header(footer, 21).ljust(512, b"\0") + bytes(512)


def _vmdk_header(sectors: int, directory: int) -> bytes:
    return struct.pack("<4sIIQQQQIQQ", b"KDMV", 3, 0x30001, sectors, 128, 1, 20, 512, 0, directory)


def member(name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, size: int | None = None) -> bytes:
    """One of a tar, with another size than it has."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content) if size is None else size
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + content + bytes(-len(content) % 512)


def pax(records: dict[str, str], kind: bytes = tarfile.XHDTYPE) -> bytes:
    """What goes before a member and counts in place of its header."""
    made = b""
    for name, value in records.items():
        rest = len(f" {name}={value}\n")
        length = next(n for n in range(rest, rest + 9) if n == rest + len(str(n)))
        made += f"{length} {name}={value}\n".encode()
    return member("pax", made, kind=kind)


def sparse(real: int) -> bytes:
    """A header of a file that is `real` bytes large, all of them holes."""
    made = bytearray(member("disk.vmdk", kind=tarfile.GNUTYPE_SPARSE)[:512])
    made[483:495] = b"\x80\0\0\0" + struct.pack(">Q", real)
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


def bomb(virtual: int) -> bytes:
    """A qcow2 whose every cluster is the same few compressed bytes: 64 KiB of the file unfold into terabytes."""
    entries = -(-virtual // (_CLUSTER * _CLUSTER // 8))
    level2_at, packed_at = 3 * _CLUSTER, 4 * _CLUSTER
    made = bytearray(forge.qcow2(virtual).ljust(5 * _CLUSTER, b"\0"))
    made[_CLUSTER : _CLUSTER + 8 * entries] = struct.pack(">Q", 1 << 63 | level2_at) * entries
    made[level2_at:packed_at] = struct.pack(">Q", 1 << 62 | packed_at) * (_CLUSTER // 8)
    return bytes(made)


def circle() -> bytes:
    """A qcow2 whose first table leads to itself."""
    made = bytearray(forge.qcow2())
    made[_CLUSTER : _CLUSTER + 16] = struct.pack(">Q", 1 << 63 | _CLUSTER) * 2
    return bytes(made)


def qcow2_that_is_a_tar() -> bytes:
    """Its header is the name of a tar's first member, and a disk follows."""
    head = bytearray(member("x"))
    head[:100] = forge.qcow2()[:100]
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return archive(bytes(head), member("disk.vmdk", vmdk())).ljust(4 * _CLUSTER, b"\0")


def archive(*parts: bytes) -> bytes:
    """Members, and the end of a tar."""
    return b"".join(parts) + bytes(1024)


def holes_by_pax() -> bytes:
    """The newest way of a tar to say that a file is all holes."""
    said = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(HUGE)}
    return archive(pax(said), member("disk.vmdk", b"1\n0\n0\n".ljust(512, b"\0")))


def text_of_italians() -> bytes:
    """Begins as a descriptor may, and goes on as only a text does."""
    return (b"registro della popolazione\n" * 40) + "l'attività è cominciata\n".encode()


# Found nowhere above: what, and why it is refused.
OTHERS: Final = {
    "a vmdk on another vmdk": (vmdk(parent="12345678", more='parentFileNameHint="base.vmdk"\n'), "BackingFile"),
    "a vmdk on /etc/passwd": (vmdk(more='parentFileNameHint="/etc/passwd"\n'), "BackingFile"),
    "a vmdk that hides its parent in a remark": (vmdk(more='# PARENTFILENAMEHINT="/etc/passwd"\n'), "BackingFile"),
    "a vmdk of changes alone": (vmdk(parent="12345678"), "BackingFile"),
    "a vmdk whose words go on unseen": (vmdk(fill=20 * 512), "Damaged"),
    "a vmdk in /etc": (vmdk(extent="/etc/passwd"), "ExternalData"),
    "a vmdk outside of its folder": (vmdk(extent="../../etc/passwd"), "ExternalData"),
    "a vmdk in two files": (vmdk(kind="twoGbMaxExtentSparse"), "ExternalData"),
    "a vmdk on a device": (vmdk(kind="fullDevice"), "ExternalData"),
    "a vmdk of two sizes": (vmdk(footer=2**40), "Damaged"),
    "a vmdk whose end makes QEMU obey the descriptor": (vmdk(footer=0), "Damaged"),
    "a qcow2 that unfolds into more than agreed": (bomb(4 * HUGE), "TooLarge"),
    "a qcow2 that is a tar": (qcow2_that_is_a_tar(), "Ambiguous"),
    "a qcow2 that is a backup of Proxmox": (b"QFI\xfb" + forge.vma([GIB])[4:], "BackingFile"),
    "a backup of Proxmox that is a tar": (forge.vma([GIB])[:257] + b"ustar" + bytes(12_600), "Ambiguous"),
    "a backup of Proxmox that boots": (
        forge.vma([GIB])[:510] + b"\x55\xaa" + forge.vma([GIB])[512:], "Damaged"
    ),
    "an encrypted disk": (b"LUKS\xba\xbe\x00\x01" + bytes(4096), "Encrypted"),
    "a disk of holes alone": (bytes(8 * forge.MIB), "UnknownFormat"),
    "a text in Italian": (text_of_italians(), "UnknownFormat"),
    "a qcow2, gzipped": (b"\x1f\x8b\x08\x00" + bytes(3000), "UnknownFormat"),
    "a tar of holes": (archive(sparse(HUGE)), "Unsafe"),
    "a tar of holes, the newer way": (holes_by_pax(), "Unsafe"),
    "a tar of endless headers": (b"".join(pax({"path": "x"}) for _ in range(600)), "Damaged"),
    "a tar with a header of 8 GiB": (member("pax", kind=tarfile.XHDTYPE, size=2**33), "Unsafe"),
    "a tar whose header has no numbers": (archive(member("pax", b"x" * 300, kind=tarfile.XHDTYPE)), "Damaged"),
    "a tar whose header says nothing of length": (
        archive(member("pax", b"0 path=x\n", kind=tarfile.XHDTYPE)), "Damaged"
    ),
    "a tar with one size for all": (archive(pax({"size": "0"}, tarfile.XGLTYPE)), "Unsafe"),
    "a tar with a size of no number": (archive(pax({"size": "-512"}), member("disk.vmdk")), "Damaged"),
    "a tar with a file of an exbibyte": (archive(member("disk.vmdk", size=2**60)), "Damaged"),
    "a tar with a file of less than nothing": (archive(member("disk.vmdk", size=-512)), "Damaged"),
    "a tar whose second header is broken": (
        archive(member("disk.vmdk", vmdk()), b"\xff" + member("two.vmdk", vmdk())[1:]), "Damaged"
    ),
    "a tar with a link for a disk": (archive(member("disk.vmdk", kind=tarfile.SYMTYPE)), "NoDisk"),
    "a tar with a device for a disk": (archive(member("disk.vmdk", kind=tarfile.BLKTYPE)), "NoDisk"),
    "a tar with a folder that has content": (archive(member("a/", kind=tarfile.DIRTYPE, size=512)), "Damaged"),
    "a tar that goes on in another": (archive(member("disk.vmdk", kind=b"M")), "Unsafe"),
    "a tar of thirty-three disks": (archive(*[member(f"{n}.vmdk", vmdk()) for n in range(33)]), "TooManyDisks"),
    "a tar whose disk is in /etc": (archive(member("disk.vmdk", vmdk(extent="/etc/shadow"))), "ExternalData"),
    "a tar whose second disk needs another": (
        archive(member("1.vmdk", vmdk()), member("2.vmdk", vmdk(parent="12345678"))), "BackingFile"
    ),
    "a backup of Proxmox without its disks' content": (forge.vma([GIB], extents=0), "Damaged"),
    "a backup of Proxmox with somebody else's content": (
        forge.vma([GIB]) + forge.vma_extent(of=b"v" * 16), "Damaged"
    ),
    "a backup of Proxmox with an extent of 256 MiB": (forge.vma([GIB]) + forge.vma_extent(65535, 0), "Damaged"),
    "a backup of Proxmox with a disk of 2^64 bytes": (forge.vma([2**64 - 512]), "TooLarge"),
    "a backup of Proxmox with a disk of a byte": (forge.vma([1]), "Damaged"),
}  # fmt: skip
REFUSED: Final = {
    **{f"a qcow2 with {what}": (patched(forge.qcow2(), *how[:3]), how[3]) for what, how in QCOW2.items()},
    **{f"a vmdk with {what}": (patched(vmdk(), *how[:3]), how[3]) for what, how in VMDK.items()},
    **OTHERS,
}
# Strange, and honest all the same: content, form, and the size of each disk.
TAKEN: Final = {
    "a qcow2 that unfolds into as much as agreed": (bomb(2 * HUGE), "qcow2", [2 * HUGE]),
    "a qcow2 whose table leads to itself": (circle(), "qcow2", [GIB]),
    "a vmdk": (vmdk(), "vmdk", [forge.MIB]),
    "a vmdk with a footer": (vmdk(footer=2048), "vmdk", [forge.MIB]),
    "a tar of two disks": (
        archive(member("1.vmdk", vmdk()), member("../2.VMDK", vmdk())), "ova", [forge.MIB, forge.MIB]
    ),
    "a tar whose name and size stand before": (
        archive(pax({"path": "d" * 200 + ".vmdk", "size": str(len(vmdk()))}), member("x", vmdk())),
        "ova", [forge.MIB],
    ),
    "a tar with a long name": (
        archive(member("././@LongLink", b"d" * 200 + b".vmdk\0", kind=b"L"), member("x", vmdk())),
        "ova", [forge.MIB],
    ),
    "a backup of Proxmox": (forge.vma([GIB]), "vma", [GIB]),
}  # fmt: skip
