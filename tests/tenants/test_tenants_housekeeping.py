"""What served its purpose goes, what is still of use stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client

from tenants.models import AuditEvent, CacheRow, CallCount, IdempotencyRecord
from tenants.services import housekeeping
from tenants.usage import ANONYMOUS_CALLS_PER_MINUTE, count_call, present_minute
from tests.personas import API, PASSWORD, World
from tests.tenants.bodies import body_of

REMEMBERED: list[tuple[Any, str]] = [
    (IdempotencyRecord, "created_at"),
    (Session, "expire_date"),
    (CacheRow, "expires"),
    (AccessLog, "attempt_time"),
]


@pytest.fixture
def lived_in(world: World) -> World:
    """Somebody called, somebody signed in."""
    registers = world["onboarding"].client()
    registers.post(f"{API}/authorities/", body_of(90), format="json", HTTP_IDEMPOTENCY_KEY="k")
    Client().post("/accounts/login/", {"login": "owner@comune.example", "password": PASSWORD})
    assert all(rows.objects.exists() for rows, _column in REMEMBERED)
    return world


def test_what_is_still_of_use_stays(lived_in: World) -> None:
    before = [rows.objects.count() for rows, _column in REMEMBERED]
    IdempotencyRecord.objects.update(created_at=Now() - timedelta(hours=25))
    AccessLog.objects.update(attempt_time=Now() - timedelta(days=180))
    CallCount.objects.update(minute=present_minute() + 1)  # no minute ends while this is tested
    before.append(CallCount.objects.count())
    housekeeping.remove_expired()
    assert [*(rows.objects.count() for rows, _column in REMEMBERED), CallCount.objects.count()] == before


@pytest.mark.parametrize(
    ("rows", "column", "ago"),
    [
        (IdempotencyRecord, "created_at", timedelta(days=2, minutes=1)),
        (Session, "expire_date", timedelta(minutes=61)),
        (CacheRow, "expires", timedelta(minutes=61)),
        (AccessLog, "attempt_time", timedelta(days=185)),
    ],
)
def test_what_expired_goes_and_only_that(lived_in: World, rows: Any, column: str, ago: timedelta) -> None:
    before = {other: other.objects.count() for other, _column in REMEMBERED}
    trail = AuditEvent.objects.count()
    rows.objects.update(**{column: Now() - ago})
    housekeeping.remove_expired()
    assert {other: other.objects.count() for other, _column in REMEMBERED} == {**before, rows: 0}
    assert AuditEvent.objects.count() == trail


def test_a_count_goes_with_its_minute_and_the_callers_next_one_begins_anew(db: None) -> None:
    for _call in range(3):
        count_call("ip:192.0.2.1", limit=ANONYMOUS_CALLS_PER_MINUTE)
    CallCount.objects.update(minute=present_minute() - 1)
    housekeeping.remove_expired()
    assert not CallCount.objects.exists()
    assert count_call("ip:192.0.2.1", limit=ANONYMOUS_CALLS_PER_MINUTE).used == 1


def test_a_rate_limit_that_still_counts_is_not_forgotten(db: None) -> None:
    cache.set("counts", 1, timeout=900)
    cache.set("over", 1, timeout=1)
    CacheRow.objects.filter(cache_key__endswith="over").update(expires=Now() - timedelta(hours=2))
    housekeeping.remove_expired()
    assert (cache.get("counts"), CacheRow.objects.count()) == (1, 1)


def test_much_goes_in_short_transactions(
    db: None, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 10)
    _past_counts(35)
    with django_assert_max_num_queries(60):
        housekeeping.remove_expired()
    assert not CallCount.objects.exists()


def test_a_worker_does_not_stay_at_it_for_ever(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "LONGEST_S", 0.0)
    _past_counts(35)
    housekeeping.remove_expired()
    assert CallCount.objects.count() == 35


def _past_counts(how_many: int) -> None:
    CallCount.objects.bulk_create(CallCount(caller=f"ip:{n}", minute=n, calls=1) for n in range(how_many))
