"""A database in memory, whatever the portal itself is configured to use."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.provisioning.engine.database import Store, memory_database
from tests.provisioning.engine.room import Room, room_in


@pytest.fixture
def store(django_db_blocker: Any) -> Iterator[Store]:
    """Provisioning's tables, empty."""
    with django_db_blocker.unblock(), memory_database() as store:
        yield store


@pytest.fixture
def room(store: Store) -> Iterator[Room]:
    """One stack, one cloud, no weather."""
    with room_in(store) as room:
        yield room
