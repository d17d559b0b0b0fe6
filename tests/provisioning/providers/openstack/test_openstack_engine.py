"""A town's reserve on OpenStack through the real engine: from a plan to what stands, and to the end."""

import hashlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.domain import checkpoint
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Desired, Manifest, Placement, Ref
from provisioning.engine.reconciler import reconcile
from provisioning.models import Plan, Resource, Stack, clock
from provisioning.services import capacity, stacks, upkeep
from provisioning.services.surroundings import surroundings
from tests.provisioning.providers.openstack.town import PROJECT, Town

pytestmark = pytest.mark.django_db(transaction=True)


def _desired(name: str, kind: str, **spec: Any) -> Desired:
    refs = {key: _json(value) for key, value in spec.items()}
    return Desired(name, f"openstack.{kind}", "", refs)


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(one) for one in value]
    return value.as_json() if isinstance(value, Ref) else value


PLACE = Ref("reserve", "project")
LAN = Ref("lan", "network")
RESERVE = (
    _desired("reserve", "project", **vars(PROJECT)),
    _desired("portal", "user"),
    _desired("people", "group", members=[Ref("portal", "user")]),
    _desired("may", "grant", project=PLACE, role="member", group=Ref("people", "group")),
    _desired("access", "credential", user=Ref("portal", "user"), project=PLACE, role=Ref("may", "role")),
    _desired("lan", "network", project=PLACE),
    _desired("addresses", "subnet", project=PLACE, network=LAN, cidr="10.20.0.0/24",
             gateway="10.20.0.1"),
    _desired("way", "router", project=PLACE, subnets=[Ref("addresses", "subnet")], outside=True),
    _desired("firewall", "security_group", project=PLACE, rules=["in any itself", "out any 0.0.0.0/0"]),
)  # fmt: skip


def machine(file: Path) -> tuple[Desired, ...]:
    """A server, what it is made from, and what it is plugged into."""
    groups = [Ref("firewall", "security_group")]
    file.write_bytes(b"a system" * 2**10)
    sha512 = hashlib.sha512(file.read_bytes()).hexdigest()
    return (
        _desired("disk", "image", project=PLACE, file=str(file), sha512=sha512, format="raw"),
        _desired("plug", "port", project=PLACE, network=LAN, subnet=Ref("addresses", "subnet"),
                 security_groups=groups),
        _desired("vm", "server", project=PLACE, credential=Ref("access", "credential"), image=Ref("disk", "image"),
                 flavor="dr.small", port=Ref("plug", "port")),
    )  # fmt: skip


@pytest.fixture
def stack(town: Town, settings: Any, tmp_path: Path) -> Town:
    """The platform is in the region file, with an id of its own: the empty database of each test must not find the
    marks of another's.
    """
    town.platform = replace(town.platform, id=f"openstack-{town.stack}")
    site = {"code": "an", "name": "Ancona", "lat": 43.6, "lon": 13.5, "seismic_zone": 2}
    shown = town.platform
    platform = {
        "id": shown.id, "provider": shown.provider, "sites": ["an"], "endpoints": dict(shown.endpoints),
        "credentials_file": shown.credentials_file, "queue": shown.queue, "region": shown.region,
        "domain": shown.domain, "external_network": shown.external_network,
    }  # fmt: skip
    settings.REGION_FILE = tmp_path / "region.yaml"
    settings.REGION_FILE.write_text(
        yaml.safe_dump({"installation": "mcloud", "sites": [site], "platforms": [platform]})
    )
    capacity.load_totals()
    stacks.create_stack(town.stack)
    return town


def _apply(town: Town, *resources: Desired, purge: tuple[str, ...] = ()) -> None:
    plan = _plan(town, *resources, purge=purge)
    stacks.approve_plan(plan.pk, plan.digest)
    _work(town)


def _plan(town: Town, *resources: Desired, purge: tuple[str, ...] = ()) -> Plan:
    here = tuple(replace(one, platform=town.platform.id) for one in resources)
    placement = Placement({"openstack": town.platform.id}, "", ("an",))
    manifest = Manifest("a town's reserve", here)
    plan = Plan.objects.get(pk=stacks.propose_plan(town.stack, manifest, placement, purge))
    assert not plan.unseen
    return plan


def _work(town: Town) -> None:
    """What the engine waits for passes by writing the rows: nothing here needs the time itself."""
    for _ in range(100):
        Resource.objects.filter(next_look__isnull=False).update(next_look=clock.now())
        Resource.objects.filter(absent_since__isnull=False).update(absent_since=clock.now() - timedelta(minutes=1))
        Resource.objects.filter(intent_at__isnull=False).update(intent_at=clock.now() - timedelta(minutes=3))
        with suppress(Killed):
            reconcile(_stack(town).pk, surroundings())
        Stack.objects.update(claim_token=None, claim_expires_at=None)  # whoever died held it
        if all(row.condition_is_rest for row in _stack(town).resources.all()):
            return


