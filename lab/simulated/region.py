"""The files that make the region usable: `region.yaml`, and the portal's credentials beside it (mode 600)."""

import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.marche import EXTERNAL_NETWORK
from lab.simulated import users
from lab.simulated.openstack import furnish
from lab.simulated.shape import SITE_RAM_MIB, SITE_VCPUS, Shape
from lab.simulated.store import Store
from lab.simulated.users import User

REGION_FILE = "region.yaml"
CREDENTIALS_FILE = "ceph-credentials.yaml"
CLOUD_CREDENTIALS_FILE = "openstack-credentials.yaml"
PORTAL_UID = "portal"
# The least that does the portal's work (tried on the real gateway): no write cap on buckets.
PORTAL_CAPS = {"users": "*", "buckets": "read", "usage": "read", "metadata": "read"}


@dataclass(frozen=True)
class Credentials:
    """The portal's Admin Ops key, and its user's password on OpenStack."""

    access_key: str
    secret_key: str = field(repr=False)
    password: str = field(repr=False, default="portal-password")


def credentials_in(folder: Path) -> Credentials:
    """Those of an earlier start, or new ones, written for the owner's eyes only."""
    # rados_* are there because the real platform has them; nothing here speaks RADOS.
    keys = {"access_key": users.new_access_key(), "secret_key": secrets.token_hex(20)}
    keys = _kept(folder / CREDENTIALS_FILE, {**keys, "rados_id": "portal", "rados_keyring": None})
    login = {"username": furnish.PORTAL, "password": secrets.token_hex(20), "project": furnish.PORTAL}
    login = _kept(folder / CLOUD_CREDENTIALS_FILE, login)
    return Credentials(keys["access_key"], keys["secret_key"], login["password"])


def _kept(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    """What the file has, or `content` in a new one."""
    if path.exists():
        found: dict[str, Any] = yaml.safe_load(path.read_text())
        return found
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(content, file, sort_keys=False)
    return content


def make_portal_users(store: Store, credentials: Credentials) -> None:
    """There from the first start on, as an operator would have made them."""
    furnish.furnish(store, credentials.password)
    with store.transaction():
        if users.find_user(store, PORTAL_UID) is None:
            users.save_user(store, User(PORTAL_UID, "Portal", caps=PORTAL_CAPS))
        users.add_key(store, PORTAL_UID, credentials.access_key, credentials.secret_key)


def write_region(folder: Path, shape: Shape, port: int, cloud_port: int) -> Path:
    """The region file of this server at its two ports; written anew at each start, because they may differ."""
    path = folder / REGION_FILE
    document = {
        "installation": "mcloud",
        "sites": [asdict(site) for site in shape.sites],
        "platforms": [_ceph(folder, shape, port), _openstack(folder, shape, cloud_port)],
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    return path


def _ceph(folder: Path, shape: Shape, port: int) -> dict[str, object]:
    base = f"http://127.0.0.1:{port}"
    codes = [site.code for site in shape.sites]
    return {
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


def _openstack(folder: Path, shape: Shape, port: int) -> dict[str, object]:
    room = {"vcpus": SITE_VCPUS, "ram_mib": SITE_RAM_MIB}
    return {
        "id": "openstack-marche",
        "provider": "openstack",
        "sites": [site.code for site in shape.sites],
        "endpoints": {"api": f"http://127.0.0.1:{port}/identity/v3"},
        "region": "marche",
        "ca_file": None,
        "credentials_file": str(folder.absolute() / CLOUD_CREDENTIALS_FILE),
        "queue": "openstack",
        "totals_by_site": {site.code: dict(room) for site in shape.sites},
        "overcommit": {},
        "domain": furnish.DOMAIN,
        "external_network": EXTERNAL_NETWORK,
        "maintenance": None,
    }
