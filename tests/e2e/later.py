"""What people do with a subscription that stands: other terms, a new key, a pause, and the end."""

from playwright.sync_api import Browser, Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.portal import somebody, wait_for

# Removing wants a second look after ten seconds for each thing that others stand on.
WORK_MS = 120_000


def live_with_it(browser: Browser, portal: str, page: Page, width: int, space: int) -> None:
    """`page` is the town's, signed in; its subscription of `space` GiB stands and its first secret is collected."""
    home = _subscription(page)
    _change(browser, portal, page, width, home, space + 1)
    _new_key(page, home)
    _pause(browser, portal, page, width, home)
    _leave(browser, portal, page, width, home)


def _subscription(page: Page) -> str:
    page.goto("/subscriptions/")
    page.locator("tbody a").click()
    return page.url


def _change(browser: Browser, portal: str, page: Page, width: int, home: str, space: int) -> None:
    page.goto(home)
    page.get_by_role("link", name="Cambia spazio, archivi o conservazione…").click()
    assert_page_is_good(page, "later-change")
    page.get_by_label("Spazio").fill("0")
    page.get_by_role("button", name="Vai al riepilogo").click()
    expect(page.locator("#error-summary")).to_be_focused()
    page.get_by_label("Spazio").fill(str(space))
    page.get_by_role("button", name="Aggiungi un archivio").click()
    page.get_by_label("Nome dell'archivio 3").fill("foto")
    page.get_by_role("button", name="Vai al riepilogo").click()
    assert_page_is_good(page, "later-change-summary")
    page.get_by_role("button", name="Invia la richiesta").click()
    _approved(browser, portal, page, width, "later-change-review")
    page.goto(home)
    wait_for(page, page.get_by_text(f"{space} GiB"), WORK_MS)
    wait_for(page, page.get_by_role("link", name="Cambia spazio, archivi o conservazione…"), WORK_MS)


def _approved(browser: Browser, portal: str, page: Page, width: int, name: str) -> None:
    """The region reads the plan and agrees."""
    wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
    with somebody(browser, portal, "approver@region.example", width) as approver:
        approver.goto(page.url)
        assert_page_is_good(approver, name)
        approver.get_by_role("button", name="Approva questo piano").click()
        expect(approver.locator("#messages")).to_contain_text("approvata")


def _new_key(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_role("link", name="Una chiave nuova… (Chiave per scrivere le copie)").click()
    assert_page_is_good(page, "later-new-key")
    page.get_by_role("button", name="Crea una chiave nuova").click()
    wait_for(page, page.get_by_text("La chiave precedente funziona fino al"), WORK_MS)
    wait_for(page, page.get_by_role("link", name="Ritira il segreto (Chiave per scrivere le copie)"), WORK_MS)
    assert_page_is_good(page, "later-two-keys")


def _pause(browser: Browser, portal: str, page: Page, width: int, home: str) -> None:
    with somebody(browser, portal, "operator@region.example", width) as operator:
        operator.goto(home)
        operator.get_by_role("link", name="Sospendi la scrittura…").click()
        assert_page_is_good(operator, "later-suspend")
        operator.get_by_role("button", name="Sospendi ora la scrittura").click()
        wait_for(operator, operator.get_by_role("heading", name="L'adesione è sospesa"), WORK_MS)
        page.goto(home)
        assert_page_is_good(page, "later-suspended")
        operator.goto(home)
        operator.get_by_role("link", name="Riprendi la scrittura…").click()
        operator.get_by_role("button", name="Riprendi ora la scrittura").click()
        wait_for(operator, operator.get_by_role("link", name="Sospendi la scrittura…"), WORK_MS)


def _leave(browser: Browser, portal: str, page: Page, width: int, home: str) -> None:
    page.goto(home)
    name = page.locator("h1").inner_text()
    page.get_by_role("link", name="Recedi…").click()
    assert_page_is_good(page, "later-leave")
    page.get_by_label("Nome dell'ente").fill("Un altro")
    page.get_by_role("button", name="Chiedi il recesso").click()
    expect(page.get_by_role("alert")).to_contain_text("non è quello dell'ente")
    page.get_by_label("Nome dell'ente").fill(name)
    page.get_by_role("button", name="Chiedi il recesso").click()
    _approved(browser, portal, page, width, "later-leave-review")
    page.goto(home)
    wait_for(page, page.get_by_role("heading", name="Non si copia altro"), WORK_MS)
    assert_page_is_good(page, "later-leaving")
