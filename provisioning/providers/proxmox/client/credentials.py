"""The portal's own token on a platform, read from the file that the region file names."""

from dataclasses import dataclass
from typing import Any

from provisioning.domain.secrets import Secret
from provisioning.providers.credentials import read_file


@dataclass(frozen=True)
class Credentials:
    """`user` with its realm, and the token's own name."""

    user: str
    token: str
    secret: Secret


def read(path: str, head: str = "") -> Credentials:
    """PermanentError Forbidden when the file cannot be used; its content is in no message. `head` is `backup_` for
    the Backup Server's.
    """
    id, secret = f"{head}token_id", f"{head}token_secret"

    def made(found: Any) -> Credentials:
        user, mark, token = str(found[id]).partition("!")
        if not (user and mark and token):
            raise KeyError(id)
        return Credentials(user, token, Secret(str(found[secret])))

    return read_file(path, made, f"{id} (user@realm!name) or {secret}")
