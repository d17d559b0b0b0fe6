"""Question, answer, other terms: whose move it is, what stays, and who may not be both sides at once."""

from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from elaastic.models import Message, Request, RequestState, Subscription, request_state
from elaastic.models.errors import (
    NoCounter,
    NotForTalk,
    NothingAsked,
    NothingChanges,
    OwnRequest,
    PlanNotReady,
    RequestClosed,
)
from elaastic.services import telling
from elaastic.services.talking import accept_counter, answer, ask_information, counter, digest_of
from tenants.models import RegionRoleName
from tenants.models.errors import DomainError, Forbidden, Invalid
from tenants.services.people import add_member, grant_region_role
from tests.elaastic.region import workers_make_plans
from tests.elaastic.services.town import TERMS, Town, acts, stored


def asks(town: Town, request: Request, text: str = "Quante postazioni?", who: str = "approver") -> None:
    ask_information(request=request, text=text, by=town.world[who].actor)
    request.refresh_from_db()


def proposes(town: Town, request: Request, who: str = "approver", **terms: Any) -> None:
    counter(request=request, terms={**request.terms, **terms}, text="Lo spazio è poco.", by=town.world[who].actor)
    request.refresh_from_db()


def accepts(town: Town, request: Request, who: str = "owner", digest: str = "") -> None:
    accept_counter(request=request, counter_digest=digest or digest_of(request), by=town.world[who].actor)
    request.refresh_from_db()


@pytest.mark.parametrize("who", ["approver", "operator"])
def test_a_question_waits_for_the_town_and_its_answer_for_the_region(town: Town, who: str) -> None:
    request = town.planned()
    asks(town, request, who=who)
    assert request_state(request) == RequestState.MORE_INFORMATION
    answer(request=request, text="Dodici.", by=town.world["owner"].actor)
    request.refresh_from_db()
    assert request_state(request) == RequestState.AWAITING_DECISION
    said = [(m.from_region, m.text) for m in Message.objects.all()]
    assert said == [(True, "Quante postazioni?"), (False, "Dodici.")]
    assert acts()[-2:] == ["request.information_asked", "request.answered"]
    town.approve(request)


def test_the_plan_stays_while_words_are_awaited_and_can_be_approved(town: Town) -> None:
    request = town.planned()
    asks(town, request)
    town.approve(request)
    request.refresh_from_db()
    assert (request.decision, request.question_at) == ("approved", None)


@pytest.mark.parametrize(
    ("who", "said"), [("owner", Forbidden), ("auditor", Forbidden), ("viewer", Forbidden), ("nobody", Forbidden)]
)
def test_only_the_region_asks_and_only_the_town_answers(town: Town, who: str, said: type[DomainError]) -> None:
    request = town.planned()
    before = stored()
    with pytest.raises(said):
        asks(town, request, who=who)
    with pytest.raises(said):
        proposes(town, request, who=who, quota_gib=10)
    for one in ("approver", "viewer", "stranger", "auditor"):
        with pytest.raises(Forbidden):
            answer(request=request, text="Sì.", by=town.world[one].actor)
        with pytest.raises(Forbidden):
            accepts(town, request, who=one, digest="x")
    assert stored() == before
    assert not Message.objects.exists()


@pytest.mark.parametrize("text", ["", "  \n ", "a\x00b", "Comune\u202egnp", "x" * 2001])
def test_words_that_say_nothing_or_hide_something_are_refused_and_nothing_is_stored(town: Town, text: str) -> None:
    request = town.planned()
    before = stored()
    with pytest.raises(Invalid) as refused:
        asks(town, request, text)
    assert set(refused.value.errors) == {"text"}
    assert stored() == before


def test_an_answer_to_nothing_and_a_question_about_what_is_decided_are_refused(town: Town) -> None:
    request = town.planned()
    with pytest.raises(NothingAsked):
        answer(request=request, text="Che cosa?", by=town.world["owner"].actor)
    town.approve(request)
    for act in (lambda: asks(town, request), lambda: proposes(town, request, quota_gib=10)):
        with pytest.raises(RequestClosed):
            act()
    with pytest.raises(RequestClosed):
        answer(request=request, text="Che cosa?", by=town.world["owner"].actor)


def test_what_the_portal_or_one_person_alone_asked_is_not_talked_about(town: Town) -> None:
    row = town.active()
    from elaastic.services.changing import suspend

    request = suspend(subscription=row, by=town.world["operator"].actor)
    with pytest.raises(NotForTalk):
        asks(town, request)
    with pytest.raises(NotForTalk):
        proposes(town, request, quota_gib=10)


