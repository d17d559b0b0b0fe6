"""T6 with three platforms: one is away, and the others' part of an order, a change and an end is done meanwhile;
the stack says which one is away; when it is back everything heals by itself, with nothing doubled.

The platforms are the simulated Ceph and OpenStack and the emulated Proxmox; what is away refuses every connection.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from elaastic.levels import Mode
from elaastic.levels.level2 import DEFAULTS, blueprint
from provisioning.domain.conditions import REASONS, State
from provisioning.domain.manifest import Placement
from provisioning.models import Plan, PlatformState, Resource, Stack, clock
from provisioning.providers.proxmox.client import api
from provisioning.selectors.region import region as today
from provisioning.services import capacity, stacks, sweep
from provisioning.services.surroundings import provider
from tests.provisioning.providers.openstack.region import hurry
from tests.provisioning.providers.proxmox.drilled import FILES, SITE, WEB, write_region
from tests.provisioning.providers.proxmox.town import Town
from tests.provisioning.providers.relay import Relay
from tests.provisioning.providers.simulated import simulated_region

__all__ = ["simulated_region"]
pytestmark = pytest.mark.django_db(transaction=True)
TERMS = {**DEFAULTS, "quota_gib": 1, "machines": [FILES, WEB]}
NAMES = {"ceph": "Ceph", "openstack": "OpenStack", "proxmox": "Proxmox"}


@pytest.fixture
def ways(
    town: Town, simulated_region: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mapping[str, Relay]]:
    """By system the way to its platform, in a region of three."""
    monkeypatch.setattr(api, "POLL_S", 0.02)
    settings.REGION_FILE = tmp_path / "region.yaml"
    write_region(town, simulated_region, settings.REGION_FILE)
    document = yaml.safe_load(settings.REGION_FILE.read_text())
    made = {}
    for one in document["platforms"]:
        port = urlsplit(one["endpoints"]["api"]).port
        relay = made[one["provider"]] = Relay(port)
        one["endpoints"] = {k: v.replace(f":{port}", f":{relay.port}") for k, v in one["endpoints"].items()}
    settings.REGION_FILE.write_text(yaml.safe_dump(document))
    capacity.load_totals()
    stacks.create_stack(town.stack)
    yield made
    for relay in made.values():
        relay.close()


@pytest.mark.parametrize(
    "away",
    ["openstack", pytest.param("ceph", marks=pytest.mark.deep), pytest.param("proxmox", marks=pytest.mark.deep)],
)
def test_one_platform_is_away_and_the_others_go_on(town: Town, ways: Mapping[str, Relay], away: str) -> None:
    for mode in (Mode(), Mode(suspended=True), Mode(leaving=True)):
        ways[away].close()
        wanted = _approve(town, mode, away)
        _work(town, lambda rows: all(_is_done(row) for row in rows if not _is_on(row, away)))
        open_rows = [row for row in _rows(town) if not _is_done(row)]
        assert open_rows and all(_is_on(row, away) for row in open_rows), _told(town)
        _is_told(town, away)
        ways[away].reopen()
        _comes_back(away)
        _work(town, lambda rows: all(_is_done(row) for row in rows))
        assert all(_is_done(row) for row in _rows(town)), _told(town)
        assert {row.name for row in _rows(town) if row.state == State.READY} >= wanted
        _each_once(town)


def _approve(town: Town, mode: Mode, away: str) -> set[str]:
    """The names of what shall stand. A plan says what could not be looked at; what is new, or goes, is not."""
    platforms = {one.provider: one.id for one in today().platforms}
    placement = Placement(platforms, "three-sites", ("an", "pu", "mc"), SITE)
    manifest = blueprint(TERMS, placement, mode)
    plan = Plan.objects.get(pk=stacks.propose_plan(town.stack, manifest, placement))
    looked_at = {one.platform for one in manifest.resources} if _rows(town) else set()
    assert plan.unseen == sorted({platforms[away]} & looked_at)
    stacks.approve_plan(plan.pk, plan.digest)
    return {one.name for one in manifest.resources}


def _work(town: Town, done: Any) -> None:
    """Whoever waits has waited; the breaker is as it is."""
    for _ in range(60):
        if done(_rows(town)):
            return
        hurry(town.stack)


def _rows(town: Town) -> list[Resource]:
    return list(Resource.objects.filter(stack__key=town.stack).order_by("pk"))


def _is_done(row: Resource) -> bool:
    """At rest, as was last approved."""
    return row.condition_is_rest and not row.intent


def _is_on(row: Resource, system: str) -> bool:
    return row.kind.partition(".")[0] == system


def _is_told(town: Town, away: str) -> None:
    """Once it has lasted: which platform, and that nobody has to do anything on the stack."""
    for _ in range(3):  # one lost packet is no outage
        hurry(town.stack)
    earlier = clock.now() - timedelta(minutes=11)
    Resource.objects.filter(stack__key=town.stack, trouble_since__isnull=False).update(trouble_since=earlier)
    assert [one.platform for one in PlatformState.objects.filter(open_until__isnull=False)] == [_id(away)]
    hurry(town.stack)
    stack = Stack.objects.get(key=town.stack)
    assert (stack.state, stack.reason) == (State.BLOCKED, "PlatformUnavailable")
    assert f"{NAMES[away]} platform" in stack.message, stack.message
    assert REASONS[stack.reason][0] == "nobody"


def _comes_back(away: str) -> None:
    """The probe finds it: it comes once a second at most, and that second is over."""
    PlatformState.objects.update(probed_at=clock.now() - timedelta(seconds=2))
    sweep.tick()
    assert not PlatformState.objects.filter(platform=_id(away), open_until__isnull=False)


def _id(system: str) -> str:
    return next(one.id for one in today().platforms if one.provider == system)


def _each_once(town: Town) -> None:
    """On each platform what the rows know, and nothing else that carries this stack's marker."""
    seen = Counter(
        (one.kind, one.marker)
        for platform in today().platforms
        for one in provider(platform.id).census()  # type: ignore[union-attr]
        if f".{town.stack}." in one.marker
    )
    assert seen and set(seen.values()) == {1}, seen


def _told(town: Town) -> dict[str, str]:
    return {row.name: f"{row.state} {row.reason} {row.message}" for row in _rows(town)}
