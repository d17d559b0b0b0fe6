"""Level 2 by keys alone, at a desk and on a phone: asked for, and stepped up to from level 1."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from elaastic.models import Draft, Request
from tests.e2e.goodness import assert_page_is_good
from tests.e2e.keys import LABEL, press, tab_to, type_into
from tests.e2e.portal import signed_in
from tests.e2e.served import context
from tests.elaastic.region import region, workers_bring_everything_up, workers_make_plans
from tests.personas import world
from tests.scene.acts import nothing_open
from tests.scene.stage import Stage, stage

__all__ = ["context", "region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fill_in(page: Page, number: int, name: str, kind: str) -> None:
    """One machine's fields, in their order."""
    type_into(page, f"Nome della macchina {number}", name)
    page.keyboard.press("Tab")
    while not page.evaluate(LABEL).startswith(kind):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    type_into(page, f"Processori della macchina {number}", "1")


def test_a_town_asks_for_level_2(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    signed_in(page.context, live_server.url, stage, "stranger")
    page.goto("/subscriptions/new/2/")
    assert_page_is_good(page, "level2-empty")
    fill_in(page, 1, "files", "Tiene dati propri")
    press(page, "Aggiungi una macchina")
    page.keyboard.type("web")
    fill_in(page, 2, "web", "Non tiene nulla")
    assert_page_is_good(page, "level2-filled")
    type_into(page, "Indirizzi delle macchine in sede", "8.8.8.0/24")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#error-summary")).to_contain_text("rete privata")
    assert_page_is_good(page, "level2-wrong")
    type_into(page, "Indirizzi delle macchine in sede", "192.168.7.0/24")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Controlla")
    assert_page_is_good(page, "level2-summary")
    press(page, "Invia la richiesta")
    asked = Request.objects.latest("pk")
    assert [(m["name"], m["nature"]) for m in asked.terms["machines"]] == [
        ("files", "stateful"), ("web", "stateless"),
    ]  # fmt: skip


def test_a_town_steps_up(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    nothing_open(stage)
    Draft.objects.all().delete()
    signed_in(page.context, live_server.url, stage, "owner")
    there = f"/subscriptions/{stage.town.subscription.public_id}/"
    page.goto(there)
    press(page, "Sali al livello 2")
    fill_in(page, 1, "protocollo", "Tiene dati propri")
    assert_page_is_good(page, "step-up")
    press(page, "Vai al riepilogo")
    assert_page_is_good(page, "step-up-summary")
    press(page, "Invia la richiesta")
    asked = Request.objects.latest("pk")
    assert (asked.kind, asked.level) == ("change", 2)
    workers_make_plans()
    page.reload()
    assert_page_is_good(page, "step-up-plan")
    asked.refresh_from_db()
    assert stage.pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    page.goto(there)
    expect(page.locator("main")).to_contain_text("Riservato per loro")
    assert_page_is_good(page, "level2-standing")
    tab_to(page, "Leggilo, stampalo", "() => document.activeElement.textContent.trim()")
