"""The home authority on a region in memory; everybody from the personas; a real PostgreSQL for the races."""

import pytest

from lab.fixtures import postgres_lab
from tests.elaastic.region import MemoryProvider, region
from tests.elaastic.services.town import Town
from tests.personas import World, world

__all__ = ["postgres_lab", "region", "world"]


@pytest.fixture
def town(world: World, region: MemoryProvider) -> Town:
    return Town(world, region)
