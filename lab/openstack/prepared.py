"""The state after a first set-up, kept as one archive: a later `up` unpacks it and fills no database again."""

import hashlib
import json
import tarfile
from dataclasses import asdict
from pathlib import Path

from lab.openstack import environment
from lab.openstack.settings import Passwords
from lab.process import run_checked

# What a set-up makes and a start does not: the databases, Keystone's keys, and the passwords that stand in both.
PARTS = ("mysql", "etc/keystone/fernet-keys", "etc/keystone/credential-keys")
_PASSWORDS = "passwords.json"

# The modules that decide what is in them.
_CODE = ("catalogue", "conf", "databases", "mariadb", "prepared", "settings")


def archive() -> Path:
    """Where the archive for exactly this set-up is or would be: this lock, this MariaDB, this code."""
    digest = hashlib.sha256(environment.LOCK_FILE.read_bytes())
    digest.update(run_checked(["mariadbd", "--version"]).encode())
    for name in _CODE:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return environment.CACHE / f"prepared-{digest.hexdigest()[:16]}.tar.gz"


def keep(folder: Path, passwords: Passwords) -> None:
    """Makes the archive; MariaDB must stand still. One is kept: those of other versions go."""
    target = archive()
    file = folder / _PASSWORDS
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(passwords)))
    new = target.with_suffix(".new")
    new.touch(mode=0o600)
    with tarfile.open(new, "w:gz", compresslevel=1) as packed:
        for part in (*PARTS, _PASSWORDS):
            packed.add(folder / part, arcname=part)
    for older in target.parent.glob("prepared-*.tar.gz"):
        older.unlink()
    new.replace(target)


def unpack(folder: Path) -> Passwords | None:
    """Lays the archive out under `folder` and returns its passwords; None when there is no archive."""
    source = archive()
    if not source.exists():
        return None
    with tarfile.open(source) as packed:
        packed.extractall(folder, filter="tar")
    return Passwords(**json.loads((folder / _PASSWORDS).read_text()))
