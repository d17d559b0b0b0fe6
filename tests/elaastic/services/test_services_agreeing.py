"""The agreement: its dates, who is reminded how often, what happens when it runs out, and what a renewal undoes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from elaastic.levels import Mode
from elaastic.models import Reminder, Request, RequestKind, Subscription, SubscriptionState
from elaastic.models.errors import NotInForce, RenewalTooEarly, RequestOpen
from elaastic.selectors.subscriptions import overview
from elaastic.selectors.today import today
from elaastic.services import agreeing, telling
from elaastic.services.changing import leave, resume, suspend
from elaastic.services.planning import carry_out_preapproved
from provisioning.models import Resource, clock
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Town


def ends_in(row: Subscription, days: int) -> Subscription:
    """The agreement's last day is so many days from now."""
    last = today() + timedelta(days=days)
    Subscription.objects.filter(pk=row.pk).update(agreed_until=last, writes_until=last + timedelta(days=30))
    row.refresh_from_db()
    return row


def workers_do_what_needs_nobody() -> None:
    workers_make_plans()
    carry_out_preapproved()
    workers_bring_everything_up()


def writer_is_suspended(row: Subscription) -> bool:
    return bool(Resource.objects.get(stack__key=row.stack_key, name="writer").spec.get("suspended"))


def renewed(town: Town, row: Subscription) -> Subscription:
    request = agreeing.renew(subscription=row, by=town.world["owner"].actor)
    workers_make_plans()
    request.refresh_from_db()
    town.approve(request)
    workers_bring_everything_up()
    row.refresh_from_db()
    return row


def test_the_yes_dates_the_agreement_for_three_years(town: Town) -> None:
    row = town.active()
    day = today()
    assert row.agreed_until == date(day.year + 3, day.month, day.day)
    assert row.writes_until == row.agreed_until + timedelta(days=30)


def test_people_are_reminded_three_times_each_once_however_often_somebody_looks(town: Town) -> None:
    row = ends_in(town.active(), 91)
    subjects = []
    for _day in range(95):
        for _again in range(2):
            agreeing.tick()
        subjects += [m.subject for m in mail.outbox]
        mail.outbox.clear()
        town.later.passed += timedelta(days=1)
    day = f"{row.agreed_until:%d/%m/%Y}"
    ends, ended = f"[Mcloud] La convenzione scade il {day}", f"[Mcloud] La convenzione è scaduta il {day}"
    assert subjects == [ends, ends, ends, ended]
    assert sorted(Reminder.objects.values_list("mark", flat=True)) == [-1, 7, 30, 90]


def test_marks_that_were_slept_through_are_not_made_up_for(town: Town) -> None:
    ends_in(town.active(), 20)
    agreeing.tick()
    assert len(mail.outbox) == 1
    owner = town.world["owner"].user
    assert owner is not None
    assert owner.email in mail.outbox[0].to


def test_whoever_asked_for_the_renewal_is_not_reminded_of_it(town: Town) -> None:
    row = ends_in(town.active(), 20)
    agreeing.renew(subscription=row, by=town.world["owner"].actor)
    agreeing.tick()
    assert mail.outbox == []


