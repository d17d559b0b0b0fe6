"""The frame by itself: login, error pages, every shared part, in a browser, with and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSWORD
from tests.e2e.goodness import assert_page_is_good, screenshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.e2e.frame_urls"),
    pytest.mark.django_db(transaction=True),
]

OPEN_PAGES = {
    "home": "/",
    "parts": "/parts/",
    "login": "/accounts/login/",
    "how-to-get-access": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "password-reset-sent": "/accounts/password/reset/done/",
    "password-reset-bad-link": "/accounts/password/reset/key/1-bad/",
    "password-reset-done": "/accounts/password/reset/key/done/",
    **{f"error-{n}": f"/error/{n}/" for n in ("400", "403", "403_csrf", "404", "413", "429", "500", "503")},
    **{n: f"/{n}/" for n in ("privacy", "legal_notes", "accessibility", "contacts")},
}


def sign_in(page: Page, base: str, password: str = PASSWORD) -> None:
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("Indirizzo e-mail").fill("tecnico@comune.example")
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name="Accedi").click()


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_a_page_that_anybody_may_open_is_good(page: Page, live_server: Any, name: str) -> None:
    page.goto(live_server.url + OPEN_PAGES[name])
    assert_page_is_good(page, name)


def test_a_wrong_password_is_explained_and_the_explanation_has_the_focus(
    page: Page, live_server: Any, person: Any
) -> None:
    sign_in(page, live_server.url, "sbagliata")
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#error-summary li")).to_have_count(1)
    assert_page_is_good(page, "login-wrong")


def test_after_too_many_wrong_passwords_the_page_says_how_long_to_wait(
    page: Page, live_server: Any, person: Any
) -> None:
    for _ in range(9):
        sign_in(page, live_server.url, "sbagliata")
    expect(page.locator("main")).to_contain_text("quindici minuti")
    assert_page_is_good(page, "locked-out")


def test_a_person_sees_her_account_turns_the_app_on_and_is_shown_the_codes(
    page: Page, live_server: Any, person: Any
) -> None:
    from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time

    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/accounts/2fa/")
    assert_page_is_good(page, "account")
    page.goto(f"{live_server.url}/accounts/password/change/")
    assert_page_is_good(page, "password-change")
    page.goto(f"{live_server.url}/accounts/2fa/totp/activate/")
    assert_page_is_good(page, "reauthenticate")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Conferma").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attiva il codice da un'app")
    assert_page_is_good(page, "totp-activate")
    secret = page.locator("#totp-secret").inner_text().strip()
    page.get_by_label("Codice").fill(f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}")
    with page.expect_navigation():
        page.get_by_role("button", name="Attiva").click()
    page.goto(f"{live_server.url}/accounts/2fa/recovery-codes/")
    expect(page.locator(".mc-codes li")).to_have_count(10)
    assert_page_is_good(page, "recovery-codes")
    page.goto(f"{live_server.url}/accounts/2fa/totp/deactivate/")
    assert_page_is_good(page, "totp-deactivate")


def test_signing_out_takes_one_click_in_the_header(page: Page, live_server: Any, person: Any) -> None:
    sign_in(page, live_server.url)
    page.get_by_role("banner").get_by_role("button", name="Esci").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Accedi")).to_be_visible()


def test_the_language_changes_without_javascript_and_stays(browser: Browser, live_server: Any) -> None:
    context = browser.new_context(java_script_enabled=False, locale="it-IT")
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the portal")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"{live_server.url}/accounts/signup/")
    expect(page.get_by_role("heading", level=1)).to_have_text("How to get access")
    context.close()


def test_without_javascript_the_menu_of_a_small_screen_is_open(browser: Browser, live_server: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(f"{live_server.url}/parts/")
    expect(page.get_by_role("link", name="Registro degli atti")).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).to_be_hidden()
    screenshot(page, "parts-without-javascript")
    context.close()


def test_the_menu_opens_and_closes_by_keyboard(page: Page, live_server: Any, width: int) -> None:
    page.goto(f"{live_server.url}/parts/")
    link = page.get_by_role("link", name="Registro degli atti")
    if width >= 992:
        expect(link).to_be_visible()
        return
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(link).to_be_visible()


def test_the_first_tab_offers_to_skip_to_the_content(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_copying_a_configuration_copies_it_exactly_and_says_so(page: Page, live_server: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/parts/")
    page.get_by_role("button", name="Copia").click()
    expect(page.locator("#announce")).to_have_text("Copiato.")
    assert page.evaluate("navigator.clipboard.readText()").startswith("[mcloud]\ntype = s3\n")
