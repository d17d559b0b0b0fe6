"""Everybody, a region, and the flow."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.elaastic.flow import Flow
from tests.elaastic.region import MemoryProvider, region
from tests.personas import World, world

__all__ = ["region", "world"]


@pytest.fixture
def flow(world: World, region: MemoryProvider) -> Flow:
    return Flow(world)


@pytest.fixture
def queries() -> Callable[[Callable[[], Any]], int]:
    """How many queries an act needs."""

    def count(act: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as seen:
            act()
        return len(seen.captured_queries)

    return count
