"""The agreement's calendar: whole days, whatever clocks and hours do."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elaastic.levels import Mode
from elaastic.levels.agreement import Agreement

THREE = Agreement()
DAYS = st.dates(date(2024, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 11, 22), date(2029, 11, 22)),
        (date(2028, 2, 29), date(2031, 2, 28)),
        (date(2025, 3, 30), date(2028, 3, 30)),
    ],
)
def test_three_years_later_is_the_same_day(first: date, last: date) -> None:
    assert THREE.last_day(first) == last


@given(DAYS)
def test_it_runs_for_three_years_and_the_grace_comes_after(first: date) -> None:
    last = THREE.last_day(first)
    assert timedelta(days=1094) <= last - first <= timedelta(days=1097)
    assert THREE.last_writing_day(last) - last == timedelta(days=THREE.grace_days)


@given(DAYS)
def test_every_mark_is_due_once_in_its_order_and_the_most_urgent_alone(last: date) -> None:
    said = [THREE.due_mark(last - timedelta(days=left), last) for left in range(100, -60, -1)]
    marks = [m for n, m in enumerate(said) if m is not None and (n == 0 or said[n - 1] != m)]
    assert marks == [90, 30, 7, -1, -31]
    assert said[0] is None
    assert THREE.due_mark(last, last) == 7, "the last day is still a day of the agreement"
    assert THREE.due_mark(last + timedelta(days=30), last) == -1
    assert THREE.due_mark(last + timedelta(days=31), last) == -31


@given(st.booleans(), st.booleans(), st.booleans())
def test_a_mode_is_stored_and_read_whole(suspended: bool, leaving: bool, expired: bool) -> None:
    mode = Mode(suspended, leaving, {"writer": (2, 1)}, expired)
    assert Mode.parse(mode.as_json()) == mode
    assert mode.writes == (not (suspended or leaving or expired))
