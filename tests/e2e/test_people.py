"""How a body and its people come in, clicked through, at a desk and on a phone; mails are the portal's files."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.portal import ROOT, confirm_that_it_is_me, running_portal, somebody
from tests.tenants.registering import typed

pytestmark = pytest.mark.browser
FOLDER = "portal-e2e-people"
MAILS = ROOT / ".run" / FOLDER / "data" / "mail"
WORK_S = 90


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    """One portal for both widths; each registers a body of its own."""
    with running_portal(FOLDER) as base:
        yield base


def mailed(to: str, pattern: str) -> str:
    """What the pattern finds in the newest mail to this address, once a worker has sent it."""
    deadline = time.monotonic() + WORK_S
    while time.monotonic() < deadline:
        found = [m for file in _newest_first() if (m := _find(file, to, pattern))]
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {to} came within {WORK_S} s.")


def _newest_first() -> list[Path]:
    return sorted(MAILS.glob("*.log"), key=lambda p: p.stat().st_mtime, reverse=True) if MAILS.exists() else []


def _find(file: Path, to: str, pattern: str) -> str:
    text = file.read_text(encoding="utf-8")
    found = re.search(pattern, text) if f"To: {to}" in text else None
    return found[1] if found else ""


@pytest.mark.parametrize(("width", "serial"), [(1280, 301), (375, 302)], ids=["desk", "phone"])
def test_a_town_registers_itself_and_its_technician_signs_in(
    browser: Browser, portal: str, width: int, serial: int
) -> None:
    pec, mail = f"protocollo@pec.nuovo{serial}.example", f"nina@nuovo{serial}.example"
    with somebody(browser, portal, "tecnico@comune.example", width) as page:
        page.get_by_role("banner").get_by_role("button", name="Esci").click()
        page.goto("/accounts/signup/")
        page.get_by_role("link", name="Registra il tuo ente").click()
        assert_page_is_good(page, "people-register")
        _fill(page, typed(serial, pec=pec, contact_email=mail, fiscal_code="12345678901"))
        expect(page.locator("#error-summary")).to_be_focused()
        assert_page_is_good(page, "people-register-refused")
        _fill(page, typed(serial, pec=pec, contact_email=mail))
        assert_page_is_good(page, "people-code")
        page.get_by_label("Codice").fill("AAAA-AAAA")
        page.get_by_role("button", name="Conferma l'indirizzo PEC").click()
        assert_page_is_good(page, "people-code-wrong")
        page.get_by_label("Codice").fill(mailed(pec, r"\n +([A-Z2-9]{4}-[A-Z2-9]{4})\n"))
        page.get_by_role("button", name="Conferma l'indirizzo PEC").click()
        expect(page.get_by_role("heading", name="Ora tocca alla regione")).to_be_visible()
        assert_page_is_good(page, "people-to-check")
        with somebody(browser, portal, "operator@region.example", width) as operator:
            operator.goto("/authorities/")
            assert_page_is_good(operator, "people-authorities")
            operator.get_by_role("link", name=f"Comune di Prova {serial}", exact=True).click()
            assert_page_is_good(operator, "people-review")
            operator.get_by_role("button", name="Sì: registralo e verificalo").click()
            expect(operator.locator("#messages")).to_contain_text("registrato")
        page.goto(mailed(mail, r"https?://[^/]+(/invitation/\S+)"))
        assert_page_is_good(page, "people-join")
        page.get_by_label("Il tuo nome e cognome").fill("Nina Nuova")
        page.get_by_label("Password", exact=True).fill("una frase lunga e sola")
        page.get_by_label("La password, un'altra volta").fill("una frase lunga e sola")
        page.get_by_role("button", name="Accetta e apri l'account").click()
        expect(page.get_by_role("heading", name=f"Comune di Prova {serial}")).to_be_visible()
        assert_page_is_good(page, "people-first-page")


def _fill(page: Page, told: dict[str, str]) -> None:
    for name, value in told.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Invia e ricevi il codice via PEC").click()


@pytest.mark.parametrize(("width", "serial"), [(1280, 303), (375, 304)], ids=["desk", "phone"])
def test_a_letter_goes_to_the_region_instead(browser: Browser, portal: str, width: int, serial: int) -> None:
    told = typed(serial, pec=f"protocollo@pec.nuovo{serial}.example")
    letter = {"name": "lettera.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 a letter"}
    with somebody(browser, portal, "tecnico@comune.example", width) as page:
        page.get_by_role("banner").get_by_role("button", name="Esci").click()
        page.goto("/register/")
        _fill(page, told)
        page.get_by_role("link", name="Manda una lettera firmata").click()
        assert_page_is_good(page, "people-letter")
        page.locator("[name=papers]").set_input_files([letter])  # type: ignore[list-item]
        page.get_by_role("button", name="Manda la lettera alla regione").click()
        expect(page.locator("main")).to_contain_text("La tua lettera è arrivata.")
        with somebody(browser, portal, "operator@region.example", width) as operator:
            operator.goto("/authorities/")
            operator.get_by_role("link", name=f"Comune di Prova {serial}", exact=True).click()
            assert_page_is_good(operator, "people-review-letter")


@pytest.mark.parametrize("width", [1280, 375], ids=["desk", "phone"])
def test_an_owner_looks_after_people_mandates_and_programs(browser: Browser, portal: str, width: int) -> None:
    with somebody(browser, portal, "tecnico@comune.example", width) as page:
        page.goto("/people/")
        assert_page_is_good(page, "people-of-a-town")
        page.get_by_label("Indirizzo e-mail").fill(f"nuova{width}@comune.example")
        page.get_by_role("button", name="Manda l'invito").click()
        expect(page.locator("#messages")).to_contain_text("in partenza")
        page.get_by_role("link", name="Dai un mandato").click()
        assert_page_is_good(page, "people-mandate")
        page.get_by_label("Fino a").fill("2020-01-01")
        page.get_by_role("button", name="Dai il mandato").click()
        assert_page_is_good(page, "people-mandate-refused")
        page.get_by_role("link", name="Annulla").click()
        page.get_by_role("link", name="Ritira").first.click()
        assert_page_is_good(page, "people-withdraw")
        page.get_by_role("button", name="Ritiralo").click()
        page.goto("/tokens/")
        page.get_by_role("link", name="Emetti un token").first.click()
        confirm_that_it_is_me(page)
        assert_page_is_good(page, "people-token-new")
        page.get_by_label("A che cosa serve").fill("Prova")
        page.locator("[name=scopes][value='authorities:read']").check()
        page.get_by_role("button", name="Emettilo e mostralo una volta").click()
        assert_page_is_good(page, "people-token-shown")
        page.get_by_role("link", name="L'ho messo al sicuro").click()
        page.get_by_role("link", name="Apri un account per un programma").click()
        assert_page_is_good(page, "people-program")
        page.get_by_label("Nome del programma").fill(f"Script {width}")
        page.get_by_role("button", name="Apri l'account").click()
        page.goto("/tokens/")
        assert_page_is_good(page, "people-tokens")


@pytest.mark.parametrize("width", [1280, 375], ids=["desk", "phone"])
def test_two_operators_let_somebody_in(browser: Browser, portal: str, width: int) -> None:
    _subscribe(portal)
    with somebody(browser, portal, "tecnico@comune.example", width) as owner:
        owner.goto("/subscriptions/")
        owner.locator("tbody a").first.click()
        owner.get_by_role("link", name="Stampa il kit di emergenza").click()
        confirm_that_it_is_me(owner)
        assert_page_is_good(owner, "kit-confirm")
        owner.get_by_role("button", name="Mostra il kit da stampare").click()
        assert_page_is_good(owner, "kit")
    with (
        somebody(browser, portal, "operator@region.example", width) as first,
        somebody(browser, portal, "admin@region.example", width) as second,
    ):
        second.goto("/people/")
        assert_page_is_good(second, "people-of-the-region")
        first.goto("/authorities/")
        # Its people; the other link of the row, whose name ends in the same, suspends it.
        first.get_by_role("link", name=re.compile("^Comune di Demonte Marina")).click()
        assert_page_is_good(first, "people-seen-by-the-region")
        first.get_by_role("link", name="Fai entrare qualcuno").click()
        confirm_that_it_is_me(first)
        assert_page_is_good(first, "way-in-open")
        first.get_by_label("Emergenza: serve oggi").check()
        first.get_by_label("Nome e cognome").fill("Sindaca Salva")
        first.get_by_label("Come hai identificato").fill("Richiamata al numero che avevamo, vista in video.")
        first.get_by_role("button", name="Ho identificato la persona").click()
        assert_page_is_good(first, "way-in-first-half")
        second.goto("/ways-in/")
        assert_page_is_good(second, "ways-in")
        second.get_by_role("link", name="Comune di Demonte Marina").click()
        confirm_that_it_is_me(second)
        assert_page_is_good(second, "way-in-confirm")
        second.get_by_label("Come hai identificato").fill("Richiamata in municipio provvisorio, la conosco.")
        second.get_by_role("button", name="Ho identificato anch'io la persona").click()
        assert_page_is_good(second, "way-in-second-half")
        halves = [one.locator("#half").inner_text().strip() for one in (first, second)]
        first.goto("/emergency/")
        assert_page_is_good(first, "emergency")
        first.get_by_label("Codice del tuo ente").fill("demo_01")
        first.get_by_label("Prima metà").fill("AAAA-AAAA")
        first.get_by_label("Seconda metà").fill("AAAA-AAAA")
        first.get_by_role("button", name="Mostrami la chiave").click()
        assert_page_is_good(first, "emergency-refused")
        _collect(first, halves)
        assert_page_is_good(first, "emergency-shown")
        expect(first.locator("#restic")).to_contain_text("restic restore latest")


def _collect(page: Page, halves: list[str]) -> None:
    """Both halves until the key is there: the second time a new one is made first."""
    deadline = time.monotonic() + WORK_S
    while time.monotonic() < deadline and not page.locator("#secret-key").count():
        page.goto("/emergency/")
        page.get_by_label("Codice del tuo ente").fill("demo_01")
        page.get_by_label("Prima metà").fill(halves[0])
        page.get_by_label("Seconda metà").fill(halves[1])
        page.get_by_role("button", name="Mostrami la chiave").click()
        page.wait_for_timeout(500 if not page.locator("#secret-key").count() else 0)


def _subscribe(portal: str) -> None:
    """The demo Comune has level 1, asked and approved by the API; nothing when it has it already."""
    owner, approver = (_token(f"{who}.example") for who in ("tecnico@comune", "approver@region"))
    if _call(portal, owner, "/subscriptions/")["items"]:
        return
    town = _call(portal, owner, "/authorities/")["items"][0]["id"]
    terms = {
        "quota_gib": 100,
        "archives": [{"name": "backup", "expected_interval_hours": 24}],
        "retention_days": 30,
    }
    made = _call(portal, owner, "/subscriptions/", {"authority": town, "level": 1, "terms": {**terms, "copies": 3}})
    _until(lambda: _call(portal, approver, f"/requests/{made['request']}/")["state"] == "awaiting_decision")
    digest = _call(portal, approver, f"/requests/{made['request']}/plan/")["digest"]
    _call(portal, approver, f"/requests/{made['request']}/approve/", {"plan_digest": digest})
    _until(lambda: _call(portal, owner, f"/subscriptions/{made['id']}/")["state"] == "active")


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WORK_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _token(email: str) -> str:
    scopes = "authorities:read,subscriptions:read,subscriptions:write,requests:decide"
    command = [sys.executable, "-m", "lab.portal", "manage", "--folder", FOLDER, "--", "issue_token", email]
    done = subprocess.run([*command, "--scope", scopes], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def _call(portal: str, token: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The API's answer; a POST when there is a body."""
    request = urllib.request.Request(
        f"{portal}/rest/elaastic/v1{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
