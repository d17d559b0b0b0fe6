"""Everybody, for each test of this folder, and a region file whose platforms nobody reaches."""

from pathlib import Path
from typing import Any

import pytest

from tests.elaastic.region import write_region_file
from tests.personas import world

__all__ = ["world"]


@pytest.fixture(autouse=True)
def _a_region_file(settings: Any, tmp_path: Path) -> None:
    """Some addresses show what the region file says."""
    settings.REGION_FILE = write_region_file(tmp_path)
