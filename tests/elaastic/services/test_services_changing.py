"""Other terms, a pause, an end, the deletion of what was kept, new keys: who may, when, what stands then."""

from typing import Any

import pytest

from elaastic.levels import Mode
from elaastic.models import Decision, Request, RequestKind, Subscription, SubscriptionState
from elaastic.models.errors import NothingChanges, NotInForce, RequestOpen, StillKept
from elaastic.selectors.subscriptions import credentials, overview
from elaastic.services import changing, keys, planning
from elaastic.services.collecting import reveal_credential
from elaastic.usage import Usage
from provisioning.models import Plan, Resource, StoredSecret
from provisioning.services import upkeep
from tenants.models.errors import Forbidden, Invalid, StaleVersion
from tests.elaastic.region import SITES, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import TERMS, Town, acts, stored, used


def changed(town: Town, row: Subscription, **terms: Any) -> Request:
    return changing.change_terms(subscription=row, terms={**row.terms, **terms}, by=town.world["owner"].actor)


def carried_out(town: Town, request: Request) -> Subscription:
    """Planned, approved and done."""
    workers_make_plans()
    request.refresh_from_db()
    town.approve(request)
    return settled(town, request)


def settled(town: Town, request: Request) -> Subscription:
    workers_bring_everything_up()
    for _look in range(6):  # what goes, goes in the order of its needs, each after a second look
        town.wait(seconds=60)
    upkeep.release_surplus()
    return Subscription.objects.get(pk=request.subscription_id)


def worked(town: Town, request: Request) -> Subscription:
    """What one person may do alone: nobody approves."""
    planning.tick()
    request.refresh_from_db()
    assert request.decision == Decision.APPROVED, (request.planning_problem, request.decision)
    return settled(town, request)


def state(row: Subscription) -> str:
    return overview(Subscription.objects.get(pk=row.pk)).state


def rows(row: Subscription) -> dict[str, str]:
    return dict(Resource.objects.filter(stack__key=row.stack_key).values_list("name", "state"))


# -- terms -----------------------------------------------------------------------------------------------------
def test_more_space_is_a_plan_of_one_change_and_the_rest_stays(town: Town) -> None:
    row = town.active()
    request = changed(town, row, quota_gib=150)
    workers_make_plans()
    request.refresh_from_db()
    plan = Plan.objects.get(pk=request.plan_id)
    assert [(c["name"], c["action"], list(c["after"])) for c in plan.changes] == [
        ("owner", "update", ["quota_bytes"])
    ]
    row = carried_out(town, request)
    assert row.terms["quota_gib"] == 150
    assert used() == dict.fromkeys(SITES, 150)
    assert Request.objects.get(pk=request.pk).applied_at is not None


def test_less_space_is_given_back_once_it_stands(town: Town) -> None:
    row = town.active()
    carried_out(town, changed(town, row, quota_gib=40))
    assert used() == dict.fromkeys(SITES, 40)


def test_less_space_than_is_used_is_refused_with_the_figure(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    row = town.active()
    used = Usage(held_bytes=60 * 2**30, quota_bytes=100 * 2**30, retention_days=30, at=None)
    monkeypatch.setattr(changing, "usage_of", lambda subscription: used)
    before = stored()
    with pytest.raises(Invalid) as refused:
        changed(town, row, quota_gib=50)
    assert "60.0 GiB" in str(refused.value.errors["terms.quota_gib"][0])
    assert stored() == before


def test_a_new_archive_comes_beside_the_old_with_a_lock_of_its_own(town: Town) -> None:
    row = town.active()
    locked = {"name": "protocollo", "expected_interval_hours": 24, "immutability": "compliance"}
    row = carried_out(town, changed(town, row, archives=[*row.terms["archives"], locked]))
    archives = Resource.objects.filter(stack__key=row.stack_key, kind="ceph.bucket")
    specs = dict(archives.values_list("name", "spec__immutability"))
    assert specs == {"archive-backup": "none", "archive-protocollo": "compliance"}


def test_an_archive_that_is_left_out_is_kept_and_can_be_wanted_again(town: Town) -> None:
    two = [*TERMS["archives"], {"name": "protocollo", "expected_interval_hours": 24}]
    row = town.active(archives=two)
    row = carried_out(town, changed(town, row, archives=TERMS["archives"]))
    assert rows(row)["archive-protocollo"] == "retained"
    row = carried_out(town, changed(town, row, archives=two))
    assert rows(row)["archive-protocollo"] == "ready"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"retention_days": 10}, "terms.retention_days"),
        ({"immutability": "none"}, "terms.archives.0.immutability"),
        ({"immutability": "compliance"}, "terms.archives.0.immutability"),
        ({"copies": 2}, "terms.copies"),
        ({"quota_gib": 0}, "terms.quota_gib"),
        ({"archives": []}, "terms.archives"),
    ],
)
def test_what_was_promised_is_not_taken_back(town: Town, terms: dict[str, Any], field: str) -> None:
    row = town.active(immutability="governance")
    before = stored()
    with pytest.raises(Invalid) as refused:
        changed(town, row, **terms)
    assert field in refused.value.errors
    assert stored() == before


