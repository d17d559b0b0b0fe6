"""An archive with other copies beside the old one: where it goes, what it holds, and that nothing is oversold."""

import random
from typing import Any

import pytest

from elaastic.models import Request, Subscription
from elaastic.models.errors import CapacityExhausted, PlanStale
from elaastic.selectors.copies import copies_of_archives
from elaastic.selectors.inventory import inventory
from elaastic.services import changing
from provisioning.domain.manifest import Placement
from provisioning.models import CapacityRow, Reservation, Resource
from provisioning.selectors.capacity import choose_storage
from provisioning.selectors.stacks import plan as plan_view
from provisioning.services import capacity
from tenants.models.errors import Invalid
from tests.elaastic.region import (
    SITE_GIB,
    SITES,
    workers_bring_everything_up,
    workers_make_plans,
    write_region_file,
)
from tests.elaastic.services.test_services_changing import carried_out, changed
from tests.elaastic.services.town import Town, stored, used

BACKUP = {"name": "backup", "expected_interval_hours": 24}
FOTO = {"name": "foto", "expected_interval_hours": 168}


def targets(row: Subscription) -> dict[str, str]:
    found = Resource.objects.filter(stack__key=row.stack_key, kind="ceph.bucket")
    return dict(found.values_list("name", "seen__placement_target"))


def where(row: Subscription) -> dict[str, tuple[int, bool, list[str]]]:
    found = copies_of_archives(Subscription.objects.get(pk=row.pk))
    return {one.name: (one.copies, one.in_terms, [place.site.code for place in one.sites]) for one in found}


def balanced() -> bool:
    """Every row says what its reservations say, and no row more than it has."""
    held: dict[int, int] = {}
    for row_id, amount in Reservation.objects.values_list("row_id", "amount"):
        held[row_id] = held.get(row_id, 0) + amount
    return all(held.get(row.pk, 0) == row.used <= row.total for row in CapacityRow.objects.all())


def test_fewer_copies_beside_many_take_no_more_room(town: Town) -> None:
    row = town.active()
    request = changed(town, row, archives=[BACKUP, {**FOTO, "copies": 2}])
    workers_make_plans()
    request.refresh_from_db()
    plan = plan_view(request.plan_id or 0)
    assert plan is not None
    made = {c["name"]: (c["action"], c["after"].get("placement_target")) for c in plan.changes}
    assert made == {"archive-foto": ("create", "two"), "owner": ("update", None)}
    row = carried_out(town, request)
    assert targets(row) == {"archive-backup": "three", "archive-foto": "two"}
    assert used() == dict.fromkeys(SITES, 100)
    assert balanced()
    assert where(row) == {"backup": (3, True, list(SITES)), "foto": (2, True, list(SITES[:2]))}


def test_more_copies_beside_few_hold_the_whole_space_on_the_third_site_too(town: Town) -> None:
    row = town.active(copies=2)
    assert used() == {SITES[0]: 100, SITES[1]: 100, SITES[2]: 0}
    row = carried_out(town, changed(town, row, archives=[BACKUP, {**FOTO, "copies": 3}]))
    assert targets(row) == {"archive-backup": "two", "archive-foto": "three"}
    assert used() == dict.fromkeys(SITES, 100)
    assert row.placement["target"] == "two", "the placement keeps its name, and the door its place"
    row = carried_out(town, changed(town, row, archives=[BACKUP]))
    assert used() == dict.fromkeys(SITES, 100), "what was given up is kept, and keeps its room"
    assert where(row)["foto"] == (3, False, list(SITES))
    assert {one.name: len(one.where) for one in inventory(row) if one.kind == "archive"} == {"backup": 2, "foto": 3}
    assert balanced()


def test_two_numbers_can_be_asked_for_from_the_first_day(town: Town) -> None:
    row = town.active(copies=2, archives=[BACKUP, {**FOTO, "copies": 3}])
    assert targets(row) == {"archive-backup": "two", "archive-foto": "three"}
    assert used() == dict.fromkeys(SITES, 100)


