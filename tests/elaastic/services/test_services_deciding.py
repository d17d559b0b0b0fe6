"""The region's yes and no: four eyes, the plan that was shown, capacity that is there, nothing half."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from elaastic.models import Decision, Request, RequestState, Subscription, request_state
from elaastic.models.errors import CapacityExhausted, OwnRequest, PlanNotReady, PlanStale, RequestClosed
from elaastic.services.asking import request_subscription
from provisioning.models import CapacityRow, Plan, Resource, Stack
from provisioning.services import stacks
from tenants.models import Actor, RegionRoleName
from tenants.models.errors import Forbidden, Invalid
from tenants.services import audit
from tenants.services.people import grant_region_role
from tenants.services.service_accounts import open_service_account
from tests.elaastic.region import SITE_GIB, SITES, workers_make_plans
from tests.elaastic.services.town import TERMS, Town, acts, stored, used


def test_a_yes_reserves_what_the_plan_said_and_moves_the_stack(town: Town) -> None:
    request = town.approved(quota_gib=100)
    assert request_state(request) == RequestState.APPROVED
    assert used() == dict.fromkeys(SITES, 100)
    subscription = request.subscription
    assert subscription.approved_at is not None
    assert subscription.placement["sites"] == list(SITES)
    assert Stack.objects.get(key=subscription.stack_key).generation == 1
    assert acts()[-1] == "request.approved"


@pytest.mark.parametrize("who", ["owner", "viewer", "stranger", "nobody", "operator", "auditor"])
def test_who_is_no_approver_decides_nothing(town: Town, who: str) -> None:
    request = town.planned()
    before = stored()
    with pytest.raises(Forbidden):
        town.approve(request, who)
    with pytest.raises(Forbidden):
        town.reject(request, who=who)
    assert stored() == before


def test_nobody_decides_the_own_request(town: Town) -> None:
    """Even who asks for a town and was made an approver of the region."""
    owner = town.world["owner"].user
    assert owner is not None
    grant_region_role(user=owner, role=RegionRoleName.APPROVER, by=town.world["administrator"].actor)
    request = town.planned()
    before = stored()
    for decide in (town.approve, town.reject):
        with pytest.raises(OwnRequest):
            decide(request, who="owner")
    assert stored() == before
    town.approve(request)


def test_the_requester_cannot_approve_even_when_the_service_is_passed_by(town: Town) -> None:
    request = town.planned()
    row = Request.objects.filter(pk=request.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(decision=Decision.APPROVED, decided_by=request.requested_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(decision=Decision.APPROVED)
    assert row.get().decision == Decision.OPEN


def test_before_there_is_a_plan_there_is_nothing_to_approve(town: Town) -> None:
    request = town.asked()
    before = stored()
    with pytest.raises(PlanNotReady):
        town.approve(request, digest="0" * 64)
    assert stored() == before


def test_another_digest_than_the_newest_is_refused_and_nothing_is_stored(town: Town) -> None:
    request = town.planned()
    before = stored()
    with pytest.raises(PlanStale):
        town.approve(request, digest="0" * 64)
    assert stored() == before


def test_when_the_stack_moved_since_the_plan_a_new_plan_is_made_and_can_be_approved(town: Town) -> None:
    request = town.planned()
    Stack.objects.filter(key=request.subscription.stack_key).update(generation=5)
    with pytest.raises(PlanStale):
        town.approve(request)
    request.refresh_from_db()
    assert (request_state(request), used()) == (RequestState.PLANNING, dict.fromkeys(SITES, 0))
    former = request.plan_digest
    workers_make_plans()
    request.refresh_from_db()
    assert request.plan_digest != former
    town.approve(request)
    assert used() == dict.fromkeys(SITES, 100)


def test_a_plan_older_than_a_day_is_made_again(town: Town) -> None:
    request = town.planned()
    plan = Plan.objects.get(pk=request.plan_id)
    Plan.objects.filter(pk=plan.pk).update(created_at=plan.created_at - timedelta(hours=25))
    with pytest.raises(PlanStale):
        town.approve(request)
    workers_make_plans()
    request.refresh_from_db()
    assert request.plan_id != plan.pk
    town.approve(request)


def test_capacity_that_went_meanwhile_refuses_the_yes_and_leaves_nothing_half(town: Town) -> None:
    request = town.planned(quota_gib=100)
    last = CapacityRow.objects.filter(site=SITES[-1])
    last.update(used=SITE_GIB - 99)
    before = stored()
    with pytest.raises(CapacityExhausted) as refused:
        town.approve(request)
    assert stored() == before
    assert "99 storage_gib left" in str(refused.value)
    assert not Resource.objects.exists()
    assert Plan.objects.get(pk=request.plan_id).state == Plan.State.PROPOSED
    last.update(used=SITE_GIB - 100)
    town.approve(request)
    assert used()[SITES[-1]] == SITE_GIB


@pytest.mark.parametrize("note", ["", "  ", "\n"])
def test_a_no_needs_a_reason(town: Town, note: str) -> None:
    request = town.planned()
    before = stored()
    with pytest.raises(Invalid) as refused:
        town.reject(request, note=note)
    assert refused.value.errors.keys() == {"note"}
    assert stored() == before


def test_a_no_closes_the_subscription_and_frees_the_place(town: Town) -> None:
    request = town.planned()
    town.reject(request, note="The pool is for backups of registers.")
    request.refresh_from_db()
    assert (request.decision, request.note) == (Decision.REJECTED, "The pool is for backups of registers.")
    assert Subscription.objects.get(pk=request.subscription_id).closed_at is not None
    assert used() == dict.fromkeys(SITES, 0)
    assert acts()[-1] == "request.rejected"
    town.asked()


@pytest.mark.parametrize("first", ["approve", "reject", "withdraw"])
@pytest.mark.parametrize("second", ["approve", "reject", "withdraw"])
def test_only_the_first_decision_counts(town: Town, first: str, second: str) -> None:
    request = town.planned()
    getattr(town, first)(request)
    before = stored()
    with pytest.raises(RequestClosed):
        getattr(town, second)(request)  # with the row as it was read before the first one
    assert stored() == before


@pytest.mark.parametrize("act", ["approve", "reject", "withdraw"])
def test_a_decision_whose_trail_cannot_be_written_did_not_happen(
    town: Town, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> None:
        raise OSError("no space left")

    request = town.planned()
    before = stored()
    with monkeypatch.context() as patched:
        patched.setattr(audit, "record", full)
        with pytest.raises(OSError, match="no space left"):
            getattr(town, act)(request)
    assert stored() == before
    assert not Resource.objects.exists()
    getattr(town, act)(request)


def test_an_approval_that_provisioning_refuses_for_another_reason_leaves_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = town.planned()
    before = stored()

    def broken(*_: Any) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(stacks.approval, "apply", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        town.approve(request)
    assert stored() == before


def test_whoever_answers_for_a_program_does_not_decide_what_it_asked(town: Town) -> None:
    administrator = town.world["administrator"].actor
    program = open_service_account(name="Onboarding", authority=None, role="", by=administrator)
    asked = request_subscription(authority=town.world.home, level=1, terms=TERMS, by=Actor(program))
    workers_make_plans()
    asked.refresh_from_db()
    with pytest.raises(OwnRequest):
        town.approve(asked, "administrator")
    town.approve(asked, "approver")
