"""What workers do for requests: plans, the end of the work, repairs; and that every wait has a told reason."""

from datetime import timedelta
from typing import Any

import pytest

from elaastic import receivers
from elaastic.levels import level1
from elaastic.models import Decision, Request, RequestKind, RequestState, Subscription, request_state
from elaastic.selectors.subscriptions import overview
from elaastic.services import placing, planning
from provisioning.domain.conditions import State
from provisioning.domain.errors import ProvisioningRefused, StackBusy
from provisioning.models import CapacityRow, Plan, Stack
from provisioning.selectors.stacks import plan as plan_view
from provisioning.services import stacks as provisioning_stacks
from provisioning.services import sweep
from provisioning.signals import stack_moved
from tests.elaastic.region import SITE_GIB, SITES, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Town, used


def test_a_plan_shows_everything_that_will_be_made_and_where(town: Town) -> None:
    request = town.planned(quota_gib=100, copies=2)
    assert request_state(request) == RequestState.AWAITING_DECISION
    plan = plan_view(request.plan_id or 0)
    assert plan is not None
    assert (plan.digest, plan.unseen) == (request.plan_digest, [])
    assert {(change["action"], change["kind"]) for change in plan.changes} == {
        ("create", "ceph.user"),
        ("create", "ceph.key"),
        ("create", "ceph.bucket"),
    }
    assert [need["site"] for need in plan.needs] == list(SITES[:2])
    assert used() == dict.fromkeys(SITES, 0), "a plan holds nothing"


def test_a_plan_is_made_once_however_often_the_bell_rings(town: Town) -> None:
    request = town.planned()
    for _ring in range(3):
        planning.make_plan(request.pk)
    assert Plan.objects.count() == 1


def test_what_fits_nowhere_is_told_and_tried_again_until_it_fits(town: Town) -> None:
    CapacityRow.objects.filter(site=SITES[0]).update(used=SITE_GIB)
    request = town.planned()
    assert (request_state(request), request.planning_problem) == (RequestState.PLANNING, "NoRoom")
    assert request.plan_due is not None
    assert request.plan_due - request.created_at > timedelta(minutes=4)
    town.wait(minutes=6)
    planning.tick()
    request.refresh_from_db()
    assert request.planning_problem == "NoRoom"
    CapacityRow.objects.filter(site=SITES[0]).update(used=0)
    town.wait(minutes=6)
    planning.tick()
    request.refresh_from_db()
    assert request_state(request) == RequestState.AWAITING_DECISION
    assert (request.planning_problem, request.planning_message) == ("", "")
    town.approve(request)


@pytest.mark.parametrize(
    ("error", "problem", "message"),
    [
        (StackBusy("Work is under way."), "StackBusy", "Work is under way."),
        (ProvisioningRefused("There is no such platform."), "Refused", "There is no such platform."),
        (ZeroDivisionError("a defect"), "Refused", planning._UNFORESEEN),
    ],
    ids=["busy", "refused", "a defect of ours"],
)
def test_a_plan_that_cannot_be_made_says_why_and_when_it_is_tried_again(
    town: Town, monkeypatch: pytest.MonkeyPatch, error: Exception, problem: str, message: str
) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(provisioning_stacks, "propose_plan", refuse)
        request = town.planned()
    assert (request_state(request), request.planning_problem) == (RequestState.PLANNING, problem)
    assert request.planning_message == message
    assert request.plan_due is not None
    town.wait(minutes=6)
    planning.tick()
    request.refresh_from_db()
    assert request_state(request) == RequestState.AWAITING_DECISION


def test_one_request_that_cannot_be_planned_holds_up_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = town.asked(quota_gib=13), town.asked("stranger", authority=town.world.other)
    real = level1.LEVEL1.storage
    assert real is not None

    def refuse_thirteen(terms: Any) -> Any:
        assert terms["quota_gib"] != 13
        return real(terms)

    monkeypatch.setattr(placing, "LEVELS", {1: _with(storage=refuse_thirteen)})
    planning.tick()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.planning_problem, request_state(good)) == ("Refused", RequestState.AWAITING_DECISION)


def _with(**changed: Any) -> Any:
    return type(level1.LEVEL1)(**{**vars(level1.LEVEL1), **changed})


