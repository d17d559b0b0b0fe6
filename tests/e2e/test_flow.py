"""The flow, clicked through by the people who do it: ask, decide, follow, collect, at a desk and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.later import live_with_it
from tests.e2e.portal import confirm_that_it_is_me, running_portal, sign_in, somebody, wait_for

pytestmark = pytest.mark.browser
# Approved to ready: seconds on an idle machine; the deadline is for a loaded one.
WORK_MS = 90_000


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    """One portal for both widths; each has a town of its own."""
    with running_portal("portal-e2e") as base:
        yield base


@pytest.mark.parametrize(
    ("width", "town"), [(1280, "tecnico@comune.example"), (375, "tecnico@altro.example")], ids=["desk", "phone"]
)
def test_a_town_asks_the_region_says_yes_and_the_secret_is_shown_once(
    browser: Browser, portal: str, width: int, town: str
) -> None:
    play(browser, portal, width, town)


def play(browser: Browser, portal: str, width: int, town: str, space: str = "500") -> None:
    """The whole flow, once; `space` in GiB must fit the region."""
    with somebody(browser, portal, town, width) as page:
        page.get_by_role("banner").get_by_role("button", name="Esci").click()
        assert_page_is_good(page, "flow-home-nobody")
        sign_in(page, town)
        address = _ask(page, space)
        with somebody(browser, portal, "approver@region.example", width) as approver:
            _approve(approver, address)
        _follow(page)
        _collect(page)
        live_with_it(browser, portal, page, width, int(space))
    with somebody(browser, portal, "operator@region.example", width) as operator:
        _look_behind(operator)


def _ask(page: Page, space: str) -> str:
    """The request's address, after every page on the way was good."""
    assert_page_is_good(page, "flow-home-nothing-yet")
    page.get_by_role("link", name="Chiedi il livello 1").first.click()
    assert_page_is_good(page, "flow-ask")
    page.get_by_label("Spazio").fill("99999")
    page.get_by_label("Nome dell'archivio 1").fill("Protocollo Ufficio")
    page.get_by_role("button", name="Vai al riepilogo").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#error-summary li")).to_have_count(2)
    assert_page_is_good(page, "flow-ask-refused")
    page.get_by_label("Spazio").fill(space)
    page.get_by_label("Nome dell'archivio 1").fill("protocollo")
    page.get_by_role("button", name="Aggiungi un archivio").click()
    expect(page.get_by_label("Nome dell'archivio 2")).to_be_focused()
    page.get_by_label("Nome dell'archivio 2").fill("anagrafe")
    page.get_by_label("Assoluto: nessuno").check()
    page.get_by_role("button", name="Vai al riepilogo").click()
    assert_page_is_good(page, "flow-summary-absolute")
    page.get_by_role("button", name="Invia la richiesta").click()
    expect(page.locator("#error-summary li")).to_have_count(1)
    page.get_by_role("button", name="Torna indietro e modifica").click()
    expect(page.get_by_label("Nome dell'archivio 2")).to_have_value("anagrafe")
    page.get_by_label("Nessun blocco").check()
    page.get_by_role("button", name="Vai al riepilogo").click()
    expect(page.locator("main")).to_contain_text("Passo 2 di 2")
    assert_page_is_good(page, "flow-summary")
    page.get_by_role("button", name="Invia la richiesta").click()
    wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
    assert_page_is_good(page, "flow-request-town")
    return page.url


def _approve(page: Page, address: str) -> None:
    assert_page_is_good(page, "flow-home-region")
    page.goto("/requests/")
    assert_page_is_good(page, "flow-queue")
    page.goto(address)
    expect(page.locator(".mc-plan li")).to_have_count(10)
    assert_page_is_good(page, "flow-review")
    page.get_by_role("link", name="Respingi").click()
    assert_page_is_good(page, "flow-reject")
    page.get_by_role("link", name="Annulla").click()
    page.get_by_label("Nota per l'ente").fill("Va bene così.")
    page.get_by_role("button", name="Approva questo piano").click()
    expect(page.locator("#messages")).to_contain_text("approvata")


def _follow(page: Page) -> None:
    """The page that was left open shows by itself what the region decided and what the workers did."""
    page.goto("/subscriptions/")
    assert_page_is_good(page, "flow-subscriptions")
    page.locator("tbody a").click()
    wait_for(page, page.get_by_role("heading", name="Il tuo spazio è pronto"), WORK_MS)
    expect(page.locator("#live[hx-get]")).to_have_count(0)
    assert_page_is_good(page, "flow-subscription-ready")


def _collect(page: Page) -> None:
    page.get_by_role("link", name="Ritira il segreto (Chiave per scrivere le copie)").click()
    confirm_that_it_is_me(page)
    assert_page_is_good(page, "flow-reveal-confirm")
    address = page.url
    page.get_by_role("button", name="Mostra il segreto adesso").click()
    secret = page.locator("#secret-key").inner_text().strip()
    assert len(secret) > 20
    expect(page.locator("#rclone")).to_contain_text(secret)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Scarica rclone.conf").click()
    saved = waiting.value.path().read_text(encoding="utf-8")
    assert waiting.value.suggested_filename == "rclone.conf"
    assert f"secret_access_key = {secret}" in saved
    assert_page_is_good(page, "flow-revealed")
    page.goto(address)
    expect(page.locator("main")).to_contain_text("già stato mostrato, una volta sola")
    expect(page.get_by_role("button", name="Mostra il segreto adesso")).to_have_count(0)
    assert_page_is_good(page, "flow-reveal-again")
    page.get_by_role("link", name="Torna all'adesione").click()
    expect(page.locator("main")).not_to_contain_text(secret)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="s3cmd").first.click()
    assert secret not in waiting.value.path().read_text(encoding="utf-8")
    page.get_by_role("link", name="Tutto ciò che è successo").click()
    assert_page_is_good(page, "flow-events")


def _look_behind(page: Page) -> None:
    """The region's other pages."""
    page.goto("/console/")
    assert_page_is_good(page, "flow-console")
    page.locator("tbody a").first.click()
    assert_page_is_good(page, "flow-console-stack")
    page.goto("/capacity/")
    assert_page_is_good(page, "flow-capacity")
    page.goto("/authorities/")
    assert_page_is_good(page, "flow-authorities")
    page.get_by_role("link", name="Controlla e verifica").first.click()
    assert_page_is_good(page, "flow-verify")
