"""Level 2 by API, where the region has systems on which machines start."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from elaastic.levels.level2 import DEFAULTS
from provisioning.models import CapacityRow, Resource
from provisioning.services import capacity
from tests.elaastic.flow import Flow
from tests.elaastic.machines import ROOM, TERMS_2, WEB, hybrid
from tests.elaastic.region import (
    MemoryProvider,
    machines_platform,
    workers_bring_everything_up,
    workers_make_plans,
    write_region_file,
)
from tests.personas import API

__all__ = ["hybrid"]


@pytest.fixture
def flow(flow: Flow) -> Flow:
    flow.world.home.seat_lat, flow.world.home.seat_lon = 44.0, 13.0  # where the region's tests put Macerata
    flow.world.home.save()
    return flow


def test_a_town_gets_copies_and_a_reserve_away_from_home(flow: Flow, hybrid: MemoryProvider) -> None:
    answer = flow.ask(level=2, terms=TERMS_2)
    assert answer.status_code == 202, answer.json()
    workers_make_plans()
    asked = answer.json()
    assert flow.approve(asked["request"]).status_code == 202
    workers_bring_everything_up()
    stands = flow.get("owner", f"/subscriptions/{asked['id']}/").json()
    assert stands["state"] == "active", stands
    assert stands["placement"]["reserve"] == "pesaro"
    assert stands["placement"]["platforms"] == {
        "ceph": "ceph-test", "openstack": "openstack-pesaro", "proxmox": "proxmox-pesaro"
    }  # fmt: skip
    used = {(r.platform, r.resource): r.used for r in CapacityRow.objects.filter(site="pesaro")}
    assert used["openstack-pesaro", "vcpus"] == WEB["vcpus"]
    assert used["proxmox-pesaro", "ram_mib"] == DEFAULTS["machines"][0]["ram_mib"]
    kinds = set(Resource.objects.values_list("kind", flat=True))
    assert {"openstack.project", "openstack.credential", "proxmox.pool", "proxmox.token"} <= kinds


def test_the_site_beside_the_town_is_taken_only_when_no_other_has_room(flow: Flow, hybrid: MemoryProvider) -> None:
    CapacityRow.objects.filter(platform="openstack-pesaro", resource="vcpus").update(used=15)
    answer = flow.ask(level=2, terms=TERMS_2).json()
    workers_make_plans()
    plan = flow.get("owner", f"/requests/{answer['request']}/plan/").json()
    assert {need["site"] for need in plan["capacity"] if need["resource"] == "vcpus"} == {"macerata"}, plan


def test_a_reserve_that_fits_nowhere_waits_for_the_region(flow: Flow, hybrid: MemoryProvider) -> None:
    huge = {**TERMS_2, "machines": [{**WEB, "vcpus": 17}]}
    answer = flow.ask(level=2, terms=huge).json()
    workers_make_plans()
    assert flow.get("owner", f"/requests/{answer['request']}/").json()["problem"] == "NoRoom"


def test_terms_that_contradict_themselves_are_refused_by_field(flow: Flow, hybrid: MemoryProvider) -> None:
    refused = flow.ask(level=2, terms={**TERMS_2, "images_in": "nowhere"})
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"terms.images_in"}


def test_where_machines_start_nowhere_the_level_is_announced(flow: Flow) -> None:
    assert flow.get("owner", "/levels/2/").json()["available"] is False
    assert flow.ask(level=2, terms=TERMS_2).json()["code"] == "level_unavailable"


def test_where_one_system_stands_the_other_kind_of_machine_is_refused(
    flow: Flow, region: MemoryProvider, settings: Any, tmp_path: Path
) -> None:
    settings.REGION_FILE = write_region_file(tmp_path, machines_platform("openstack", "pesaro", **ROOM))
    capacity.load_totals()
    assert flow.get("owner", "/levels/2/").json()["available"] is True
    refused = flow.ask(level=2, terms=TERMS_2).json()
    assert refused["errors"].keys() == {"terms.machines.0.nature"}
    estimate = flow.post("owner", "/estimates/", {"level": 2, "terms": {**TERMS_2, "machines": [WEB]}}).json()
    assert estimate["fits"] is True
    assert {"vcpus", "ram_mib", "storage_gib"} == {row["resource"] for row in estimate["capacity"]}


def test_a_machine_of_the_other_nature_comes_to_the_same_site(flow: Flow, hybrid: MemoryProvider) -> None:
    asked = flow.ask(level=2, terms=DEFAULTS).json()
    workers_make_plans()
    flow.approve(asked["request"])
    workers_bring_everything_up()
    where = f"/subscriptions/{asked['id']}/"
    before = flow.get("owner", where)
    assert before.json()["placement"]["platforms"].keys() == {"ceph", "proxmox"}
    CapacityRow.objects.filter(platform="openstack-pesaro").update(used=1)  # Macerata has more
    client = flow.world["owner"].client()
    changed = client.patch(
        f"{API}{where}", {"terms": TERMS_2}, format="json", headers={"If-Match": before.headers["ETag"]}
    )
    assert changed.status_code == 202, changed.json()
    workers_make_plans()
    assert flow.approve(changed.json()["id"]).status_code == 202
    workers_bring_everything_up()
    after = flow.get("owner", where).json()
    assert after["state"] == "active"
    assert after["placement"]["platforms"]["openstack"] == "openstack-pesaro"


def step_up(flow: Flow, row: dict[str, Any], **body: Any) -> Any:
    """The owner's PATCH to level 2, with what level 1 had."""
    machines = {name: TERMS_2[name] for name in ("machines", "lan", "rpo_hours", "rto_hours", "drill_months")}
    terms = {**row["terms"], **machines, "images_in": row["terms"]["archives"][0]["name"]}
    client = flow.world["owner"].client()
    return client.patch(f"{API}/subscriptions/{row['id']}/", {"level": 2, "terms": terms, **body}, format="json")