def test_the_town_accepts_in_one_step_and_the_plan_is_made_and_decided_anew(town: Town) -> None:
    request = town.planned(quota_gib=500)
    former = request.plan_digest
    proposes(town, request, quota_gib=200, retention_days=10)
    assert request.terms["quota_gib"] == 500, "nothing changes by a proposal"
    assert request.plan_digest == former
    accepts(town, request)
    defaults = {"protocols": ["s3"], "immutability": "none"}
    assert request.terms == {**TERMS, **defaults, "quota_gib": 200, "retention_days": 10}
    assert Subscription.objects.get().terms == request.terms
    assert request_state(request) == RequestState.PLANNING
    with pytest.raises(PlanNotReady):
        town.approve(request, digest=former)
    workers_make_plans()
    request.refresh_from_db()
    assert request.plan_digest != former
    town.approve(request)
    assert Subscription.objects.get().terms["quota_gib"] == 200
    assert acts()[-3:] == ["request.countered", "request.counter_accepted", "request.approved"]


def test_a_proposal_that_was_replaced_is_not_accepted(town: Town) -> None:
    request = town.planned()
    proposes(town, request, quota_gib=50)
    shown = digest_of(request)
    proposes(town, request, quota_gib=40)
    with pytest.raises(NoCounter):
        accepts(town, request, digest=shown)
    answer(request=request, text="Ci servono tutti.", by=town.world["owner"].actor)
    request.refresh_from_db()
    with pytest.raises(NoCounter):
        accepts(town, request, digest=shown)
    assert request.terms["quota_gib"] == 100
    assert request_state(request) == RequestState.AWAITING_DECISION


def test_a_proposal_is_held_to_the_same_rules_as_an_ask(town: Town) -> None:
    request = town.planned()
    with pytest.raises(NothingChanges):
        proposes(town, request)
    with pytest.raises(Invalid) as refused:
        proposes(town, request, quota_gib=0)
    assert set(refused.value.errors) == {"terms.quota_gib"}
    with pytest.raises(Invalid) as refused:
        counter(request=request, terms={**TERMS, "quota_gib": 5}, text=" ", by=town.world["approver"].actor)
    assert set(refused.value.errors) == {"note"}


def test_a_change_too_has_other_terms_and_they_may_not_break_a_promise(town: Town) -> None:
    from elaastic.services.changing import change_terms

    row = town.active(immutability="governance", retention_days=30)
    wanted = {**row.terms, "quota_gib": 4000}
    request = change_terms(subscription=row, terms=wanted, by=town.world["owner"].actor)
    workers_make_plans()
    request.refresh_from_db()
    with pytest.raises(Invalid):
        proposes(town, request, retention_days=5)
    proposes(town, request, quota_gib=300)
    accepts(town, request)
    workers_make_plans()
    request.refresh_from_db()
    assert Subscription.objects.get().terms["quota_gib"] == 100, "in force until the yes"
    town.approve(request)
    assert Subscription.objects.get().terms["quota_gib"] == 300


def test_nobody_is_both_sides(town: Town) -> None:
    """An approver who belongs to the authority, or took the terms for it, decides nothing about it."""
    world, admin = town.world, town.world["administrator"].actor
    both = world["operator"].user
    assert both is not None
    grant_region_role(user=both, role=RegionRoleName.APPROVER, by=admin)
    add_member(authority=world.home, user=both, role="operator", by=world["owner"].actor)
    request = town.planned()
    for act in (
        lambda: town.approve(request, who="operator"),
        lambda: town.reject(request, who="operator"),
        lambda: asks(town, request, who="operator"),
        lambda: proposes(town, request, who="operator", quota_gib=10),
    ):
        with pytest.raises(OwnRequest):
            act()
    proposes(town, request, quota_gib=10)
    accepts(town, request, who="operator")
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(decision="approved", decided_by=both)


def test_the_other_side_is_told_by_mail_once_and_never_in_the_mail_itself(town: Town) -> None:
    request = town.planned()
    asks(town, request, "Quante postazioni segrete?")
    for _again in range(3):
        telling.tick()
    answer(request=request, text="Dodici segretissime.", by=town.world["owner"].actor)
    for _again in range(3):
        telling.tick()
    question, reply = mail.outbox
    owner, approver = town.world["owner"].user, town.world["approver"].user
    assert owner is not None
    assert approver is not None
    assert owner.email in question.to
    assert reply.to == [approver.email]
    assert all(f"/requests/{request.public_id}/" in m.body for m in mail.outbox)
    assert not any("segret" in m.body + m.subject for m in mail.outbox)


def test_a_mail_server_that_does_not_answer_is_asked_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    request = town.planned()
    asks(town, request)

    def refused(message: Message) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as down:
        down.setattr(telling, "tell_message", refused)
        telling.tick()
    telling.tick()
    assert not mail.outbox
    town.later.passed += telling.TELL_AGAIN
    telling.tick()
    assert len(mail.outbox) == 1
