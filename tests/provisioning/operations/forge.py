"""Image files as honest tools and as strangers make them: bytes, or by the real qemu-img."""

import hashlib
import io
import struct
import subprocess
import tarfile
from pathlib import Path

MIB = 2**20


def qemu(path: Path, form: str, size: str, *options: str) -> bytes:
    """What qemu-img makes."""
    words = ["qemu-img", "create", "-q", "-f", form, *options, str(path), *([size] if size else [])]
    subprocess.run(words, check=True, cwd=path.parent)
    return path.read_bytes()


def raw(mib: int = 1) -> bytes:
    """A disk with one partition."""
    disk = bytearray(mib * MIB)
    disk[446:462] = struct.pack("<B3BB3BII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 2048, 100)
    disk[510:512] = b"\x55\xaa"
    return bytes(disk)


def qcow2(virtual: int = 2**30, *, backing: int = 0, features: int = 0, tables_at: int = 65536) -> bytes:
    """A header, and a page for its table of 512 MiB an entry; nothing in it."""
    entries = min(-(-virtual // 2**29), 2**32 - 1)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb", 3, backing, 16 if backing else 0, 16, virtual, 0, entries, tables_at, 2 * 65536, 1, 0, 0,
        features, 0, 0, 4, 104,
    )  # fmt: skip
    return header.ljust(3 * 65536, b"\0")


def ova(members: dict[str, bytes]) -> bytes:
    """A tar."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return whole.getvalue()


def vma(sizes: list[int], *, honest: bool = True, length: int = 12288 + 512, extents: int = 2) -> bytes:
    """A backup of Proxmox with these disks and little in them, by vma_spec.txt."""
    header = bytearray(max(length, 12288 + 512))
    struct.pack_into(">4sI16sq16sIII", header, 0, b"VMA\0", 1, b"u" * 16, 0, bytes(16), 12288, 512, length)
    for number, size in enumerate(sizes):
        struct.pack_into(">IIQQQ", header, 4096 + 32 * (number + 1), 1, 0, size, 0, 0)
    if honest:
        header[32:48] = hashlib.md5(header, usedforsecurity=False).digest()
    return bytes(header) + b"".join(vma_extent() for _ in range(extents))


def vma_extent(blocks: int = 1, follow: int | None = None, of: bytes = b"u" * 16) -> bytes:
    """So many blocks as it says; `follow`: as many as come."""
    header = bytearray(512)
    struct.pack_into(">4sHH16s16s", header, 0, b"VMAE", 0, blocks, of, bytes(16))
    header[24:40] = hashlib.md5(header, usedforsecurity=False).digest()
    return bytes(header) + bytes(4096 * (blocks if follow is None else follow))
