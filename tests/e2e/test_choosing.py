"""Choosing, asking with a price beside the form, question and answer, other terms, and many decisions: clicked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.portal import running_portal, somebody, wait_for

pytestmark = pytest.mark.browser
WORK_MS = 90_000
APPROVER = "approver@region.example"


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    """One portal for both widths; each has a town of its own."""
    with running_portal("portal-e2e-choosing") as base:
        yield base


@pytest.mark.parametrize(
    ("width", "town"), [(1280, "tecnico@comune.example"), (375, "tecnico@altro.example")], ids=["desk", "phone"]
)
def test_a_town_chooses_asks_answers_and_takes_the_regions_terms(
    browser: Browser, portal: str, width: int, town: str
) -> None:
    with somebody(browser, portal, town, width) as page:
        _choose(page)
        _half_a_form(page)
    with somebody(browser, portal, town, width) as page:
        address = _send_what_is_still_there(page)
        with somebody(browser, portal, APPROVER, width) as approver:
            _question_and_counter(approver, address)
        page.goto(address)
        assert_page_is_good(page, "choosing-counter-town")
        page.get_by_label("La tua risposta").fill("  ")
        page.get_by_role("button", name="Rifiuta, con questa risposta").click()
        assert_page_is_good(page, "choosing-answer-refused")
        page.get_by_role("button", name="Accetta queste condizioni").click()
        wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
        expect(page.locator("main")).to_contain_text("300 GiB")
        with somebody(browser, portal, APPROVER, width) as approver:
            _many(approver)
        page.goto("/subscriptions/")
        page.locator("tbody a").click()
        wait_for(page, page.get_by_role("heading", name="Il tuo spazio è pronto"), WORK_MS)
        page.get_by_role("link", name="Che cosa si conserva").click()
        assert_page_is_good(page, "choosing-leaving")
    with somebody(browser, portal, "operator@region.example", width) as page:
        page.goto("/interest/")
        assert_page_is_good(page, "choosing-interest")


def _choose(page: Page) -> None:
    page.goto("/choose/")
    assert_page_is_good(page, "choosing-questions")
    for answer in ("Da 1.000 a 3.000", "Nessuno in particolare", "Macchine virtuali con", "Qualche giorno"):
        page.get_by_label(answer).check()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#error-summary li")).to_have_count(2)
    page.get_by_label("Quello di un giorno").check()
    page.get_by_label("Buono, oppure").check()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#advice")).to_be_focused()
    assert_page_is_good(page, "choosing-advice")
    page.get_by_role("link", name="Quanto costa").click()
    assert_page_is_good(page, "choosing-prices")


def _half_a_form(page: Page) -> None:
    page.goto("/subscriptions/new/")
    page.get_by_label("Spazio").fill("800")
    expect(page.locator("#estimate")).to_contain_text("57,60 €")
    page.get_by_label("Velocità con cui").fill("20")
    expect(page.locator("#estimate")).to_contain_text("su questa linea")
    assert_page_is_good(page, "choosing-estimate")


def _send_what_is_still_there(page: Page) -> str:
    page.goto("/subscriptions/new/")
    expect(page.get_by_label("Spazio")).to_have_value("800")
    assert_page_is_good(page, "choosing-draft")
    page.get_by_role("button", name="Vai al riepilogo").click()
    assert_page_is_good(page, "choosing-summary")
    page.get_by_role("button", name="Invia la richiesta").click()
    wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
    return page.url


def _question_and_counter(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Chiedi altre informazioni").click()
    assert_page_is_good(page, "choosing-question")
    page.get_by_label("La tua domanda").fill("Quante postazioni?")
    page.get_by_role("button", name="Invia la domanda").click()
    page.get_by_role("link", name="Proponi altre condizioni").click()
    assert_page_is_good(page, "choosing-counter")
    page.get_by_label("Spazio").fill("300")
    page.get_by_label("Perché").fill("Per ora lo spazio è poco.")
    page.get_by_role("button", name="Invia la proposta").click()
    assert_page_is_good(page, "choosing-counter-region")


def _many(page: Page) -> None:
    page.goto("/requests/")
    page.locator("input[type=checkbox]").first.check()
    assert_page_is_good(page, "choosing-queue")
    page.get_by_role("button", name="Decidi su quelle scelte").click()
    assert_page_is_good(page, "choosing-decisions")
    page.get_by_role("button", name="Approva 1 piano").click()
    expect(page.locator("main")).to_contain_text("1 su 1")
    assert_page_is_good(page, "choosing-decided")


def test_without_scripts_the_questions_are_answered_and_the_prices_read(browser: Browser, portal: str) -> None:
    with somebody(browser, portal, "tecnico@comune.example", 375, scripts=False) as page:
        page.goto("/choose/")
        expect(page.get_by_role("button", name="Quale livello fa per te?")).to_be_visible()
        page.goto("/prices/")
        expect(page.locator("main")).to_contain_text("12,00 €")
