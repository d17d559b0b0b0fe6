"""Asking, and taking it back: who may, what is refused, what is left behind."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from elaastic.models import Decision, Request, RequestKind, Subscription
from elaastic.models.errors import AuthorityNotVerified, RequestClosed, SubscriptionExists
from elaastic.services.asking import request_subscription
from elaastic.services.changing import change_terms, leave
from tenants.models.errors import Forbidden, Invalid
from tenants.services import audit
from tenants.services.authorities import resume_authority, suspend_authority
from tests.elaastic.region import workers_make_plans
from tests.elaastic.services.town import TERMS, Town, acts, stored


def test_an_ask_freezes_its_terms_and_is_in_the_trail(town: Town) -> None:
    asked = town.asked(quota_gib=7)
    assert asked.terms == {**TERMS, "quota_gib": 7, "protocols": ["s3"], "immutability": "none"}
    assert asked.subscription.terms == asked.terms
    assert (asked.kind, asked.decision, asked.requested_by) == ("start", "", town.world["owner"].user)
    assert asked.plan_due is not None
    assert acts() == ["subscription.start_requested"]


@pytest.mark.parametrize(
    "who", ["viewer", "stranger", "nobody", "operator", "approver", "auditor", "administrator"]
)
def test_who_does_not_act_for_the_authority_cannot_ask(town: Town, who: str) -> None:
    before = stored()
    with pytest.raises(Forbidden):
        town.asked(who)
    assert stored() == before


def test_the_regions_service_account_asks_for_any_authority(town: Town) -> None:
    assert town.asked("onboarding").requested_by == town.world["onboarding"].user


def test_a_token_for_one_authority_does_not_ask_for_another(town: Town) -> None:
    with pytest.raises(Forbidden):
        town.asked("narrowed_token", authority=town.world.other)


def test_an_authority_that_was_not_verified_waits(town: Town) -> None:
    before = stored()
    with pytest.raises(AuthorityNotVerified):
        town.asked("onboarding", authority=town.world.pending)
    assert stored() == before


def test_a_suspended_authority_asks_for_nothing(town: Town) -> None:
    suspended = suspend_authority(
        authority=town.world.home, reason="A closed mandate.", by=town.world["operator"].actor
    )
    before = stored()
    with pytest.raises(AuthorityNotVerified):
        town.asked(authority=suspended)
    assert stored() == before


def test_a_second_ask_names_the_subscription_that_is_there(town: Town) -> None:
    first = town.asked()
    before = stored()
    with pytest.raises(SubscriptionExists) as refused:
        town.asked(quota_gib=5)
    assert refused.value.extra == {"subscription": str(first.subscription.public_id)}
    assert stored() == before


def test_wrong_terms_leave_nothing(town: Town) -> None:
    before = stored()
    with pytest.raises(Invalid):
        town.asked(quota_gib=-1)
    assert stored() == before


def test_a_reference_that_is_too_long_is_refused_at_its_field(town: Town) -> None:
    words: dict[str, Any] = {"authority": town.world.home, "level": 1, "terms": TERMS}
    with pytest.raises(Invalid) as refused:
        request_subscription(**words, by=town.world["owner"].actor, external_ref="x" * 101)
    assert refused.value.errors.keys() == {"external_ref"}


def test_an_ask_whose_trail_cannot_be_written_did_not_happen(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> None:
        raise OSError("no space left")

    before = stored()
    monkeypatch.setattr(audit, "record", full)
    with pytest.raises(OSError, match="no space left"):
        town.asked()
    assert stored() == before


def test_taking_it_back_frees_the_authoritys_place(town: Town) -> None:
    first = town.planned()
    town.withdraw(first)
    first.refresh_from_db()
    assert (first.decision, first.plan_due) == (Decision.WITHDRAWN, None)
    second = town.asked()
    assert second.subscription_id != first.subscription_id
    assert Subscription.objects.get(pk=first.subscription_id).closed_at is not None
    assert acts() == ["subscription.start_requested", "request.withdrawn", "subscription.start_requested"]


@pytest.mark.parametrize("who", ["viewer", "stranger", "operator", "approver", "auditor"])
def test_only_who_acts_for_the_authority_takes_it_back(town: Town, who: str) -> None:
    asked = town.asked()
    before = stored()
    with pytest.raises(Forbidden):
        town.withdraw(asked, who)
    assert stored() == before


def test_what_was_decided_cannot_be_taken_back(town: Town) -> None:
    approved = town.approved()
    before = stored()
    with pytest.raises(RequestClosed):
        town.withdraw(approved)
    assert stored() == before


def test_a_repair_that_the_portal_asked_for_is_not_the_authoritys_to_take_back(town: Town) -> None:
    subscription = town.active()
    repair = Request.objects.create(subscription=subscription, kind=RequestKind.REPAIR, level=1, terms={})
    with pytest.raises(Forbidden):
        town.withdraw(repair)
    repair.refresh_from_db()
    assert repair.decision == Decision.OPEN


def test_the_database_itself_keeps_one_live_subscription_an_authority(town: Town) -> None:
    town.asked()
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(authority=town.world.home, level=1)


def test_the_database_itself_keeps_one_open_request_a_subscription(town: Town) -> None:
    asked = town.asked()
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.create(subscription=asked.subscription, level=1, terms={})


def test_a_suspended_authority_gets_nothing_new_and_keeps_all_that_it_has(town: Town) -> None:
    row, by = town.active(), town.world["owner"].actor
    asked = change_terms(subscription=row, terms={**TERMS, "quota_gib": 200}, by=by)
    workers_make_plans()
    asked.refresh_from_db()
    suspend_authority(authority=town.world.home, reason="Manca la firma.", by=town.world["operator"].actor)
    before = stored()
    with pytest.raises(AuthorityNotVerified) as refused:
        town.approve(asked)
    assert "sospeso" in str(refused.value.detail)
    assert stored() == before
    town.withdraw(asked)
    row = Subscription.objects.get(pk=row.pk)
    with pytest.raises(AuthorityNotVerified):
        change_terms(subscription=row, terms={**TERMS, "quota_gib": 200}, by=by)
    leave(subscription=row, by=by)
    resume_authority(authority=town.world.home, by=town.world["operator"].actor)
    town.withdraw(row.requests.get(decision=""))
    change_terms(subscription=Subscription.objects.get(pk=row.pk), terms={**TERMS, "quota_gib": 200}, by=by)
