"""Level 2 on the region in memory: two sites on which machines start, and a town beside one of them."""

from pathlib import Path
from typing import Any, Final

import pytest

from elaastic.levels.level2_terms import DEFAULTS
from provisioning.services import capacity
from tests.elaastic.region import MemoryProvider, machines_platform, write_region_file

WEB: Final[dict[str, Any]] = {
    "name": "web", "nature": "stateless", "vcpus": 2, "ram_mib": 2048, "disk_gib": 20, "expected_interval_hours": 24
}  # fmt: skip
ROOM: Final = {"vcpus": 16, "ram_mib": 32768, "storage_gib": 2000}
# `files` of the defaults starts on Proxmox, `web` on OpenStack.
TERMS_2: Final[dict[str, Any]] = {**DEFAULTS, "machines": [*DEFAULTS["machines"], WEB]}


@pytest.fixture
def hybrid(region: MemoryProvider, settings: Any, tmp_path: Path) -> MemoryProvider:
    """The region, with machines."""
    settings.REGION_FILE = let_machines_start(tmp_path)
    capacity.load_totals()
    return region


def let_machines_start(folder: Path) -> Path:
    """A region file in which they start in Macerata and in Pesaro."""
    systems = [
        machines_platform(p, site, **ROOM) for p in ("openstack", "proxmox") for site in ("macerata", "pesaro")
    ]
    return write_region_file(folder, *systems)
