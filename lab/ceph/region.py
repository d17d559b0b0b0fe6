"""The region file that makes a portal work on this cluster, and the credentials it points to."""

from dataclasses import asdict
from pathlib import Path

import yaml

from lab.ceph.conf import Settings
from lab.ceph.keyring import keyring_file, write_private
from lab.ceph.rgw import PORTAL_USER, read_keys
from lab.marche import SITES, TARGETS

# Assumption: one OSD a site, used by nothing else, and writing stops being safe where Ceph itself begins to
# warn: its near-full ratio, 0.85 unless changed. Whole GiB (2^30), rounded down.
NEAR_FULL = 0.85

CREDENTIALS = "ceph-credentials.yaml"


def write_region(base: Path, folder: Path, settings: Settings) -> Path:
    """Writes `<base>/region.yaml` and, mode 600, `<base>/ceph-credentials.yaml`; returns the region file."""
    keys = read_keys(folder, PORTAL_USER)
    credentials = base / CREDENTIALS
    identity = {
        "rados_id": PORTAL_USER,
        "rados_keyring": str(keyring_file(folder, f"client.{PORTAL_USER}")),
    }
    write_private(credentials, yaml.safe_dump(asdict(keys) | identity, sort_keys=False))
    region = base / "region.yaml"
    document = {
        "installation": "mcloud",
        "sites": [asdict(site) for site in SITES],
        "platforms": [_platform(folder, settings, credentials)],
    }
    region.write_text(yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=100))
    return region


def forget_region(base: Path, folder: Path) -> None:
    """Removes what `write_region` wrote, and leaves a region file that somebody else put there since."""
    (base / CREDENTIALS).unlink(missing_ok=True)
    region = base / "region.yaml"
    if region.exists() and str(folder / "ceph.conf") in region.read_text():
        region.unlink()


def _platform(folder: Path, settings: Settings, credentials: Path) -> dict[str, object]:
    usable_gib = int(settings.osd_gib * NEAR_FULL)
    return {
        "id": "ceph-marche",
        "provider": "ceph",
        "sites": [site.code for site in SITES],
        "endpoints": {
            "api": settings.rgw_url,
            "data": settings.rgw_url,
            "mon": f"rados:{folder / 'ceph.conf'}",
            "swift": f"{settings.rgw_url}/auth/v1.0",
        },
        "region": settings.region,
        "ca_file": None,
        "credentials_file": str(credentials),
        "queue": "ceph",
        "totals_by_site": {site.code: {"storage_gib": usable_gib} for site in SITES},
        "overcommit": {},
        "placement_targets": [
            {"id": target.id, "sites": list(target.sites), "copies": target.copies} for target in TARGETS
        ],
        "maintenance": None,
    }
