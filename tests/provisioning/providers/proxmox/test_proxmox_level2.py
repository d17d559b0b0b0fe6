"""What level 2 makes on Proxmox for a town's stateful machines, as its blueprint says it, on the emulator."""

from pathlib import Path
from typing import Any

import pytest
from proxmoxer import ResourceException

from elaastic.levels import LEVELS, Mode
from elaastic.levels.level2_terms import DEFAULTS
from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Desired, Placement
from provisioning.models import Resource
from provisioning.services import capacity, stacks
from tests.lab.proxmox.clients import by_token
from tests.provisioning.providers.proxmox.machine import apply, states, write_region
from tests.provisioning.providers.proxmox.town import Town

pytestmark = pytest.mark.django_db(transaction=True)
SITES = ("an", "pu", "mc")


@pytest.fixture
def region(town: Town, settings: Any, tmp_path: Path) -> Town:
    settings.REGION_FILE = tmp_path / "region.yaml"
    write_region(town.platform, settings.REGION_FILE)
    capacity.load_totals()
    stacks.create_stack(town.stack)
    return town


def _half(mode: Mode) -> list[Desired]:
    """Of the whole manifest what lies on Proxmox."""
    blueprint = LEVELS[2].blueprint
    assert blueprint is not None
    placement = Placement({"ceph": "ceph", "proxmox": "pve-an"}, "three", SITES, "an")
    whole = blueprint({**DEFAULTS, "quota_gib": 1}, placement, mode)
    return [one for one in whole.resources if one.kind.startswith("proxmox.")]


def test_a_town_has_a_place_that_its_token_opens_which_a_suspension_shuts_and_which_goes_with_it(
    region: Town,
) -> None:
    half = _half(Mode())
    apply(region.stack, *half)
    assert states(region.stack) == dict.fromkeys((one.name for one in half), State.READY)
    assert [one["poolid"] for one in _token(region).pools.get()] == ["mcloud.town12.pool"]

    apply(region.stack, *_half(Mode(suspended=True)))
    assert set(states(region.stack).values()) == {State.READY}
    with pytest.raises(ResourceException, match="401"):
        _token(region).pools.get()

    apply(region.stack, *_half(Mode(leaving=True)))
    assert states(region.stack) == {}
    assert list(region.provider.census()) == []


def _token(region: Town) -> Any:
    row = Resource.objects.get(stack__key=region.stack, name="pool-token", orphan=False)
    user, _, name = row.external_id.partition("!")
    return by_token(region.wire, user, name, vault.read([row.pk])[row.pk]["secret"].reveal())