class Killed(BaseException):
    """The worker is no more."""


@dataclass
class Deaths:
    """A worker that dies each time it has sent something, and every second time before it sends."""

    count: Counter[str] = field(default_factory=Counter)

    def reach(self, name: str) -> None:
        """Stands for `checkpoint.reach`."""
        self.count[name] += 1
        before_sending = name.startswith("intent") and self.count[name] % 2
        if before_sending or name.startswith("sent"):
            raise Killed(name)


def _stack(town: Town) -> Stack:
    return Stack.objects.get(key=town.stack)


def _states(town: Town) -> dict[str, str]:
    rows = _stack(town).resources.exclude(state=State.GONE)
    return {row.name: f"{row.state} {row.reason} {row.message}".strip() for row in rows}


def _of_the_stack(town: Town) -> list[str]:
    return [one.external_id for one in town.provider.census() if f".{town.stack}." in one.marker]


def test_an_approved_plan_stands_and_a_second_one_changes_nothing(stack: Town) -> None:
    _apply(stack, *RESERVE)
    assert _states(stack) == dict.fromkeys((one.name for one in RESERVE), State.READY)
    assert _plan(stack, *RESERVE).changes == []
    upkeep.take_census()
    assert not Resource.objects.filter(orphan=True).exists()
    rows = _stack(stack).resources.values_list("external_id", flat=True)
    assert sorted(_of_the_stack(stack)) == sorted(rows)


def test_what_somebody_opened_is_closed_again_without_a_plan(stack: Town) -> None:
    _apply(stack, *RESERVE)
    group = _stack(stack).resources.get(name="firewall")
    words = {"direction": "ingress", "ether_type": "IPv4", "protocol": "tcp"}
    stack.outside.network.create_security_group_rule(security_group_id=group.external_id, **words)
    _work(stack)
    rules = stack.outside.network.get_security_group(group.external_id).security_group_rules
    assert _states(stack)["firewall"] == State.READY
    assert len(rules) == 2


def test_what_is_wanted_no_longer_goes_in_its_order_and_leaves_nothing(stack: Town) -> None:
    _apply(stack, *RESERVE)
    assert len(_of_the_stack(stack)) == len(RESERVE)
    _apply(stack)
    assert _states(stack) == {}
    assert _of_the_stack(stack) == []


def test_a_machine_stands_is_kept_until_its_end_is_said_in_words_and_goes(stack: Town, tmp_path: Path) -> None:
    _apply(stack, *RESERVE, *machine(tmp_path / "disk.raw"))
    assert set(_states(stack).values()) == {State.READY}
    server = _stack(stack).resources.get(name="vm").external_id
    assert stack.outside.compute.get_server(server).status == "ACTIVE"
    _apply(stack)
    kept = _states(stack)
    assert kept["vm"] == State.RETAINED
    assert {"reserve", "lan", "plug", "access"} <= set(kept)
    assert stack.outside.compute.get_server(server).status == "ACTIVE"
    _apply(stack, purge=("vm",))
    assert _states(stack) == {}
    assert _of_the_stack(stack) == []


@pytest.mark.deep
def test_a_worker_that_dies_around_every_call_leaves_one_of_each_and_at_the_end_nothing(
    stack: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths, wanted = Deaths(), (*RESERVE, *machine(tmp_path / "disk.raw"))
    monkeypatch.setattr(checkpoint, "hook", deaths.reach)
    _apply(stack, *wanted)
    assert set(_states(stack).values()) == {State.READY}
    assert deaths.count["sent create"] == len(wanted)
    assert deaths.count["intent create"] > len(wanted)
    rows = _stack(stack).resources.values_list("external_id", flat=True)
    assert sorted(_of_the_stack(stack)) == sorted(rows)
    _apply(stack, purge=("vm",))
    assert _states(stack) == {}
    assert deaths.count["sent delete"] >= len(wanted)
    assert _of_the_stack(stack) == []


def test_what_the_quota_forbids_fails_with_whose_move_it_is(stack: Town) -> None:
    project, lan = RESERVE[0], next(one for one in RESERVE if one.name == "lan")
    _apply(stack, replace(project, spec={**project.spec, "networks": 0}), lan)
    assert _states(stack)["lan"].startswith("failed QuotaExceeded The platform's quota is full")
    assert "(OverQuota, HTTP 409, while making the network" in _states(stack)["lan"]


def test_a_project_in_which_somebody_keeps_something_waits_for_a_person(stack: Town) -> None:
    _apply(stack, RESERVE[0])
    project = _stack(stack).resources.get(name="reserve").external_id
    theirs = stack.outside.network.create_network(name="theirs", project_id=project)
    _apply(stack)
    assert _states(stack)["reserve"].startswith("blocked NotEmpty")
    assert "The project still holds networks" in _states(stack)["reserve"]
    stack.outside.network.delete_network(theirs)
    stacks.retry(stack.stack, "reserve")
    _work(stack)
    assert _states(stack) == {}
