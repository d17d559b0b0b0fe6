"""Recommendation, price list and estimate, as a script and an anonymous visitor get them."""

from decimal import Decimal

import pytest

from elaastic.levels.advice import QUESTIONS
from elaastic.models import Interest, PriceRow, Subscription
from provisioning.models import CapacityRow
from tenants.models import AuditEvent
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.prices import publish

ANSWERS = {name: known[-1] for name, known in QUESTIONS.items()}
TINY = {**ANSWERS, "population": "under_1000", "staff": "nobody"}


@pytest.mark.parametrize("who", ["anonymous", "owner", "auditor"])
def test_six_answers_give_a_level_and_its_reasons_to_anybody(flow: Flow, who: str) -> None:
    answer = flow.post(who, "/recommendations/", ANSWERS)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["level"], found["saas"], found["available"], found["start_with"]) == (4, False, False, 1)
    assert all(reason["text"] and reason["code"] for reason in found["reasons"])
    assert not Interest.objects.exists()


def test_each_missing_or_unknown_answer_is_named(flow: Flow) -> None:
    refused = flow.post("anonymous", "/recommendations/", {**ANSWERS, "loss": "never", "colour": "red"})
    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"colour"}
    refused = flow.post("anonymous", "/recommendations/", {**ANSWERS, "loss": "never"})
    assert set(refused.json()["errors"]) == {"loss"}
    refused = flow.post("anonymous", "/recommendations/")
    assert set(refused.json()["errors"]) == set(QUESTIONS)


def test_the_interest_of_a_very_small_authority_is_recorded_once_and_of_strangers_counted(flow: Flow) -> None:
    for who in ("anonymous", "anonymous", "owner", "owner", "auditor"):
        found = flow.post(who, "/recommendations/", TINY).json()
        assert (found["saas"], found["level"]) == (True, 1)
    unknown, own = Interest.objects.get(authority=None), Interest.objects.get(authority=flow.world.home)
    assert (unknown.times, own.times) == (3, 2)
    assert own.answers == TINY
    assert AuditEvent.objects.filter(action="interest.recorded", authority=flow.world.home).count() == 1


def test_anonymous_visitors_are_throttled(flow: Flow, settings: object) -> None:
    settings.API_CALLS_PER_MINUTE_ANONYMOUS = 2  # type: ignore[attr-defined]
    codes = [flow.post("anonymous", "/recommendations/", ANSWERS).status_code for _ in range(4)]
    assert codes[-1] == 429


def test_levels_show_the_prices_in_force_and_their_dates(flow: Flow) -> None:
    assert [level["price_list"] for level in flow.get("anonymous", "/levels/").json()["items"]] == [[]] * 4
    publish(flow.world)
    found = flow.get("anonymous", "/levels/1/").json()["price_list"]
    assert [(p["item"], p["price"], p["valid_from"]) for p in found] == [
        ("storage_gib", {"amount": "0.019", "currency": "EUR"}, "2026-01-01"),
        ("subscription", {"amount": "12.00", "currency": "EUR"}, "2026-01-01"),
    ]
    assert flow.get("anonymous", "/levels/").json()["items"][0]["price_list"] == found


def test_an_estimate_says_price_room_place_and_time_and_stores_nothing(flow: Flow) -> None:
    publish(flow.world)
    body = {"level": 1, "terms": {**TERMS, "quota_gib": 500}, "uplink_mbit": 20}
    found = flow.post("owner", "/estimates/", {**body, "authority": str(flow.world.home.public_id)}).json()
    assert found["monthly_total"] == {"amount": "40.50", "currency": "EUR"}
    assert [(line["item"], line["quantity"], line["amount"]["amount"]) for line in found["price_lines"]] == [
        ("subscription", 1, "12.00"),
        ("storage_gib", 1500, "28.50"),
    ]
    assert sum(Decimal(line["amount"]["amount"]) for line in found["price_lines"]) == Decimal("40.50")
    assert found["fits"]
    assert found["placement"]["sites"] == ["ancona", "macerata", "pesaro"]
    assert {(e["site"], e["amount"], e["fits"]) for e in found["capacity"]} == {
        ("ancona", 500, True), ("macerata", 500, True), ("pesaro", 500, True)
    }  # fmt: skip
    assert (found["data_gib"], found["first_copy_s"]) == (250, 134218)
    assert not Subscription.objects.exists()


def test_an_estimate_of_what_fits_nowhere_says_where_it_does_not(flow: Flow) -> None:
    CapacityRow.objects.filter(site="pesaro").update(total=50)
    found = flow.post("owner", "/estimates/", {"level": 1, "terms": TERMS}).json()
    assert (found["fits"], found["placement"], found["monthly_total"]) == (False, None, None)
    assert set(found["missing_prices"]) == {"subscription", "storage_gib"}
    assert {e["site"]: e["fits"] for e in found["capacity"]} == {"ancona": True, "macerata": True, "pesaro": False}


def test_an_estimate_names_what_is_wrong_with_the_terms(flow: Flow) -> None:
    refused = flow.post("owner", "/estimates/", {"level": 1, "terms": {**TERMS, "quota_gib": 0, "copies": 7}})
    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"terms.quota_gib", "terms.copies"}
    assert flow.post("owner", "/estimates/", {"level": 3, "terms": {}}).json()["code"] == "level_unavailable"
    foreign = {"level": 1, "terms": TERMS, "authority": str(flow.world.other.public_id)}
    assert set(flow.post("owner", "/estimates/", foreign).json()["errors"]) == {"authority"}


def test_a_price_that_has_begun_is_never_another_one(flow: Flow) -> None:
    from datetime import timedelta

    from elaastic.levels.pricing import Price
    from elaastic.services.pricing import publish_prices
    from tenants.models.errors import Forbidden, Invalid
    from tests.elaastic.prices import BEGAN

    publish(flow.world)
    by = flow.world["operator"].actor
    with pytest.raises(Invalid):
        publish_prices([Price(1, "subscription", Decimal("1"), BEGAN)], by=by)
    future = PriceRow.objects.get(valid_from__gt=BEGAN)
    corrected = Price(1, future.item, Decimal("0.0100"), future.valid_from)
    assert publish_prices([corrected, corrected], by=by) >= 1
    assert publish_prices([Price(1, "subscription", Decimal("12.00"), BEGAN)], by=by) == 0
    with pytest.raises(Forbidden):
        publish_prices([Price(1, "node", Decimal("1"), BEGAN + timedelta(days=1))], by=flow.world["owner"].actor)
    assert PriceRow.objects.count() == 3