def test_whoever_says_it_of_every_archive_holds_no_more_than_that(town: Town) -> None:
    row = town.active(copies=3, archives=[{**BACKUP, "copies": 2}])
    assert targets(row) == {"archive-backup": "two"}
    assert used() == {SITES[0]: 100, SITES[1]: 100, SITES[2]: 0}


def test_copies_that_fit_nowhere_wait_and_nothing_is_held_for_them(town: Town) -> None:
    row = town.active(copies=2)
    CapacityRow.objects.filter(site=SITES[2]).update(total=99)
    request = changed(town, row, archives=[BACKUP, {**FOTO, "copies": 3}])
    workers_make_plans()
    request.refresh_from_db()
    assert request.planning_problem == "NoRoom"
    assert used() == {SITES[0]: 100, SITES[1]: 100, SITES[2]: 0}


def test_a_site_that_filled_up_since_the_plan_refuses_the_yes(town: Town) -> None:
    row = town.active(copies=2)
    request = changed(town, row, archives=[BACKUP, {**FOTO, "copies": 3}])
    workers_make_plans()
    request.refresh_from_db()
    CapacityRow.objects.filter(site=SITES[2]).update(total=99)
    before = stored()
    with pytest.raises(CapacityExhausted, match=SITES[2]):
        town.approve(request)
    assert stored() == before


@pytest.mark.parametrize(
    ("archive", "field"),
    [
        ({**BACKUP, "copies": 2}, "terms.archives.0.copies"),
        ({**BACKUP, "copies": 1}, "terms.archives.0.copies"),
    ],
)
def test_an_archive_keeps_its_copies(town: Town, archive: dict[str, Any], field: str) -> None:
    row = town.active()
    before = stored()
    with pytest.raises(Invalid) as refused:
        changed(town, row, archives=[archive])
    assert set(refused.value.errors) == {field}
    assert stored() == before


@pytest.mark.parametrize(
    ("given", "field"),
    [({"copies": 3}, "copies"), ({}, "copies"), ({"immutability": "governance"}, "immutability")],
)
def test_an_archive_that_was_given_up_comes_back_as_it_was_or_not_at_all(
    town: Town, given: dict[str, Any], field: str
) -> None:
    row = town.active(archives=[BACKUP, {**FOTO, "copies": 2}])
    row = carried_out(town, changed(town, row, archives=[BACKUP]))
    before = stored()
    with pytest.raises(Invalid) as refused:
        changed(town, row, archives=[BACKUP, {**FOTO, **({"copies": 2} if field != "copies" else {}), **given}])
    assert f"terms.archives.1.{field}" in refused.value.errors
    assert stored() == before
    row = carried_out(town, changed(town, row, archives=[BACKUP, {**FOTO, "copies": 2}]))
    assert where(row)["foto"] == (2, True, list(SITES[:2]))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_added_given_up_enlarged_and_ended_the_books_are_right(town: Town, seed: int) -> None:
    dice = random.Random(seed)
    row = town.active(copies=dice.choice([2, 3]))
    held = {archive["name"]: archive for archive in row.terms["archives"]}
    known = dict(held)
    for number in range(4):
        new = {"name": f"more-{number}", "expected_interval_hours": 24, "copies": dice.choice([2, 3])}
        known[new["name"]] = new
        chosen = [new, *(archive for archive in known.values() if archive is not new and dice.random() < 0.6)]
        row = carried_out(town, changed(town, row, archives=chosen, quota_gib=dice.randint(50, 400)))
        placement = Placement.parse(row.placement)
        assert used() == {site: row.terms["quota_gib"] if site in placement.sites else 0 for site in SITES}
        assert balanced()
        assert {s for _n, _in, sites in where(row).values() for s in sites} == set(placement.sites)
    row = carried_out(town, changing.leave(subscription=row, by=town.world["owner"].actor))
    assert balanced()
    town.wait(days=row.terms["retention_days"] + 1)
    row = Subscription.objects.get(pk=row.pk)
    carried_out(town, changing.purge(subscription=row, by=town.world["owner"].actor))
    assert used() == dict.fromkeys(SITES, 0)
    assert not Reservation.objects.exists()


