"""What every worker process looks after, and what is done at its time by one of them."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from mcloud_portal import sweeper
from provisioning.models import TimedWork, clock
from provisioning.services.timetable import take_due


@pytest.mark.parametrize(
    "path", [*sweeper.TICKS, *sweeper.AT_START, *(path for _s, path in sweeper.TIMETABLE.values())]
)
def test_every_name_in_the_lists_is_something_to_call(path: str) -> None:
    assert callable(sweeper._load(path))


@pytest.mark.django_db
def test_timed_work_is_taken_once_a_slot_and_a_missed_one_is_made_up_once() -> None:
    periods = {"often": 60, "rarely": 900}
    assert list(take_due(periods)) == [], "what was never seen is due at the next look"
    assert list(take_due(periods)) == ["often", "rarely"]
    assert list(take_due(periods)) == []
    TimedWork.objects.filter(name="often").update(due_at=clock.now() - timedelta(hours=5))
    assert list(take_due(periods)) == ["often"]
    assert list(take_due(periods)) == []


@pytest.mark.django_db
def test_what_another_worker_took_meanwhile_is_not_taken_again() -> None:
    list(take_due({"a": 60, "b": 60}))
    mine, others = take_due({"a": 60, "b": 60}), take_due({"b": 60})
    assert next(mine) == "a"
    assert list(others) == ["b"]
    assert list(mine) == []


@pytest.mark.django_db
def test_a_look_cleans_up_when_it_is_time_even_if_other_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = sweeper.TIMETABLE["housekeeping"]
    monkeypatch.setattr(sweeper, "TICKS", ("mcloud_portal.sweeper.keep_timetable",))
    monkeypatch.setattr(sweeper, "TIMETABLE", {"broken": (300, "operator.truediv"), "housekeeping": kept})
    Session.objects.create(session_key="s", session_data="", expire_date=timezone.now() - timedelta(days=1))
    sweeper.run_once()
    assert Session.objects.exists(), "not yet: the first look only notes what there is"
    sweeper.run_once()
    assert not Session.objects.exists()
