"""A town's access to Proxmox through the real engine: from a plan to a token that works, and to the end."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.proxmox.runbook import ROLE
from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Desired, Manifest, Placement, Ref
from provisioning.engine.reconciler import reconcile
from provisioning.models import Plan, Resource, Stack, clock
from provisioning.services import capacity, stacks, upkeep
from provisioning.services.surroundings import surroundings
from tests.lab.proxmox.clients import by_token, ended
from tests.provisioning.providers.proxmox.town import Town

pytestmark = pytest.mark.django_db(transaction=True)
POOL = "mcloud.town12.reserve"


def _desired(name: str, kind: str, **spec: Any) -> Desired:
    refs = {key: value.as_json() if isinstance(value, Ref) else value for key, value in spec.items()}
    return Desired(name, f"proxmox.{kind}", "pve-an", refs)


ACCESS = Manifest(
    "town's access",
    (
        _desired("reserve", "pool", storages=["shared"]),
        _desired("operator", "user"),
        _desired("access", "token", user=Ref("operator", "user")),
        _desired("user-may", "grant", path=Ref("reserve", "path"), role=ROLE, holder=Ref("operator", "user")),
        _desired("token-may", "grant", path=Ref("reserve", "path"), role=ROLE, holder=Ref("access", "token_id")),
    ),
)
PLACEMENT = Placement({"proxmox": "pve-an"}, "", ("an",))


@pytest.fixture
def stack(town: Town, settings: Any, tmp_path: Path) -> Town:
    """The platform is in the region file, and the stack in the database."""
    site = {"code": "an", "name": "Ancona", "lat": 43.6, "lon": 13.5, "seismic_zone": 2}
    shown = town.platform
    platform = {
        "id": shown.id, "provider": shown.provider, "sites": ["an"], "endpoints": dict(shown.endpoints),
        "credentials_file": shown.credentials_file, "queue": shown.queue, "ca_file": shown.ca_file,
    }  # fmt: skip
    settings.REGION_FILE = tmp_path / "region.yaml"
    settings.REGION_FILE.write_text(
        yaml.safe_dump({"installation": "mcloud", "sites": [site], "platforms": [platform]})
    )
    capacity.load_totals()
    stacks.create_stack(town.stack)
    return town


def _apply(town: Town, manifest: Manifest) -> None:
    plan = Plan.objects.get(pk=stacks.propose_plan(town.stack, manifest, PLACEMENT))
    assert not plan.unseen
    stacks.approve_plan(plan.pk, plan.digest)
    _work(town)


def _work(town: Town) -> None:
    """What the engine waits for passes by writing the rows: nothing here needs the time itself."""
    for _ in range(20):
        Resource.objects.filter(next_look__isnull=False).update(next_look=clock.now())
        Resource.objects.filter(absent_since__isnull=False).update(absent_since=clock.now() - timedelta(minutes=1))
        Resource.objects.filter(intent_at__isnull=False).update(intent_at=clock.now() - timedelta(minutes=3))
        reconcile(_stack(town).pk, surroundings())


def _stack(town: Town) -> Stack:
    return Stack.objects.get(key=town.stack)


def _states(town: Town) -> dict[str, str]:
    rows = _stack(town).resources.exclude(state=State.GONE)
    return {row.name: f"{row.state} {row.reason} {row.message}".strip() for row in rows}


def _runs_a_guest(town: Town, vmid: int) -> None:
    row = _stack(town).resources.get(name="access", orphan=False)
    user, _, name = row.external_id.partition("!")
    api = by_token(town.wire, user, name, vault.read([row.pk])[row.pk]["secret"].reveal())
    assert ended(api, api.nodes("pve1").qemu.post(vmid=vmid, pool=POOL)) == "OK"


def test_an_approved_plan_ends_with_a_token_that_works(stack: Town) -> None:
    _apply(stack, ACCESS)
    assert set(_states(stack).values()) == {State.READY}
    _runs_a_guest(stack, 100)
    again = Plan.objects.get(pk=stacks.propose_plan(stack.stack, ACCESS, PLACEMENT))
    assert again.changes == []


def test_a_token_whose_value_was_lost_is_replaced_and_removed(stack: Town) -> None:
    stack.wire.control("fault", path="/token/access$", method="POST", status=596, text="Broken pipe", after=True)
    _apply(stack, ACCESS)
    assert set(_states(stack).values()) == {State.READY}
    _runs_a_guest(stack, 100)
    tokens = stack.outside.access.users("mcloud.town12.operator@pve").token.get()
    assert [token["tokenid"] for token in tokens] == ["access-2"]


def test_a_census_after_the_work_finds_nothing_unknown(stack: Town) -> None:
    _apply(stack, ACCESS)
    upkeep.take_census()
    assert not Resource.objects.filter(orphan=True).exists()
    mine = {one.external_id for one in stack.provider.census()}
    assert mine == {row.external_id for row in _stack(stack).resources.all()}


def test_the_end_leaves_nothing(stack: Town) -> None:
    _apply(stack, ACCESS)
    _apply(stack, Manifest("town's access"))
    assert _states(stack) == {}
    assert list(stack.provider.census()) == []
