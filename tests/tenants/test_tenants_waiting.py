"""`?wait=` holds an answer until something changed, with few queries and never for ever."""

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from tenants.api.conditions import hold_until_changed, hold_until_column_changes, wait_seconds
from tenants.models.errors import Invalid
from tests.personas import World


class Clock:
    """Time that passes only by sleeping, so that thirty seconds cost nothing."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake = Clock()
    monkeypatch.setattr("tenants.api.conditions.time", fake)
    return fake


def asking(query: str) -> Request:
    return Request(APIRequestFactory().get(f"/{query}"))


def test_it_returns_soon_after_the_change(clock: Clock) -> None:
    hold_until_changed(asking("?wait=30"), lambda: clock.now >= 7)
    assert 7 <= clock.now <= 8.1


def test_it_gives_up_at_the_end_with_a_bounded_number_of_looks(clock: Clock) -> None:
    looks: list[float] = []
    hold_until_changed(asking("?wait=30"), lambda: looks.append(clock.now))
    assert clock.now == pytest.approx(30)
    assert len(looks) <= 34


def test_without_the_parameter_nothing_is_asked(clock: Clock) -> None:
    looks: list[float] = []
    hold_until_changed(asking(""), lambda: looks.append(0))
    assert (looks, clock.now) == ([], 0.0)


@pytest.mark.parametrize("given", ["31", "-1", "x", "1.5", "", "9999"])
def test_a_wait_without_sense_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        wait_seconds(asking(f"?wait={given}"))


def test_the_usual_case_watches_one_column_of_one_row(world: World, clock: Clock) -> None:
    hold_until_column_changes(asking("?wait=2"), world.home, "state")
    assert clock.now == pytest.approx(2)