def test_a_worker_that_dies_over_a_plan_leaves_it_due(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    request = town.asked()

    def killed(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(provisioning_stacks, "propose_plan", killed)
        with pytest.raises(KeyboardInterrupt):
            planning.make_plan(request.pk)
    request.refresh_from_db()
    assert request.plan_due is not None
    assert request.plan_due - request.created_at < timedelta(minutes=1)
    town.wait(minutes=6)
    planning.tick()
    request.refresh_from_db()
    assert request_state(request) == RequestState.AWAITING_DECISION


def test_what_was_decided_gets_no_plan(town: Town) -> None:
    request = town.asked()
    town.withdraw(request)
    planning.make_plan(request.pk)
    planning.make_plan(request.pk + 1000)
    request.refresh_from_db()
    assert (request.plan_id, Plan.objects.count()) == (None, 0)


def test_when_all_stands_the_subscription_is_active_and_the_request_done(town: Town) -> None:
    subscription = town.active()
    request = subscription.requests.get()
    assert subscription.activated_at is not None
    assert request_state(request) == RequestState.APPLIED
    assert overview(subscription).state == "active"


def test_a_lost_signal_costs_a_tick_and_no_activation(town: Town) -> None:
    stack_moved.disconnect(receivers.notice)
    try:
        request = town.approved()
        while due := sweep.due_stacks():
            sweep.reconcile_stack(due[0])
        waiting = Subscription.objects.get(pk=request.subscription_id)
        assert (waiting.activated_at, overview(waiting).state) == (None, "provisioning")
        planning.tick()
    finally:
        stack_moved.connect(receivers.notice)
    done = Subscription.objects.get(pk=request.subscription_id)
    assert (overview(done).state, request_state(done.requests.get())) == ("active", RequestState.APPLIED)


def test_activation_is_set_once(town: Town) -> None:
    first = town.active().activated_at
    planning.settle()
    workers_bring_everything_up()
    assert Subscription.objects.get().activated_at == first


def test_however_many_do_not_come_to_rest_one_that_does_is_noticed(town: Town) -> None:
    """The oldest stands, and two hundred newer ones wait."""
    subscription = town.active()
    Subscription.objects.update(activated_at=None)
    approved = {"level": 1, "approved_at": subscription.approved_at, "ended_at": subscription.approved_at}
    Subscription.objects.bulk_create(Subscription(authority=town.world.other, **approved) for _ in range(210))
    planning.settle()
    subscription.refresh_from_db()
    assert subscription.activated_at is not None


def test_a_yes_that_comes_while_the_end_is_noticed_is_not_taken_for_done(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = town.active()
    later = Request.objects.create(subscription=subscription, kind=RequestKind.REPAIR, level=1, terms={})
    Subscription.objects.update(activated_at=None)
    look = planning.stacks

    def approved_meanwhile(keys: Any) -> Any:
        found = look(keys)
        Request.objects.filter(pk=later.pk).update(
            decision=Decision.APPROVED, decided_by=town.world["approver"].user
        )
        return found

    monkeypatch.setattr(planning, "stacks", approved_meanwhile)
    planning.settle()
    later.refresh_from_db()
    assert request_state(later) == RequestState.APPROVED


# -- repairs -----------------------------------------------------------------------------------------------------


def drifted(town: Town) -> Subscription:
    """An archive's bucket is gone, and two looks said so."""
    subscription = town.active()
    town.vanish(subscription, "archive-backup")
    town.wait(minutes=20)
    town.wait(minutes=1)
    assert Stack.objects.get().state == State.DRIFTED
    return subscription


def test_drift_opens_one_repair_request_whoever_looks_how_often(town: Town) -> None:
    subscription = drifted(town)
    for _tick in range(3):
        planning.tick()
    repair = subscription.requests.get(kind=RequestKind.REPAIR)
    assert (repair.requested_by, repair.terms) == (None, subscription.terms)
    assert request_state(repair) == RequestState.AWAITING_DECISION


def test_a_repairs_plan_names_what_vanished_and_says_that_it_will_be_empty(town: Town) -> None:
    drifted(town)
    planning.tick()
    plan = plan_view(Request.objects.get(kind=RequestKind.REPAIR).plan_id or 0)
    assert plan is not None
    assert [(change["name"], change["action"]) for change in plan.changes] == [("archive-backup", "recreate")]
    assert "empty" in plan.changes[0]["reason"]


def test_an_approved_repair_brings_the_stack_back_and_holds_no_more_than_before(town: Town) -> None:
    subscription = drifted(town)
    planning.tick()
    before = used()
    repair = Request.objects.get(kind=RequestKind.REPAIR)
    assert overview(subscription).state == "active"
    town.approve(repair)
    for _look in range(2):  # once more it is looked twice whether the archive is really gone
        town.wait(minutes=1)
    assert Stack.objects.get().state == State.READY
    repair.refresh_from_db()
    assert request_state(repair) == RequestState.APPLIED
    assert used() == before
    planning.tick()
    assert Request.objects.filter(decision="").count() == 0


def test_a_refused_repair_is_asked_for_again_after_a_day_and_not_before(town: Town) -> None:
    drifted(town)
    planning.tick()
    refused = Request.objects.get(kind=RequestKind.REPAIR)
    town.reject(refused, note="The archive was emptied on purpose.")
    planning.tick()
    assert Request.objects.filter(kind=RequestKind.REPAIR).count() == 1
    assert Subscription.objects.get().closed_at is None, "a no to a repair ends no subscription"
    town.wait(hours=25)
    planning.tick()
    assert Request.objects.filter(kind=RequestKind.REPAIR, decision="").count() == 1


def test_what_is_over_is_not_repaired(town: Town) -> None:
    subscription = drifted(town)
    Request.objects.filter(kind=RequestKind.REPAIR).delete()
    Subscription.objects.filter(pk=subscription.pk).update(ended_at=subscription.created_at)
    planning.tick()
    assert not Request.objects.filter(kind=RequestKind.REPAIR).exists()


def test_plans_are_made_for_all_who_wait(town: Town) -> None:
    requests = [town.asked(), town.asked("stranger", authority=town.world.other)]
    workers_make_plans()
    for request in requests:
        request.refresh_from_db()
    assert {request_state(request) for request in requests} == {RequestState.AWAITING_DECISION}
    assert len({request.plan_digest for request in requests}) == 2
