"""The portal's own access to a platform, read from the file that the region file names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from provisioning.domain.errors import PermanentError
from provisioning.domain.secrets import Secret


@dataclass(frozen=True)
class Credentials:
    """`rados_id` and `rados_keyring` (a path) only where the platform has a mon of its own to ask."""

    access_key: str
    secret_key: Secret
    rados_id: str = ""
    rados_keyring: str = ""


def read(path: str) -> Credentials:
    """PermanentError Forbidden when the file cannot be used; its content is in no message."""
    try:
        found: Any = yaml.safe_load(Path(path).read_text())
        return Credentials(
            str(found["access_key"]),
            Secret(str(found["secret_key"])),
            str(found.get("rados_id") or ""),
            str(found.get("rados_keyring") or ""),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise PermanentError(
            f"The credentials file {path} cannot be read, or lacks access_key or secret_key; the region's "
            "operator must mend it.",
            reason="Forbidden",
        ) from None
