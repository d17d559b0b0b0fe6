"""What goes by the hour, at the edge of it: an hour sooner or later it would go otherwise. By the town's clock,
that is the database's; `test_services_clocks.py` plays this with the machine's clock wrong.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db.models.functions import Now

from elaastic.freshness import Freshness, archives_watched
from elaastic.models import Reminder, Request, RequestKind, Subscription
from elaastic.selectors.today import ROME, today
from elaastic.services import agreeing, escalating
from elaastic.services.planning import drop_former_keys
from provisioning.engine import claims
from provisioning.models import Resource, Stack, TimedWork
from provisioning.services.clock import now
from provisioning.services.timetable import take_due
from tenants.models import ApiToken
from tenants.services.tokens import issue_token
from tests.elaastic.services.test_services_watching import sampled
from tests.elaastic.services.town import Town

HALF = timedelta(minutes=30)
# The nights in which Italian clocks go forward and back: an hour is missing, an hour comes twice.
NIGHTS = (datetime(2027, 3, 28, tzinfo=ROME), datetime(2027, 10, 31, tzinfo=ROME))


def at(town: Town, moment: datetime) -> None:
    town.later.passed += moment - now()


def test_a_lease_lasts_as_long_as_the_database_says(town: Town) -> None:
    stack = Stack.objects.get(key=town.active().stack_key)
    assert claims.take(stack.pk)
    stack.refresh_from_db()
    assert stack.claim_expires_at
    assert abs(stack.claim_expires_at - now() - claims.LEASE) < timedelta(seconds=5)
    assert claims.take(stack.pk) is None
    town.later.passed += claims.LEASE
    assert claims.take(stack.pk)


def test_work_with_a_time_is_taken_at_it(town: Town) -> None:
    TimedWork.objects.create(name="soon", due_at=now() + HALF)
    TimedWork.objects.create(name="due", due_at=now() - HALF)
    assert list(take_due({"soon": 60, "due": 60})) == ["due"]
    assert abs(TimedWork.objects.get(name="due").due_at - now() - timedelta(minutes=1)) < timedelta(seconds=5)


def test_a_copy_is_late_by_the_databases_clock(town: Town) -> None:
    row = town.active()
    for hours, state in ((23.5, Freshness.FRESH), (24.5, Freshness.LATE)):
        sampled(row, newest_hours=hours)
        assert archives_watched(row)[0].state == state
    town.later.passed += timedelta(minutes=25)
    assert archives_watched(row)[0].state == Freshness.LATE, "half an hour is not over: the portal has looked"


def test_what_is_written_down_has_the_databases_time(town: Town) -> None:
    row = town.active()
    request = Request.objects.get(subscription=row)
    for moment in (row.created_at, request.created_at, request.decided_at, row.activated_at):
        assert moment
        assert abs(now() - moment) < timedelta(minutes=5)
    issued = issue_token(
        user=town.world["owner"].actor.user, scopes=["subscriptions:read"], by=town.world["owner"].actor, days=1
    ).token
    ends = ApiToken.objects.filter(pk=issued.pk, expires_at__lte=Now() + timedelta(days=1))
    assert ends.filter(expires_at__gt=Now() + timedelta(days=1) - HALF).exists()


def test_a_former_key_ends_at_its_minute(town: Town) -> None:
    row = town.active()
    Subscription.objects.filter(pk=row.pk).update(keys_until=now() + HALF)
    drop_former_keys()
    assert not Request.objects.filter(subscription=row, kind=RequestKind.KEYS).exists()


@pytest.mark.parametrize("night", NIGHTS, ids=["forward", "back"])
def test_an_agreement_stops_writing_at_an_italian_midnight_in_a_short_or_long_night_too(
    town: Town, night: datetime
) -> None:
    row = town.active()
    at(town, night.astimezone(UTC) - HALF)
    Subscription.objects.filter(pk=row.pk).update(agreed_until=today() - timedelta(days=30), writes_until=today())
    stops = Request.objects.filter(subscription=row, kind=RequestKind.EXPIRE)
    agreeing.stop_writing(today())
    assert not stops.exists(), "half past eleven is the last day"
    at(town, night.astimezone(UTC) + HALF)
    agreeing.stop_writing(today())
    assert stops.exists(), "half past midnight is the day after"


@pytest.mark.parametrize("night", NIGHTS, ids=["forward", "back"])
def test_an_hour_that_is_missing_or_comes_twice_reminds_nobody_twice(town: Town, night: datetime) -> None:
    row = town.active()
    at(town, night.astimezone(UTC) - timedelta(hours=2))
    last = night.date() + timedelta(days=30)
    Subscription.objects.filter(pk=row.pk).update(agreed_until=last, writes_until=last + timedelta(days=30))
    marks = []
    for _half_hour in range(60):  # through the night and the day after
        agreeing.tick()
        town.later.passed += HALF
        marks.append(Reminder.objects.count())
    assert marks[0] == 1, "ninety days before the end the first one was due long ago"
    assert list(Reminder.objects.order_by("pk").values_list("mark", flat=True)) == [90, 30]
    assert marks[3:6] == [1, 2, 2], "at midnight, and not before"
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("night", NIGHTS, ids=["forward", "back"])
def test_the_weeks_mail_comes_at_seven_whatever_the_night_before_was(town: Town, night: datetime) -> None:
    town.active()
    seven = (night + timedelta(days=1)).replace(hour=7)
    assert seven.weekday() == 0
    at(town, (night - timedelta(days=6)).replace(hour=8).astimezone(UTC))
    escalating.digest()
    before = len(mail.outbox)
    at(town, seven.astimezone(UTC) - timedelta(minutes=5))
    escalating.digest()
    assert len(mail.outbox) == before
    at(town, seven.astimezone(UTC) + timedelta(minutes=5))
    escalating.digest()
    assert len(mail.outbox) > before


def test_a_next_look_is_told_by_the_databases_clock(town: Town) -> None:
    row = town.active()
    looks = Resource.objects.filter(stack__key=row.stack_key).values_list("next_look", flat=True)
    assert all(look and now() < look < now() + timedelta(minutes=20) for look in looks)