def test_a_worker_that_dies_while_it_tells_costs_five_minutes_and_no_mail(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_in(town.active(), 20)

    def dies(reminder: Reminder) -> None:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(agreeing, "tell_reminder", dies)
        agreeing.tick()
    agreeing.tick()
    assert mail.outbox == []
    town.later.passed += telling.TELL_AGAIN
    agreeing.tick()
    agreeing.tick()
    assert len(mail.outbox) == 1


def test_writing_stops_after_the_grace_and_nothing_is_deleted(town: Town) -> None:
    row = ends_in(town.active(), -30)
    before = {r.name: (r.state, r.external_id) for r in Resource.objects.filter(stack__key=row.stack_key)}
    agreeing.tick()
    workers_do_what_needs_nobody()
    assert not Request.objects.filter(kind=RequestKind.EXPIRE).exists(), "the grace's last day is a day of it"
    town.later.passed += timedelta(days=1)
    for _again in range(3):
        agreeing.tick()
    workers_do_what_needs_nobody()
    row.refresh_from_db()
    assert overview(row).state == SubscriptionState.SUSPENDED
    assert Mode.parse(row.mode).expired
    assert writer_is_suspended(row)
    after = {r.name: (r.state, r.external_id) for r in Resource.objects.filter(stack__key=row.stack_key)}
    assert after == before
    assert Resource.objects.get(stack__key=row.stack_key, name="restore-key").wish == "present"
    event = AuditEvent.objects.get(action="subscription.expire_requested")
    assert event.actor == town.world["approver"].user
    assert Request.objects.filter(kind=RequestKind.EXPIRE).count() == 1
    agreeing.tick()
    assert any("La scrittura è ferma" in m.subject for m in mail.outbox)


def test_a_renewal_that_is_open_keeps_writing_going(town: Town) -> None:
    row = ends_in(town.active(), -40)
    agreeing.renew(subscription=row, by=town.world["owner"].actor)
    agreeing.tick()
    assert not Request.objects.filter(kind=RequestKind.EXPIRE).exists()


def test_a_renewal_in_time_goes_on_from_the_last_day_and_changes_nothing_else(town: Town) -> None:
    row = ends_in(town.active(), 60)
    last = row.agreed_until
    assert last is not None
    terms = dict(row.terms)
    row = renewed(town, row)
    assert row.agreed_until == date(last.year + 3, last.month, last.day)
    assert (row.terms, row.suspended_at, overview(row).state) == (terms, None, SubscriptionState.ACTIVE)
    assert Request.objects.latest("pk").applied_at is not None


def test_a_renewal_after_the_grace_begins_today_and_lets_writing_go_on(town: Town) -> None:
    row = ends_in(town.active(), -31)
    agreeing.tick()
    workers_do_what_needs_nobody()
    row.refresh_from_db()
    row = renewed(town, row)
    day = today()
    assert row.agreed_until == date(day.year + 3, day.month, day.day)
    assert not Mode.parse(row.mode).expired
    assert not writer_is_suspended(row)
    assert overview(row).state == SubscriptionState.ACTIVE


def test_a_suspension_for_a_leak_outlives_the_renewal_and_an_expiry_outlives_a_resumption(town: Town) -> None:
    row = ends_in(town.active(), -31)
    suspend(subscription=row, by=town.world["operator"].actor)
    workers_do_what_needs_nobody()
    agreeing.tick()
    workers_do_what_needs_nobody()
    row.refresh_from_db()
    since = row.suspended_at
    resume(subscription=row, by=town.world["operator"].actor)
    workers_do_what_needs_nobody()
    row.refresh_from_db()
    assert (row.suspended_at, writer_is_suspended(row)) == (since, True)
    suspend(subscription=row, by=town.world["operator"].actor)
    workers_do_what_needs_nobody()
    row = renewed(town, Subscription.objects.get(pk=row.pk))
    assert writer_is_suspended(row)
    assert overview(row).state == SubscriptionState.SUSPENDED


def test_who_may_renew_and_when(town: Town) -> None:
    row = town.active()
    owner = town.world["owner"].actor
    with pytest.raises(RenewalTooEarly):
        agreeing.renew(subscription=row, by=owner)
    row = ends_in(row, 180)
    for who in ("viewer", "stranger", "approver", "operator"):
        with pytest.raises(Forbidden):
            agreeing.renew(subscription=row, by=town.world[who].actor)
    agreeing.renew(subscription=row, by=owner)
    with pytest.raises(RequestOpen):
        agreeing.renew(subscription=row, by=owner)
    Request.objects.filter(decision="").update(decision="withdrawn")
    leaving = leave(subscription=row, by=owner)
    workers_make_plans()
    leaving.refresh_from_db()
    town.approve(leaving)
    row.refresh_from_db()
    with pytest.raises(NotInForce):
        agreeing.renew(subscription=row, by=owner)
    agreeing.tick()
    assert mail.outbox == []


class _Database:
    """The database's clock, standing still at one instant."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return 0.0


@contextmanager
def _clocks(instant: datetime, wrong_by: timedelta) -> Iterator[None]:
    with time_machine.travel(instant + wrong_by, tick=False):
        yield


# (the database's instant, the day in Italy): around midnight, and on both days when the clocks change.
INSTANTS: list[tuple[datetime, date]] = [
    (datetime(2029, 1, 14, 22, 59, tzinfo=UTC), date(2029, 1, 14)),
    (datetime(2029, 1, 14, 23, 0, tzinfo=UTC), date(2029, 1, 15)),
    (datetime(2029, 3, 25, 0, 59, tzinfo=UTC), date(2029, 3, 25)),
    (datetime(2029, 3, 25, 1, 1, tzinfo=UTC), date(2029, 3, 25)),
    (datetime(2029, 7, 1, 21, 59, tzinfo=UTC), date(2029, 7, 1)),
    (datetime(2029, 7, 1, 22, 0, tzinfo=UTC), date(2029, 7, 2)),
    (datetime(2029, 10, 28, 0, 30, tzinfo=UTC), date(2029, 10, 28)),
    (datetime(2029, 10, 28, 22, 59, tzinfo=UTC), date(2029, 10, 28)),
]


@pytest.mark.parametrize("wrong_by", [timedelta(hours=-1), timedelta(), timedelta(hours=1)])
@pytest.mark.parametrize(("instant", "day"), INSTANTS)
def test_the_day_is_the_databases_in_italy_whatever_the_machines_clock_says(
    monkeypatch: pytest.MonkeyPatch, instant: datetime, day: date, wrong_by: timedelta
) -> None:
    monkeypatch.setattr(clock, "source", _Database(instant))
    with _clocks(instant, wrong_by):
        assert today() == day


@pytest.mark.parametrize("wrong_by", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_reminder_and_the_stop_come_on_their_day_whatever_the_machines_clock_says(
    town: Town, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
) -> None:
    row = town.active()
    last = date(2029, 3, 25)
    Subscription.objects.filter(pk=row.pk).update(agreed_until=last, writes_until=date(2029, 4, 24))

    def at(instant: datetime) -> dict[str, Any]:
        monkeypatch.setattr(clock, "source", _Database(instant))
        with _clocks(instant, wrong_by):
            agreeing.tick()
        return {
            "marks": sorted(Reminder.objects.values_list("mark", flat=True)),
            "stopped": Request.objects.filter(kind=RequestKind.EXPIRE).exists(),
        }

    assert at(datetime(2028, 12, 24, 22, 59, tzinfo=UTC)) == {"marks": [], "stopped": False}
    assert at(datetime(2028, 12, 24, 23, 0, tzinfo=UTC)) == {"marks": [90], "stopped": False}
    assert at(datetime(2029, 3, 25, 21, 59, tzinfo=UTC)) == {"marks": [7, 90], "stopped": False}
    assert at(datetime(2029, 3, 25, 22, 0, tzinfo=UTC)) == {"marks": [-1, 7, 90], "stopped": False}
    assert at(datetime(2029, 4, 24, 21, 59, tzinfo=UTC))["stopped"] is False
    assert at(datetime(2029, 4, 24, 22, 0, tzinfo=UTC))["stopped"] is True


def test_looking_costs_the_same_for_one_town_and_for_many(town: Town, django_assert_max_num_queries: Any) -> None:
    ends_in(town.active(), 20)
    agreeing.tick()
    with django_assert_max_num_queries(6):
        agreeing.tick()
