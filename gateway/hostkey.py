"""The key by which SFTP clients know the gateway: made once, kept for ever, its public half in the region file."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)


def ensure(file: Path) -> str:
    """The public key, `ssh-ed25519 AAAA…`; the private one is made in `file`, mode 600, where there is none."""
    if not file.exists():
        private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            output.write(private)
    found = load_ssh_private_key(file.read_bytes(), password=None)
    return found.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