def test_a_step_up_only_adds(flow: Flow, hybrid: MemoryProvider) -> None:
    row = flow.active()
    before = set(Resource.objects.filter(wish="present").values_list("name", flat=True))
    asked = step_up(flow, row)
    assert asked.status_code == 202, asked.json()
    assert (asked.json()["kind"], asked.json()["level"]) == ("change", 2)
    assert flow.get("owner", f"/subscriptions/{row['id']}/").json()["level"] == 1
    workers_make_plans()
    plan = flow.get("owner", f"/requests/{asked.json()['id']}/plan/").json()
    assert {change["action"] for change in plan["changes"]} == {"create"}
    assert before.isdisjoint(change["name"] for change in plan["changes"])
    assert flow.approve(asked.json()["id"]).status_code == 202
    workers_bring_everything_up()
    after = flow.get("owner", f"/subscriptions/{row['id']}/").json()
    assert (after["level"], after["state"], after["placement"]["reserve"]) == (2, "active", "pesaro")
    assert after["placement"]["target"] == row["placement"]["target"]
    assert before <= set(Resource.objects.filter(wish="present").values_list("name", flat=True))
    assert flow.get("owner", f"/recovery-plans/{row['id']}/").json()["version"] == 1


def test_a_step_down_is_refused_with_a_sentence(flow: Flow, hybrid: MemoryProvider) -> None:
    row = flow.active()
    asked = step_up(flow, row)
    workers_make_plans()
    flow.approve(asked.json()["id"])
    workers_bring_everything_up()
    down = step_up(flow, row, level=1, terms=row["terms"])
    assert down.status_code == 400
    assert down.json()["errors"].keys() == {"level"}


def test_what_level_2_asks_for_is_checked_at_a_step_up(flow: Flow, hybrid: MemoryProvider) -> None:
    row = flow.active()
    refused = step_up(flow, row, terms=row["terms"])
    assert refused.status_code == 400
    fewer = step_up(flow, row, terms={**TERMS_2, "copies": 2})
    assert "terms.copies" in fewer.json()["errors"]
    assert flow.get("owner", f"/subscriptions/{row['id']}/").json()["request"] is None


def test_who_leaves_gives_the_reserve_up_and_keeps_the_copies(flow: Flow, hybrid: MemoryProvider) -> None:
    asked = flow.ask(level=2, terms=TERMS_2).json()
    workers_make_plans()
    flow.approve(asked["request"])
    workers_bring_everything_up()
    where = f"/subscriptions/{asked['id']}/"
    tag = flow.get("owner", where).headers["ETag"]
    left = flow.world["owner"].client().delete(f"{API}{where}", headers={"If-Match": tag})
    workers_make_plans()
    assert flow.approve(left.json()["id"]).status_code == 202
    workers_bring_everything_up()
    systems = {row.kind.partition(".")[0]: row.wish for row in Resource.objects.order_by("wish", "pk")}
    assert {"openstack": "absent", "proxmox": "absent"}.items() <= systems.items()
    kept = set(Resource.objects.filter(wish="present").values_list("kind", flat=True))
    assert {kind.partition(".")[0] for kind in kept} <= {"ceph"}, kept


def test_the_pages_of_such_a_subscription_open(flow: Flow, hybrid: MemoryProvider) -> None:
    asked = flow.ask(level=2, terms=TERMS_2).json()
    workers_make_plans()
    browser = Client()
    browser.force_login(flow.world["owner"].user)
    page = reverse("subscription", args=[asked["id"]])
    for path in (page, reverse("request", args=[asked["request"]])):
        assert browser.get(path).status_code == 200, path
    flow.approve(asked["request"])
    workers_bring_everything_up()
    answer = browser.get(page)
    assert answer.status_code == 200
    assert "reserve-user" not in answer.content.decode()  # parts have names that a town understands
