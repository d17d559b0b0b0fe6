"""The machines' pages in a browser: nothing yet, and something of everything."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from elaastic.models import Subscription
from elaastic.services.asking import request_subscription
from provisioning.services.clock import now
from tests.e2e.goodness import assert_page_is_good
from tests.elaastic.images import arrived, looked
from tests.elaastic.machines import TERMS_2, hybrid
from tests.elaastic.region import MemoryProvider, region, workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import Pages
from tests.personas import World, world

__all__ = ["hybrid", "region", "world"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def row(world: World, hybrid: MemoryProvider) -> Subscription:
    asked = request_subscription(authority=world.home, level=2, terms=TERMS_2, by=world["owner"].actor)
    workers_make_plans()
    Pages(world).approves(asked)
    workers_bring_everything_up()
    return Subscription.objects.get(pk=asked.subscription_id)


@pytest.mark.parametrize("state", ["empty", "full"])
def test_the_machines_and_their_images(
    browser: Browser, width: int, live_server: Any, world: World, row: Subscription, state: str
) -> None:
    if state == "full":
        looked(row, strays=["lettera.txt", "vecchio/disco.raw"], stray_count=2)
        arrived(row, 50, sum_file="matches")
        arrived(row, 1, "refused", reason="BackingFile")
        arrived(row, 0.2, "looking", unreadable=True)
        arrived(row, 600, gone_at=now() - timedelta(days=3))
        arrived(row, 20, machine="files", form="vma")
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="it-IT")
    client = Pages(world).client("owner")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.csp_violations = []  # type: ignore[attr-defined]
    page.on(
        "console", lambda said: page.csp_violations.append(said.text) if "Security Policy" in said.text else None
    )
    page.goto(f"{live_server.url}/subscriptions/{row.public_id}/")
    assert_page_is_good(page, f"images-subscription-{state}")
    page.get_by_role("link", name="Le macchine e le loro immagini").click()
    assert_page_is_good(page, f"images-{state}")
    page.get_by_role("table").get_by_role("link", name="web").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("web")
    assert_page_is_good(page, f"images-web-{state}")
    context.close()
