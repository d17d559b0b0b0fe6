"""What stays open goes to the next person, once; a week's mail goes out, once; by the database's clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from elaastic.models import Alert, Digest, Escalation
from elaastic.services import escalating, watching
from elaastic.services.ledger import enter
from provisioning.services.clock import now
from tests.elaastic.services.test_services_watching import sampled
from tests.elaastic.services.town import Town


def looks(town: Town, hours: float) -> None:
    """The same archive, still without a new copy, seen so many hours on."""
    town.later.passed += timedelta(hours=hours)
    watching.tick()
    for _again in range(3):
        escalating.tick()


def subjects() -> list[str]:
    return [m.subject for m in mail.outbox]


def late(town: Town) -> None:
    sampled(town.active(), newest_hours=30)
    looks(town, 0)


def told(town: Town, who: str) -> list[str]:
    user = town.world[who].user
    assert user is not None
    return [m.subject for m in mail.outbox if user.email in m.to]


def test_a_late_copy_goes_to_the_operators_after_two_days_and_further_after_seven(town: Town) -> None:
    late(town)
    looks(town, 47)
    assert told(town, "operator") == []
    looks(town, 2)
    assert len(told(town, "operator")) == 1
    assert town.world.home.name in told(town, "operator")[0]
    assert told(town, "administrator") == []
    looks(town, 6 * 24)
    assert (len(told(town, "operator")), len(told(town, "administrator"))) == (1, 1)
    assert Escalation.objects.filter(told_at=None).count() == 0


def test_what_ended_in_time_goes_nowhere(town: Town) -> None:
    late(town)
    sampled(Alert.objects.get().subscription, newest_hours=0.1)
    looks(town, 0)
    looks(town, 72)
    assert not Escalation.objects.exists()


def test_a_damaged_copy_is_the_regions_from_the_first_minute(town: Town) -> None:
    row = town.active()
    words: dict[str, Any] = {
        "subscription": row,
        "archive": "backup",
        "kind": "readable",
        "seconds": 1,
        "evidence": {},
    }
    enter(passed=False, at=now(), **words)
    looks(town, 0)
    assert len(told(town, "operator")) == 1
    assert Alert.objects.get().kind == "damaged"
    enter(passed=True, at=now(), **words)
    looks(town, 1)
    assert Alert.objects.get().ended_at is not None


MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # six in the morning in Italy


def at(town: Town, moment: datetime) -> None:
    town.later.passed += moment - now()


def test_a_week_has_one_digest_from_monday_morning_on(town: Town) -> None:
    sampled(town.active(), newest_hours=1)
    at(town, MONDAY)
    escalating.digest()
    assert subjects() == [], "at six everybody sleeps"
    at(town, MONDAY + timedelta(hours=1, minutes=5))
    for _again in range(3):
        escalating.digest()
    [said] = [m for m in mail.outbox if "La settimana delle vostre copie" in m.subject]
    assert "backup" in said.body
    assert "0.0" not in said.body or "GiB" in said.body
    at(town, MONDAY + timedelta(days=9))
    escalating.digest()
    assert list(Digest.objects.order_by("pk").values_list("week", flat=True)) == ["2026-W48", "2026-W49"]


def test_no_digest_for_whom_leaves(town: Town) -> None:
    row = town.active()
    type(row).objects.filter(pk=row.pk).update(leave_requested_at=now())
    at(town, MONDAY + timedelta(hours=2))
    escalating.digest()
    assert not Digest.objects.exists()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_workers_own_clock_decides_nothing(town: Town, hours: int) -> None:
    """T5: the machine's clock is an hour off; the database's (here the town's) is not."""
    late(town)
    at(town, now() + timedelta(hours=48) - timedelta(minutes=30))
    fixed = now()
    town.later.now = lambda: fixed  # type: ignore[method-assign]
    with time_machine.travel(fixed + timedelta(hours=hours), tick=False):
        escalating.tick()
    assert not Escalation.objects.exists(), "half an hour is missing, whatever the machine says"


def test_a_change_to_winter_time_moves_no_digest(town: Town) -> None:
    """T5: on 25 October 2026 clocks go back; seven in Italy is six UTC from then on."""
    town.active()
    at(town, datetime(2026, 10, 19, 5, 1, tzinfo=UTC))
    escalating.digest()
    assert Digest.objects.get().week == "2026-W43"
    at(town, datetime(2026, 10, 26, 5, 1, tzinfo=UTC))
    escalating.digest()
    assert Digest.objects.count() == 1
    at(town, datetime(2026, 10, 26, 6, 1, tzinfo=UTC))
    escalating.digest()
    assert Digest.objects.count() == 2
