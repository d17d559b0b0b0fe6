"""Prices, advice and the first copy's time: pure functions, held to what must be true of any of them."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elaastic.levels import LEVELS
from elaastic.levels.advice import QUESTIONS, REASONS, advise
from elaastic.levels.first_copy import NIGHT_S, duration_s, nights
from elaastic.levels.pricing import CENT, ITEMS, Price, bill, in_force
from elaastic.selectors.sentences import ADVICE, PRICED

DAY = date(2026, 11, 22)
PRICES = st.builds(
    Price,
    level=st.sampled_from([1, 2]),
    item=st.sampled_from(list(ITEMS)),
    amount=st.decimals(0, 1000, places=4),
    valid_from=st.dates(DAY - timedelta(days=900), DAY + timedelta(days=900)),
)
TERMS = LEVELS[1].defaults


def of_level_1(quota: int, copies: int) -> tuple[tuple[str, int], ...]:
    return LEVELS[1].quantities({**TERMS, "quota_gib": quota, "copies": copies})


@given(st.lists(PRICES), st.integers(1, 8192), st.sampled_from([2, 3]))
def test_the_total_is_the_sum_of_whole_cents_or_is_not_told(rows: list[Price], quota: int, copies: int) -> None:
    found = bill(of_level_1(quota, copies), in_force(rows, 1, DAY))
    if found.missing:
        assert found.total is None
        return
    assert found.total == sum(line.amount for line in found.lines)
    assert isinstance(found.total, Decimal)
    assert all(line.amount == line.amount.quantize(CENT) for line in found.lines)
    for line in found.lines:
        assert abs(line.amount - line.price.amount * line.quantity) <= CENT / 2


@given(st.lists(PRICES), st.randoms())
def test_the_newest_price_that_has_begun_holds_in_whatever_order_the_rows_come(
    rows: list[Price], luck: Any
) -> None:
    by_key = {(p.level, p.item, p.valid_from): p for p in rows}
    rows = list(by_key.values())
    found = in_force(rows, 1, DAY)
    for item in ITEMS:
        begun = [p for p in rows if (p.level, p.item) == (1, item) and p.valid_from <= DAY]
        assert found.get(item) == max(begun, key=lambda p: p.valid_from, default=None)
    luck.shuffle(rows)
    assert in_force(rows, 1, DAY) == found


@given(st.integers(1, 8000), st.integers(1, 192), st.decimals(0, 1, places=4))
def test_more_space_never_costs_less(quota: int, more: int, amount: Decimal) -> None:
    today = {i: Price(1, i, amount, DAY) for i in ("subscription", "storage_gib")}
    small, large = (bill(of_level_1(q, 3), today).total for q in (quota, quota + more))
    assert small is not None
    assert large is not None
    assert small <= large


def test_a_known_month_costs_what_one_computes_by_hand() -> None:
    today = {
        "subscription": Price(1, "subscription", Decimal("12"), DAY),
        "storage_gib": Price(1, "storage_gib", Decimal("0.0190"), DAY),
    }
    assert bill(of_level_1(500, 3), today).total == Decimal("40.50")
    assert bill(of_level_1(1, 3), today).total == Decimal("12.06")  # 0.057 is six cents


def every_answer() -> list[dict[str, str]]:
    return [dict(zip(QUESTIONS, one, strict=True)) for one in product(*QUESTIONS.values())]


def test_every_answer_has_a_level_and_at_least_one_reason_with_words() -> None:
    given_reasons = set()
    for answers in every_answer():
        found = advise(answers)
        assert found.level in LEVELS
        assert found.reasons
        given_reasons |= set(found.reasons)
    assert given_reasons == set(REASONS) == set(ADVICE)
    assert set(PRICED) == set(ITEMS)


def test_only_small_authorities_are_advised_toward_saas_and_keep_level_1() -> None:
    for answers in every_answer():
        found = advise(answers)
        if found.saas:
            assert answers["population"] in ("under_1000", "under_3000")
            assert answers["staff"] != "team" or answers["servers"] == "none"
            assert found.level == 1
            assert found.reasons[-1] == "copies_meanwhile"


def test_who_has_no_machine_is_never_sold_one_and_more_haste_never_lowers_the_level() -> None:
    for answers in every_answer():
        if answers["servers"] != "virtual_machines":
            assert advise(answers).level == 1
        for question in ("downtime", "loss"):
            known = QUESTIONS[question]
            place = known.index(answers[question])
            if place + 1 < len(known):
                hastier = advise({**answers, question: known[place + 1]})
                assert hastier.saas or hastier.level >= advise(answers).level


@pytest.mark.parametrize(
    ("changed", "level", "saas"),
    [
        ({}, 1, False),
        ({"downtime": "hours"}, 2, False),
        ({"loss": "hour"}, 3, False),
        ({"loss": "hour", "server_room": "old"}, 4, False),
        ({"population": "under_3000", "staff": "nobody"}, 1, True),
        ({"population": "under_1000", "servers": "none"}, 1, True),
        ({"population": "under_1000", "staff": "one", "loss": "hour"}, 1, True),
        ({"population": "under_1000", "staff": "one"}, 1, False),
    ],
)
def test_the_advice_for_some_towns_one_knows(changed: dict[str, str], level: int, saas: bool) -> None:
    town = {
        "population": "under_15000", "staff": "one", "servers": "virtual_machines",
        "downtime": "days", "loss": "day", "server_room": "good",
    }  # fmt: skip
    found = advise({**town, **changed})
    assert (found.level, found.saas) == (level, saas)


@given(st.integers(1, 10**6), st.integers(1, 10**5))
def test_the_first_copy_takes_longer_with_more_data_and_shorter_on_a_faster_line(data: int, line: int) -> None:
    assert duration_s(data, line) <= duration_s(data + 1, line)
    assert duration_s(data, line + 1) <= duration_s(data, line)
    assert nights(duration_s(data, line)) * NIGHT_S >= duration_s(data, line)


def test_250_gib_on_20_megabits_take_a_day_and_a_half() -> None:
    assert 37 * 3600 < duration_s(250, 20) < 38 * 3600
    assert nights(duration_s(250, 20)) == 4
