"""Pages cost the same whether the region has three subscriptions or thirty; what each may cost is committed here.

A page that needs more fails: raise its number only together with the reason. `query_budgets.json` counts every
query of the answer, session and person included.
"""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elaastic.models import Subscription
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import Pages
from tests.personas import details

BUDGETS: dict[str, dict[str, int]] = json.loads(
    (Path(__file__).parent / "query_budgets.json").read_text(encoding="utf-8")
)
MORE = 4


@pytest.fixture
def crowded(pages: Pages) -> dict[str, str]:
    """A few towns with a subscription each, and some that wait."""
    first = pages.active()
    _neighbours(pages, 0)
    return {
        "subscription": str(first.public_id),
        "request": str(first.requests.get().public_id),
        "stack": first.stack_key,
    }


def _neighbours(pages: Pages, offset: int) -> None:
    from elaastic.services.asking import request_subscription
    from elaastic.services.deciding import approve_request
    from tenants.services.authorities import register_authority
    from tests.elaastic.flow import TERMS

    made = []
    for serial in range(MORE):
        town = register_authority(details=details(100 + offset + serial), by=pages.world["operator"].actor)
        by = pages.world["onboarding"].actor
        made.append(request_subscription(authority=town, level=1, terms=TERMS, by=by))
    workers_make_plans()
    for request in made[::2]:
        request.refresh_from_db()
        approve_request(request=request, plan_digest=request.plan_digest, by=pages.world["approver"].actor)
    workers_bring_everything_up()


def _cost(pages: Pages, who: str, path: str) -> int:
    pages.get(who, path)
    with CaptureQueriesContext(connection) as seen:
        assert pages.get(who, path).status_code == 200, f"{who} {path}"
    return len(seen.captured_queries)


def test_every_page_keeps_its_budget_and_does_not_grow_with_the_region(
    pages: Pages, crowded: dict[str, str]
) -> None:
    before = _all(pages, crowded)
    assert before == BUDGETS, json.dumps(before, indent=1)
    _neighbours(pages, MORE)
    assert Subscription.objects.count() == 1 + 2 * MORE
    assert _all(pages, crowded) == BUDGETS


def _all(pages: Pages, names: dict[str, str]) -> dict[str, dict[str, int]]:
    return {
        address: {who: _cost(pages, who, address.format(**names)) for who in people}
        for address, people in BUDGETS.items()
    }
