"""Every page that opens by its address, found by walking them: accessible, in its window, inside its policy.

What stands between (a form refused, a step, a page that a click makes) is looked at where it is clicked.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import WIDTHS
from tests.e2e.goodness import WIDE_ELEMENTS, accessibility_faults
from tests.e2e.portal import signed_in
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.addresses import Address, addresses
from tests.scene.stage import Stage, stage

__all__ = ["region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Who is tried, in this order, until the page opens.
READERS = ("owner", "stranger", "operator", "approver", "administrator", "nobody", "anonymous")


def test_every_page_is_good_at_a_desk_and_on_a_phone(browser: Browser, live_server: Any, stage: Stage) -> None:
    pages = {who: _page_of(browser, live_server.url, stage, who) for who in READERS}
    wrong, seen = [], 0
    for address in addresses():
        who = None if address.is_api else _who_reads(stage, address)
        if who is not None:
            seen += 1
            wrong += [f"{who} {address}: {fault}" for fault in _faults(pages[who], address.of(stage.town))]
    for page in pages.values():
        wrong += page.csp_violations  # type: ignore[attr-defined]
        page.context.close()
    assert wrong == []
    assert seen >= 55


def _who_reads(stage: Stage, address: Address) -> str | None:
    for who in READERS:
        answer = stage.pages.client(who).get(address.of(stage.town))
        if answer.status_code == 200 and not answer.streaming and b"<html" in answer.content[:200]:
            return who
    return None


def _page_of(browser: Browser, base: str, stage: Stage, who: str) -> Page:
    """A browser in which somebody has signed in."""
    context = browser.new_context(base_url=base, locale="it-IT")
    signed_in(context, base, stage, who)
    page = context.new_page()
    page.csp_violations = []  # type: ignore[attr-defined]
    page.on(
        "console", lambda said: page.csp_violations.append(said.text) if "Security Policy" in said.text else None
    )  # type: ignore[attr-defined]
    return page


def _faults(page: Page, path: str) -> list[str]:
    found = []
    page.goto(path, wait_until="load")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width} px: {fault}" for fault in accessibility_faults(page)]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{width} px: scrolls sideways because of {page.evaluate(WIDE_ELEMENTS)}")
    if page.locator("h1").count() != 1 or page.locator("main").count() != 1:
        found.append("a page has exactly one h1 and one main")
    return found
