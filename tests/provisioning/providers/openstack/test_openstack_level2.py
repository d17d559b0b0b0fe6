"""Level 2 of a town with two stateless machines, by the real engine: simulated, and on real Ceph and OpenStack."""

from pathlib import Path
from typing import Any

import pytest

from elaastic.levels import LEVELS, Mode
from elaastic.selectors.placing import choose_placement
from lab.fixtures import ceph_lab
from provisioning.models import CapacityRow
from provisioning.services import upkeep
from tests.provisioning.providers.openstack.conftest import Body
from tests.provisioning.providers.openstack.region import TERMS, Subscribed
from tests.provisioning.providers.openstack.town import Town

__all__ = ["ceph_lab"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subscribed(body: Body, town: Town, ceph_beside: Path, settings: Any, tmp_path: Path) -> Subscribed:
    return Subscribed.prepare(town, ceph_beside, settings, tmp_path, body.zones)


def test_two_machines_have_a_place_away_from_home_and_it_goes_when_the_town_leaves(
    body: Body, subscribed: Subscribed
) -> None:
    subscribed.apply(Mode())
    assert set(subscribed.states().values()) == {"ready"}, subscribed.states()
    project, outside = subscribed.project, subscribed.town.outside
    quotas = outside.compute.get_quota_set(project)
    assert (quotas.instances, quotas.cores, quotas.ram) == (2, 3, 512)
    assert [one.cidr for one in outside.network.subnets(project_id=project)] == [TERMS["lan"]]
    held = CapacityRow.objects.get(platform=subscribed.town.platform.id, site=body.zones[0], resource="vcpus")
    assert held.used == 3

    subscribed.apply(Mode(leaving=True))
    left = subscribed.states()
    assert {"archive-images", "restore-key"} <= left.keys()
    assert not [name for name in left if name.startswith(("reserve", "lan"))], left
    assert not list(outside.network.networks(project_id=project))
    upkeep.release_surplus()
    held.refresh_from_db()
    assert held.used == 0


def test_the_place_is_another_site_than_the_one_next_door(subscribed: Subscribed) -> None:
    chosen = choose_placement(LEVELS[2], TERMS, (45.0, 11.0))
    assert chosen is not None and chosen.reserve
