"""The two files that make the region usable: `region.yaml`, and the portal's credentials beside it (mode 600)."""

import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from lab.simulated import users
from lab.simulated.shape import Shape
from lab.simulated.store import Store
from lab.simulated.users import User

REGION_FILE = "region.yaml"
CREDENTIALS_FILE = "ceph-credentials.yaml"
PORTAL_UID = "portal"
# The least that does the portal's work (tried on the real gateway): no write cap on buckets.
PORTAL_CAPS = {"users": "*", "buckets": "read", "usage": "read", "metadata": "read"}


@dataclass(frozen=True)
class Credentials:
    """The portal's Admin Ops key."""

    access_key: str
    secret_key: str = field(repr=False)


def credentials_in(folder: Path) -> Credentials:
    """Those of an earlier start, or new ones, written for the owner's eyes only."""
    path = folder / CREDENTIALS_FILE
    if path.exists():
        found = yaml.safe_load(path.read_text())
        return Credentials(found["access_key"], found["secret_key"])
    made = Credentials(users.new_access_key(), secrets.token_hex(20))
    # rados_* are there because the real platform has them; nothing here speaks RADOS.
    content = {
        "access_key": made.access_key,
        "secret_key": made.secret_key,
        "rados_id": "portal",
        "rados_keyring": None,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(content, file, sort_keys=False)
    return made


def make_portal_user(store: Store, credentials: Credentials) -> None:
    """There from the first start on, as an operator would have made it."""
    with store.transaction():
        if users.find_user(store, PORTAL_UID) is None:
            users.save_user(store, User(PORTAL_UID, "Portal", caps=PORTAL_CAPS))
        users.add_key(store, PORTAL_UID, credentials.access_key, credentials.secret_key)


def write_region(folder: Path, shape: Shape, port: int) -> Path:
    """The region file of this server at `port`; written anew at each start, because the port may differ."""
    path = folder / REGION_FILE
    path.write_text(yaml.safe_dump(region_of(folder, shape, port), sort_keys=False, allow_unicode=True))
    return path


def region_of(folder: Path, shape: Shape, port: int) -> dict[str, object]:
    base = f"http://127.0.0.1:{port}"
    codes = [site.code for site in shape.sites]
    platform = {
        "id": "ceph-marche",
        "provider": "ceph",
        "sites": list(codes),
        "endpoints": {"api": base, "data": base, "mon": f"{base}/mon"},
        "region": "marche",
        "ca_file": None,
        "credentials_file": str(folder.absolute() / CREDENTIALS_FILE),
        "queue": "ceph",
        "totals_by_site": {code: {"storage_gib": shape.site_gib} for code in codes},
        "overcommit": {},
        "placement_targets": [
            {"id": target.id, "sites": list(target.sites), "copies": target.copies} for target in shape.targets
        ],
        "maintenance": None,
    }
    return {"installation": "mcloud", "sites": [asdict(site) for site in shape.sites], "platforms": [platform]}