def test_what_is_not_locked_may_be_kept_for_less_long(town: Town) -> None:
    row = town.active()
    assert carried_out(town, changed(town, row, retention_days=10)).terms["retention_days"] == 10


def test_the_same_terms_are_no_change(town: Town) -> None:
    row = town.active()
    with pytest.raises(NothingChanges):
        changed(town, row)


def test_one_open_request_at_a_time(town: Town) -> None:
    row = town.active()
    changed(town, row, quota_gib=150)
    with pytest.raises(RequestOpen):
        changing.leave(subscription=row, by=town.world["owner"].actor)


@pytest.mark.parametrize("who", ["viewer", "stranger", "nobody", "operator", "approver", "auditor"])
def test_only_who_acts_for_the_authority_changes_and_leaves(town: Town, who: str) -> None:
    row = town.active()
    before, by = stored(), town.world[who].actor
    with pytest.raises(Forbidden):
        changing.change_terms(subscription=row, terms={**row.terms, "quota_gib": 150}, by=by)
    with pytest.raises(Forbidden):
        changing.leave(subscription=row, by=by)
    with pytest.raises(Forbidden):
        changing.purge(subscription=row, by=by)
    assert stored() == before


def test_nothing_changes_before_it_stands(town: Town) -> None:
    row = town.approved().subscription
    with pytest.raises(NotInForce):
        changed(town, row, quota_gib=150)


def test_a_change_that_is_refused_leaves_everything_as_it_was(town: Town) -> None:
    row = town.active()
    request = changed(town, row, quota_gib=150)
    workers_make_plans()
    town.reject(request)
    assert Subscription.objects.get(pk=row.pk).terms == row.terms
    assert used() == dict.fromkeys(SITES, 100)


# -- leaving ---------------------------------------------------------------------------------------------------
def left(town: Town) -> Subscription:
    row = town.active()
    return carried_out(town, changing.leave(subscription=row, by=town.world["owner"].actor))


def test_who_leaves_writes_no_more_and_can_restore(town: Town) -> None:
    row = left(town)
    assert state(row) == SubscriptionState.LEAVING
    found = rows(row)
    assert found["archive-backup"] == found["restore-key"] == found["owner"] == "retained"
    assert found["writer-key"] == found["probe-key"] == "gone"
    assert row.kept_until is not None and row.leave_requested_at is not None
    assert (row.kept_until - row.leave_requested_at).days == 30
    assert used() == dict.fromkeys(SITES, 100), "what is kept takes its room"


def test_nothing_is_deleted_before_its_date_and_all_of_it_after_a_second_yes(town: Town) -> None:
    row, by = left(town), town.world["owner"].actor
    with pytest.raises(StillKept):
        changing.purge(subscription=row, by=by)
    town.wait(days=31)
    assert rows(row)["archive-backup"] == "retained", "time alone deletes nothing"
    request = changing.purge(subscription=Subscription.objects.get(pk=row.pk), by=by)
    row = carried_out(town, request)
    assert set(rows(row).values()) == {"gone"}
    assert state(row) == SubscriptionState.ENDED
    assert used() == dict.fromkeys(SITES, 0)
    assert acts()[-2:] == ["subscription.purge_requested", "request.approved"]


def test_after_the_end_the_authority_may_begin_anew(town: Town) -> None:
    row = left(town)
    town.wait(days=31)
    carried_out(
        town, changing.purge(subscription=Subscription.objects.get(pk=row.pk), by=town.world["owner"].actor)
    )
    again = town.active()
    assert again.pk != row.pk
    assert again.stack_key != row.stack_key


