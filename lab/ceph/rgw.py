"""The gateway's zone with its placement targets, and the users that exist before any authority does."""

import json
import secrets
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.ceph.conf import Settings
from lab.ceph.keyring import write_private
from lab.marche import TARGETS
from lab.process import run_checked

PORTAL_USER = "mcloud-portal"
# Tried: users, keys, quotas, suspension, statistics and usage work with these; a purge of a bucket does not.
PORTAL_CAPS = "users=*;buckets=read;usage=read;metadata=read"

# For tests that must clean up or play somebody with more power than the portal; never in the region file.
ADMIN_USER = "lab-admin"
ADMIN_CAPS = "users=*;buckets=*;usage=*;metadata=*;zone=*"


@dataclass(frozen=True)
class Keys:
    """An S3 key pair of an RGW user."""

    access_key: str
    secret_key: str


def _radosgw_admin(conf: Path, *words: str) -> str:
    return run_checked(["radosgw-admin", "-c", str(conf), "-n", "client.rgw.a", *words])


def create_zone(conf: Path, settings: Settings) -> None:
    """One zonegroup, one zone, both called as the region and the default; must precede the gateway's start.

    Its only placement targets are the region's; buckets that name none go to the first.
    """
    zone_id = str(uuid.uuid4())
    zone = {
        "id": zone_id,
        "name": settings.region,
        "placement_pools": [
            {
                "key": target.id,
                "val": {
                    "index_pool": target.index_pool,
                    "storage_classes": {"STANDARD": {"data_pool": target.data_pool}},
                    "data_extra_pool": target.index_pool,
                    "index_type": 0,
                },
            }
            for target in TARGETS
        ],
    }
    zonegroup = {
        "id": str(uuid.uuid4()),
        "name": settings.region,
        "api_name": settings.region,
        "is_master": "true",
        "endpoints": [settings.rgw_url],
        "master_zone": zone_id,
        "zones": [{"id": zone_id, "name": settings.region, "endpoints": [settings.rgw_url]}],
        "placement_targets": [
            {"name": target.id, "tags": [], "storage_classes": ["STANDARD"]} for target in TARGETS
        ],
        "default_placement": TARGETS[0].id,
    }
    for what, document in (("zonegroup", zonegroup), ("zone", zone)):
        file = conf.parent / f"{what}.json"
        file.write_text(json.dumps(document, indent=1))
        _radosgw_admin(conf, what, "set", f"--rgw-{what}={settings.region}", "--default", f"--infile={file}")


def create_user(conf: Path, name: str, caps: str, *, max_buckets: int) -> Keys:
    """Our own generated keys, so that the answer need not be read."""
    keys = Keys(access_key=secrets.token_hex(10).upper(), secret_key=secrets.token_urlsafe(30))
    _radosgw_admin(
        conf,
        *("user", "create", f"--uid={name}", f"--display-name={name}", f"--caps={caps}"),
        *(
            f"--max-buckets={max_buckets}",
            f"--access-key={keys.access_key}",
            f"--secret-key={keys.secret_key}",
        ),
    )
    return keys


def create_users(conf: Path) -> None:
    """The portal's user, with one bucket of its own for the marks it leaves, and the lab's administrator."""
    for name, caps, max_buckets in ((PORTAL_USER, PORTAL_CAPS, 1), (ADMIN_USER, ADMIN_CAPS, 1000)):
        keys = create_user(conf, name, caps, max_buckets=max_buckets)
        write_private(keys_file(conf.parent, name), json.dumps(asdict(keys)))


def keys_file(folder: Path, user: str) -> Path:
    return folder / f"keys.{user}.json"


def read_keys(folder: Path, user: str) -> Keys:
    return Keys(**json.loads(keys_file(folder, user).read_text()))
