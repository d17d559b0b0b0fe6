"""The flow in a browser with a real Ceph cluster behind the portal instead of the simulated region."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.portal import running_portal
from tests.e2e.test_flow import play

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    with running_portal("portal-e2e-lab", region="lab") as base:
        yield base


def test_on_a_real_cluster_a_town_asks_and_collects(browser: Browser, portal: str) -> None:
    play(browser, portal, 1280, "tecnico@comune.example", space="2")
