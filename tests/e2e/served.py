"""A browser on pages that the test itself serves."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext


@pytest.fixture
def context(browser: Browser, width: int, live_server: Any) -> Iterator[BrowserContext]:
    """As the other `context`, with the test's server behind every address."""
    made = browser.new_context(viewport={"width": width, "height": 800}, locale="it-IT", base_url=live_server.url)
    yield made
    made.close()
