"""For every test: what one leaves in the process's cache (rate limits, used codes) is not the next one's."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Django's cache lives in the process, and tests reuse the ids of people."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()
