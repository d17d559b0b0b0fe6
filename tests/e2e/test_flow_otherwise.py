"""The same flow for those who have no mouse, and for those whose browser runs no script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tenants.services.demo import DEMO_PASSWORD
from tests.e2e.goodness import screenshot
from tests.e2e.keys import enter, press, type_into
from tests.e2e.portal import confirm_that_it_is_me, running_portal, somebody, wait_for

pytestmark = pytest.mark.browser
WORK_MS = 90_000
APPROVER = "approver@region.example"


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    with running_portal("portal-e2e-otherwise") as base:
        yield base


def test_without_javascript_a_town_asks_follows_and_collects(browser: Browser, portal: str) -> None:
    with somebody(browser, portal, "tecnico@comune.example", 375, scripts=False) as page:
        page.get_by_role("link", name="Chiedi il livello 1").first.click()
        page.get_by_label("Nome dell'archivio 1").fill("protocollo")
        page.get_by_role("button", name="Aggiungi un archivio").click()
        page.get_by_label("Nome dell'archivio 2").fill("anagrafe")
        page.get_by_role("button", name="Togli l'archivio 1").click()
        expect(page.get_by_label("Nome dell'archivio 1")).to_have_value("anagrafe")
        page.get_by_role("button", name="Vai al riepilogo").click()
        page.get_by_role("button", name="Invia la richiesta").click()
        address = page.url
        _reload_until(page, page.get_by_role("heading", name="Il piano", exact=True))
        with somebody(browser, portal, APPROVER, 1280, scripts=False) as approver:
            approver.goto(address)
            approver.get_by_role("button", name="Approva questo piano").click()
            expect(approver.locator("#messages")).to_contain_text("approvata")
        page.goto("/subscriptions/")
        page.locator("tbody a").click()
        _reload_until(page, page.get_by_role("heading", name="Il tuo spazio è pronto"))
        page.get_by_role("link", name="Ritira: Chiave per scrivere le copie").click()
        confirm_that_it_is_me(page)
        page.get_by_role("button", name="Mostra il segreto adesso").click()
        expect(page.locator("#secret-key")).to_be_visible()
        screenshot(page, "flow-revealed-without-javascript")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Scarica rclone.conf").click()
        assert "secret_access_key" in waiting.value.path().read_text(encoding="utf-8")


def _reload_until(page: Page, wanted: Locator) -> None:
    """As a person does: the browser's reload, until it is there; half a minute of patience."""
    for _look in range(60):
        if wanted.is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(wanted).to_be_visible()


def test_by_keyboard_alone_a_town_asks_the_region_says_yes_and_the_secret_is_collected(
    browser: Browser, portal: str
) -> None:
    with somebody(browser, portal, "tecnico@altro.example", 1280) as page:
        press(page, "Chiedi il livello 1")
        type_into(page, "Nome dell'archivio 1", "protocollo")
        page.keyboard.press("Enter")  # goes on, and neither adds nor removes an archive
        expect(page.locator("h1")).to_have_text("Controlla e invia")
        press(page, "Invia la richiesta")
        wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
        address = page.url
        with somebody(browser, portal, APPROVER, 1280) as approver:
            approver.goto(address)
            type_into(approver, "Nota per l'ente", "Va bene.")
            press(approver, "Approva questo piano")
            expect(approver.locator("#messages")).to_contain_text("approvata")
        page.goto("/subscriptions/")
        press(page, "Comune di Altrove sul Metauro")
        wait_for(page, page.get_by_role("heading", name="Il tuo spazio è pronto"), WORK_MS)
        press(page, "Ritira: Chiave per scrivere le copie")
        if "reauthenticate" in page.url:
            type_into(page, "Password", DEMO_PASSWORD)
            enter(page)
        press(page, "Mostra il segreto adesso")
        expect(page.locator("#secret-key")).to_be_visible()
