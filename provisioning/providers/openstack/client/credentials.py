"""The portal's own access to an OpenStack, read from the file that the region file names."""

from dataclasses import dataclass
from typing import Any

from provisioning.domain.secrets import Secret
from provisioning.providers.credentials import read_file


@dataclass(frozen=True)
class Credentials:
    """A user of the cloud with the role `admin` on `project`. Domains are names."""

    username: str
    password: Secret
    project: str
    user_domain: str = "Default"
    project_domain: str = "Default"


def read(path: str) -> Credentials:
    """PermanentError Forbidden when the file cannot be used; its content is in no message."""
    return read_file(path, _made, "username, password or project")


def _made(found: Any) -> Credentials:
    return Credentials(
        str(found["username"]),
        Secret(str(found["password"])),
        str(found["project"]),
        str(found.get("user_domain") or "Default"),
        str(found.get("project_domain") or "Default"),
    )
