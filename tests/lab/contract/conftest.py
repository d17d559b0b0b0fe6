"""The region under contract, twice: the simulated one in every run, the real one with the marker `real`."""

from collections.abc import Iterator

import pytest

from tests.lab.contract.place import Place
from tests.lab.contract.places import real_place, simulated_place


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with simulated_place(tmp_path_factory.mktemp("region")) as place:
        yield place


@pytest.fixture(scope="session", params=["simulated", pytest.param("real", marks=pytest.mark.real)])
def region(request: pytest.FixtureRequest) -> Place:
    if request.param == "simulated":
        place: Place = request.getfixturevalue("simulated")
        return place
    return real_place(request.getfixturevalue("ceph_lab"))
