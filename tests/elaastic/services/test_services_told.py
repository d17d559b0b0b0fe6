"""Who asked is told what was decided, once; a former key's end and the region's week are told."""

from datetime import timedelta

import pytest
from django.core import mail

from elaastic.models import RegionDigest, Request, RequestKind, Subscription
from elaastic.selectors.today import ROME
from elaastic.services import agreeing, escalating, keys, planning, telling, watching
from elaastic.services.changing import leave, suspend
from elaastic.services.collecting import reveal_credential
from elaastic.services.talking import ask_information, counter
from provisioning.models import PlatformState
from provisioning.services.clock import now
from tenants.models import User, UserKind
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.test_services_escalating import MONDAY, at
from tests.elaastic.services.test_services_planning import drifted
from tests.elaastic.services.test_services_watching import sampled
from tests.elaastic.services.town import Town


def told() -> list[str]:
    """Subjects of what went out, whoever looked how often."""
    for _again in range(3):
        telling.tick()
    return [m.subject for m in mail.outbox]


def test_a_yes_is_told_to_who_acts_with_the_next_action(town: Town) -> None:
    town.approved()
    [subject] = told()
    assert "ha detto sì" in subject
    [said] = mail.outbox
    owner = town.world["owner"].user
    assert owner is not None and owner.email in said.to
    assert "ritira le credenziali" in said.body
    assert f"/requests/{Request.objects.get().public_id}/" in said.body


def test_a_no_is_told_with_its_reason(town: Town) -> None:
    town.reject(town.planned(), note="Lo spazio non basta.")
    [subject] = told()
    assert "ha detto no" in subject
    assert "Lo spazio non basta." in mail.outbox[0].body


def test_what_nobody_decided_is_not_told(town: Town) -> None:
    town.withdraw(town.planned())
    assert told() == []


def test_a_proposal_is_told_as_one_and_a_question_as_one(town: Town) -> None:
    request, by = town.planned(), town.world["approver"].actor
    ask_information(request=request, text="Quante postazioni?", by=by)
    assert "La regione ti chiede" in told()[-1]
    counter(request=request, terms={**request.terms, "quota_gib": 50}, text="Di meno.", by=by)
    assert "propone altre condizioni" in told()[-1]


def test_who_answers_for_a_program_is_told_of_what_the_program_cannot_do(town: Town) -> None:
    program, person = town.world["onboarding"].user, town.world["operator"].user
    assert program is not None and person is not None
    User.objects.filter(pk=program.pk).update(accountable=person)
    request = town.planned("onboarding")
    ask_information(request=request, text="Quante postazioni?", by=town.world["approver"].actor)
    town.reject(request, note="Lo spazio non basta.")
    told()
    assert [person.email in said.to for said in mail.outbox] == [True, True]
    assert not any(program.email in said.to for said in mail.outbox)
    User.objects.filter(pk=person.pk).update(is_active=False)
    town.reject(town.planned("onboarding"))
    told()
    assert person.email not in mail.outbox[-1].to, "who has left gets no more letters"


def test_a_yes_to_a_program_is_told_to_the_authority_alone(town: Town) -> None:
    person = town.world["operator"].user
    assert person is not None
    User.objects.filter(kind=UserKind.SERVICE).update(accountable=person)
    town.approved("onboarding")
    told()
    [said] = mail.outbox
    owner = town.world["owner"].user
    assert owner is not None and owner.email in said.to
    assert person.email not in said.to


def test_a_server_that_refuses_is_asked_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.approved()
    town.later.passed += timedelta(minutes=1)

    def refuses(*_args: object, **_words: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuses)
        assert told() == []
    town.later.passed += telling.TELL_AGAIN
    assert len(told()) == 1


def test_whoever_leaves_reads_until_when_the_copies_are_kept(town: Town) -> None:
    row = town.active()
    leave(subscription=row, by=town.world["owner"].actor)
    workers_make_plans()
    town.approve(row.requests.get(decision=""))
    row.refresh_from_db()
    assert row.kept_until is not None
    assert "si chiude" in told()[-1]
    assert f"{row.kept_until.astimezone(ROME):%d/%m/%Y}" in mail.outbox[-1].body


def test_what_the_region_does_alone_is_told_too(town: Town) -> None:
    row = town.active()
    suspend(subscription=row, by=town.world["operator"].actor)
    workers_make_plans()
    planning.tick()
    assert "sospeso la scrittura" in told()[-1]


def with_a_second_key(town: Town, *, collected: bool) -> Subscription:
    row = town.active()
    reveal_credential(subscription=row, name="writer", by=town.world["owner"].actor)
    keys.rotate(subscription=row, name="writer", by=town.world["owner"].actor)
    for _again in range(3):
        planning.tick()
        workers_bring_everything_up()
    row.refresh_from_db()
    if collected:
        reveal_credential(subscription=row, name="writer", by=town.world["owner"].actor)
    return row


@pytest.mark.parametrize("collected", [True, False])
def test_the_day_before_a_former_key_ends_it_is_told_once(town: Town, *, collected: bool) -> None:
    row = with_a_second_key(town, collected=collected)
    assert "una chiave nuova accanto" in told()[-1]
    before = len(mail.outbox)
    agreeing.tick()
    assert len(mail.outbox) == before, "a week is left"
    assert row.keys_until is not None
    at(town, row.keys_until - timedelta(hours=20))
    for _again in range(3):
        agreeing.tick()
    assert len(mail.outbox) == before + 1
    assert "La chiave precedente scade il" in mail.outbox[-1].subject
    assert ("non è ancora stata ritirata" in mail.outbox[-1].body) != collected
    at(town, row.keys_until + timedelta(minutes=5))
    agreeing.tick()
    assert len(mail.outbox) == before + 1


def test_the_regions_week_names_what_waits_once(town: Town) -> None:
    row = town.active()
    sampled(row, newest_hours=40)
    watching.tick()
    at(town, MONDAY + timedelta(hours=2))
    leave(subscription=row, by=town.world["owner"].actor)
    workers_make_plans()
    Subscription.objects.filter(pk=row.pk).update(agreed_until=(now() + timedelta(days=10)).date())
    PlatformState.objects.update_or_create(platform="ceph-test", defaults={"sites_down": ["pesaro"]})
    mail.outbox.clear()
    for _again in range(3):
        escalating.digest()
    [said] = [m for m in mail.outbox if "settimana della regione" in m.subject]
    operator, approver, auditor = (town.world[n].user for n in ("operator", "approver", "auditor"))
    assert operator and approver and auditor
    assert {operator.email, approver.email} <= set(said.to)
    assert auditor.email not in said.to
    for line in ("Siti fermi: 1", "Richieste in attesa di decisione: 1", "Avvisi aperti: 1", "entro trenta giorni"):
        assert line in said.body
    assert said.body.count(town.world.home.name) == 3
    assert "Che cosa fare: guarda nella pagina delle piattaforme" in said.body
    assert RegionDigest.objects.get().week == "2026-W48"


def test_a_region_without_work_is_told_so(town: Town) -> None:
    at(town, MONDAY + timedelta(hours=2))
    escalating.digest()
    [said] = mail.outbox
    assert "Siti fermi: 0" in said.body and "Che cosa fare" not in said.body


def test_a_repair_is_nobodys_mail(town: Town) -> None:
    drifted(town)
    before = len(told())
    planning.tick()
    town.approve(Request.objects.get(kind=RequestKind.REPAIR))
    assert len(told()) == before
