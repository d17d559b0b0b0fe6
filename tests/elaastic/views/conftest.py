"""Everybody, a region, the flow, and a browser without a screen for each persona."""

import pytest

from tests.elaastic.flow import Flow
from tests.elaastic.region import MemoryProvider, region
from tests.elaastic.views.pages import Pages
from tests.personas import World, world

__all__ = ["region", "world"]


@pytest.fixture
def flow(world: World, region: MemoryProvider) -> Flow:
    return Flow(world)


@pytest.fixture
def pages(world: World, region: MemoryProvider) -> Pages:
    return Pages(world)
