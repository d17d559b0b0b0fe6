"""cephx identities: made here rather than asked of the cluster, so that nothing waits for anything."""

import base64
import secrets
import struct
import time
from collections.abc import Mapping
from pathlib import Path

Caps = Mapping[str, str]

DAEMONS: Mapping[str, Caps] = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mds": "allow *", "mgr": "allow *"},
    "mgr.x": {"mon": "allow profile mgr", "mds": "allow *", "osd": "allow *"},
    "mds.a": {"mon": "allow profile mds", "mgr": "allow profile mds", "mds": "allow", "osd": "allow *"},
    "client.rgw.a": {"mon": "allow rw", "osd": "allow rwx", "mgr": "allow rw"},
    # The portal looks at health, the CRUSH map and fill levels, and at nothing that an authority stored:
    # none of that needs an OSD capability, and `osd allow r` would open every bucket's bytes to it.
    "client.mcloud-portal": {"mon": "allow r", "mgr": "allow r"},
}


def new_key() -> str:
    """A cephx key: type 1 (AES), creation time, length, 16 random bytes; base64."""
    secret = secrets.token_bytes(16)
    header = struct.pack("<HIIH", 1, int(time.time()), 0, len(secret))
    return base64.b64encode(header + secret).decode()


def keyring_file(folder: Path, entity: str) -> Path:
    return folder / f"keyring.{entity}"


def write_private(path: Path, text: str) -> None:
    """Mode 600 from the first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def write_keyrings(folder: Path) -> Path:
    """One keyring a daemon or client, and the one with all of them that the mon is made from (returned)."""
    everyone = ""
    for entity, caps in DAEMONS.items():
        section = f"[{entity}]\n\tkey = {new_key()}\n"
        everyone += section + "".join(f'\tcaps {system} = "{cap}"\n' for system, cap in caps.items())
        if entity != "mon.":
            write_private(keyring_file(folder, entity), section)
    mon_keyring = folder / "mon.keyring"
    write_private(mon_keyring, everyone)
    return mon_keyring