# -- the choice ------------------------------------------------------------------------------------------------
def two_platforms(town: Town, tmp_path: Any, settings: Any) -> None:
    """The region's platform, and beside it one that has a smaller target alone, with far more room."""
    small = {
        "id": "ceph-small", "provider": "ceph", "sites": list(SITES), "endpoints": {"api": "http://127.0.0.1:1"},
        "queue": "ceph", "totals_by_site": {site: {"storage_gib": SITE_GIB * 9} for site in SITES},
        "placement_targets": [
            {"id": "apart", "sites": [SITES[1], SITES[2]], "copies": 2},
        ],
    }  # fmt: skip
    settings.REGION_FILE = write_region_file(tmp_path, small)
    capacity.load_totals()


def test_both_numbers_are_on_one_platform_or_nowhere(town: Town, tmp_path: Any, settings: Any) -> None:
    two_platforms(town, tmp_path, settings)
    two, both = choose_storage([2], 100), choose_storage([2, 3], 100)
    assert two is not None and two.platforms == {"ceph": "ceph-small"}
    assert both is not None and both.platforms == {"ceph": "ceph-test"}
    assert (both.sites, [t.id for t in both.every_target]) == (SITES, ["three", "two"])
    assert choose_storage([2, 3], 100, held=two) is None, "it stays where it lives, and there are no three"


def test_what_stands_stays_where_it_is(town: Town) -> None:
    here = choose_storage([2], 100)
    assert here is not None
    CapacityRow.objects.filter(site=SITES[0]).update(total=0)
    assert choose_storage([2], 100) is None
    assert choose_storage([2], 5000, held=here) == here
    more = choose_storage([2, 3], 100, held=here)
    assert more is not None and (more.target, more.sites) == ("two", SITES)


def test_a_request_of_before_is_planned_where_its_subscription_lives(town: Town) -> None:
    """A placement that an earlier release stored knows one target alone."""
    row = town.active()
    assert set(row.placement) == {"platforms", "target", "sites"}
    request: Request = changed(town, row, archives=[BACKUP, {**FOTO, "copies": 2}])
    workers_make_plans()
    request.refresh_from_db()
    town.approve(request)
    workers_bring_everything_up()
    row.refresh_from_db()
    assert [t["id"] for t in row.placement["targets"]] == ["three", "two"]


def test_what_filled_up_since_is_planned_elsewhere_and_a_new_plan_is_read(
    town: Town, tmp_path: Any, settings: Any
) -> None:
    two_platforms(town, tmp_path, settings)
    request = town.planned(copies=2)
    plan = plan_view(request.plan_id or 0)
    assert plan is not None and plan.placement.target == "apart"
    CapacityRow.objects.filter(platform="ceph-small", site=SITES[1]).update(total=99)
    with pytest.raises(PlanStale):
        town.approve(request)
    assert used_on("ceph-small") == used_on("ceph-test") == dict.fromkeys(SITES, 0)
    workers_make_plans()
    request.refresh_from_db()
    town.approve(request)
    assert used_on("ceph-test") == {SITES[0]: 100, SITES[1]: 100, SITES[2]: 0}
    assert Subscription.objects.get(pk=request.subscription_id).placement["target"] == "two"


def test_what_fits_nowhere_else_is_told_so_and_keeps_its_plan(town: Town) -> None:
    request = town.planned(copies=2)
    CapacityRow.objects.filter(site=SITES[1]).update(total=99)
    before = stored()
    with pytest.raises(CapacityExhausted):
        town.approve(request)
    assert stored() == before


def used_on(platform: str) -> dict[str, int]:
    return dict(CapacityRow.objects.filter(platform=platform).order_by("site").values_list("site", "used"))
