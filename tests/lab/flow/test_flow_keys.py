"""One town's level 1 on a real Ceph, used with the tools that a town has."""

from collections.abc import Iterator

import pytest

from tests.lab.flow.town import Town, Towns
from tests.lab.workers import LivePortal

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("flow")]


@pytest.fixture(scope="module")
def town(portal: LivePortal, towns: Towns) -> Iterator[Town]:
    portal.start_worker("a")
    yield towns.ready()


def test_ready(town: Town) -> None:
    assert town.keys
