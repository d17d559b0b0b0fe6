"""The first mark of a new installation, pushed by several workers at once; one bucket is all they may own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.domain.errors import TemporaryError
from provisioning.domain.handler import Provider
from provisioning.providers import open_platform
from provisioning.selectors.region import platform
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real


def test_eight_workers_that_push_the_first_mark_at_once_all_succeed(portal: LivePortal) -> None:
    told = platform(portal.platform)
    assert told is not None
    provider = open_platform(told)
    marks = [f"{portal.platform}/{number:012d}-{number:012x}" for number in range(8)]
    with ThreadPoolExecutor(len(marks)) as workers:
        list(workers.map(lambda mark: pushed(provider, mark), marks))
    assert provider.marks("") == marks


def pushed(provider: Provider, mark: str) -> None:
    """As the engine does: what heals by itself is tried again, anything else would fail the resource for good."""
    for _ in range(10):
        try:
            return provider.push_mark(mark)
        except TemporaryError:
            continue
    raise AssertionError(f"{mark} was never taken.")
