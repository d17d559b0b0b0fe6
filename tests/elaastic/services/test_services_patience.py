"""A lock that somebody keeps for too long: waited for again, and told as a sentence in the end."""

import pytest
from django.db import OperationalError, transaction

from elaastic.models.errors import Busy
from elaastic.services import patience
from elaastic.services.patience import TRIES, patiently


class Lock:
    """Refuses so many times with this code of PostgreSQL."""

    def __init__(self, code: str, times: int) -> None:
        self.code, self.times, self.calls = code, times, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls <= self.times:
            error = OperationalError("canceling statement due to lock timeout")
            error.__cause__ = Refusal(self.code)
            raise error


class Refusal(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.pgcode = code


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """As outside of the test's own transaction."""
    monkeypatch.setattr(patience, "_inside", lambda: False)


@pytest.mark.parametrize("code", ["55P03", "40P01", "40001"])
@pytest.mark.parametrize("times", [1, TRIES - 1])
def test_it_is_waited_for_again(alone: None, code: str, times: int) -> None:
    lock = Lock(code, times)
    patiently(lock)
    assert lock.calls == times + 1


def test_in_the_end_it_is_told(alone: None) -> None:
    lock = Lock("40P01", TRIES)
    with pytest.raises(Busy) as told:
        patiently(lock)
    assert (lock.calls, told.value.status) == (TRIES, 503)


def test_another_failure_is_not_repeated(alone: None) -> None:
    lock = Lock("57014", 1)
    with pytest.raises(OperationalError):
        patiently(lock)
    assert lock.calls == 1


def test_inside_somebodys_transaction_there_is_no_again(db: None) -> None:
    lock = Lock("55P03", 1)
    with transaction.atomic(), pytest.raises(Busy):
        patiently(lock)
    assert lock.calls == 1