# -- a pause ---------------------------------------------------------------------------------------------------
def test_an_operator_stops_writing_alone_and_lets_it_go_on(town: Town) -> None:
    row, operator = town.active(), town.world["operator"].actor
    row = worked(town, changing.suspend(subscription=row, by=operator))
    assert state(row) == SubscriptionState.SUSPENDED
    suspended = dict(
        Resource.objects.filter(stack__key=row.stack_key, kind="ceph.user").values_list("name", "seen__suspended")
    )
    assert suspended == {"owner": False, "writer": True, "restore": False, "probe": False}
    row = worked(town, changing.resume(subscription=row, by=operator))
    assert state(row) == SubscriptionState.ACTIVE


@pytest.mark.parametrize("who", ["owner", "approver", "auditor", "stranger"])
def test_nobody_else_suspends(town: Town, who: str) -> None:
    row = town.active()
    with pytest.raises(Forbidden):
        changing.suspend(subscription=row, by=town.world[who].actor)


def test_who_suspends_a_moment_after_another_reads_again(town: Town) -> None:
    row = town.active()
    as_seen_by_both = [Subscription.objects.get(pk=row.pk) for _ in range(2)]
    by = town.world["operator"].actor
    worked(town, changing.suspend(subscription=as_seen_by_both[0], by=by))
    with pytest.raises(StaleVersion):
        changing.suspend(subscription=as_seen_by_both[1], by=by)
    assert Request.objects.filter(subscription=row, kind="suspend").count() == 1


def test_what_else_moved_makes_it_an_approvers_matter(town: Town) -> None:
    row = town.active()
    request = changing.suspend(subscription=row, by=town.world["operator"].actor)
    town.vanish(row, "archive-backup")
    planning.tick()
    request.refresh_from_db()
    assert (request.decision, request.planning_problem) == ("", "NeedsApprover")
    town.approve(request)
    assert Subscription.objects.get(pk=row.pk).suspended_at is not None


# -- keys ------------------------------------------------------------------------------------------------------
def test_a_second_key_stands_beside_the_first_for_a_week(town: Town) -> None:
    row, by = town.active(), town.world["owner"].actor
    reveal_credential(subscription=row, name="writer", by=by)
    row = worked(town, keys.rotate(subscription=row, name="writer", by=by))
    assert (rows(row)["writer-key"], rows(row)["writer-key-2"]) == ("ready", "ready")
    writer = credentials(row)[0]
    assert (writer.secret_shown, writer.former_until) == (False, row.keys_until)
    assert reveal_credential(subscription=row, name="writer", by=by).access_key.reveal() == writer.access_key
    town.wait(days=8)
    planning.tick()  # asks
    planning.tick()  # plans, and carries out
    row = settled(town, row.requests.latest("id"))
    assert rows(row)["writer-key"] == "gone"
    assert rows(row)["writer-key-2"] == "ready"
    assert (row.keys_until, Mode.parse(row.mode).serials("writer")) == (None, (2,))


@pytest.mark.parametrize("name", ["writer", "restore"])
def test_a_leaked_key_ends_now(town: Town, name: str) -> None:
    row = town.active()
    row = worked(town, keys.revoke(subscription=row, name=name, by=town.world["operator"].actor))
    found = rows(row)
    assert (found[f"{name}-key"], found[f"{name}-key-2"]) == ("gone", "ready")
    assert found["owner-key"] == "ready"


def test_keys_live_through_a_change_and_a_repair(town: Town) -> None:
    row, by = town.active(), town.world["owner"].actor
    row = worked(town, keys.rotate(subscription=row, name="writer", by=by))
    row = carried_out(town, changed(town, row, quota_gib=150))
    assert (rows(row)["writer-key"], rows(row)["writer-key-2"]) == ("ready", "ready")
    row = worked(town, keys.revoke(subscription=row, name="writer", by=by))
    found = rows(row)
    assert [found[f"writer-key{n}"] for n in ("", "-2", "-3")] == ["gone", "gone", "ready"]
    assert StoredSecret.objects.filter(resource__name="writer-key-3").exists()


def test_the_requests_kinds_fit_their_column() -> None:
    assert max(len(kind) for kind in RequestKind.values) <= 10
