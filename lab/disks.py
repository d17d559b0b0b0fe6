"""What the beginning of a disk's image says: of which format it is, and whether a machine would boot from it."""

# An ISO says what it is at byte 32,769; the others begin with it.
HEAD = 33_024
_MAGIC = (
    (0, b"QFI\xfb", "qcow2"),
    (0, b"KDMV", "vmdk"),
    (64, b"\x7f\x10\xda\xbe", "vdi"),
    (32_769, b"CD001", "iso"),
)
_BOOT_SECTOR = (510, b"\x55\xaa")


def format_of(head: bytes) -> str:
    """As it begins; `raw` for whatever begins like nothing that is known. `head`: its first `HEAD` bytes."""
    return next((name for at, magic, name in _MAGIC if head[at : at + len(magic)] == magic), "raw")


def boots(head: bytes) -> bool:
    """It begins like a disk that boots: one of a known format, or with a boot sector. Nothing runs to find out."""
    at, signature = _BOOT_SECTOR
    return format_of(head) != "raw" or head[at : at + len(signature)] == signature
