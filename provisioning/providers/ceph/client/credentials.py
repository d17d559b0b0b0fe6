"""The portal's own access to a platform, read from the file that the region file names."""

from dataclasses import dataclass
from typing import Any

from provisioning.domain.secrets import Secret
from provisioning.providers.credentials import read_file


@dataclass(frozen=True)
class Credentials:
    """`rados_id` and `rados_keyring` (a path) only where the platform has a mon of its own to ask."""

    access_key: str
    secret_key: Secret
    rados_id: str = ""
    rados_keyring: str = ""


def read(path: str) -> Credentials:
    """PermanentError Forbidden when the file cannot be used; its content is in no message."""
    return read_file(path, _made, "access_key or secret_key")


def _made(found: Any) -> Credentials:
    return Credentials(
        str(found["access_key"]),
        Secret(str(found["secret_key"])),
        str(found.get("rados_id") or ""),
        str(found.get("rados_keyring") or ""),
    )
