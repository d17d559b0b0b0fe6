"""The home authority on a region in memory; everybody from the personas; a real PostgreSQL for the races."""

import pytest

from lab.fixtures import postgres_lab
from provisioning.models import clock
from tests.elaastic.machines import hybrid
from tests.elaastic.region import MemoryProvider, region
from tests.elaastic.services.town import Later, Town
from tests.personas import World, world

__all__ = ["hybrid", "postgres_lab", "region", "world"]


@pytest.fixture
def town(world: World, region: MemoryProvider, monkeypatch: pytest.MonkeyPatch) -> Town:
    later = Later()
    monkeypatch.setattr(clock, "source", later)
    return Town(world, region, later)
