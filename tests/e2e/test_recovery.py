"""The recovery plan by keys alone, at a desk and on a phone: read, written, overtaken, put back."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from elaastic.selectors.recovery_plans import plan_in_force
from elaastic.services.recovery_plans import save_plan
from tests.e2e.goodness import assert_page_is_good
from tests.e2e.keys import press, type_into
from tests.e2e.portal import signed_in
from tests.e2e.served import context
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.acts import with_machines
from tests.scene.stage import Stage, stage

__all__ = ["context", "region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_town_writes_its_plan_and_puts_an_older_one_back(
    page: Page, live_server: Any, stage: Stage, width: int
) -> None:
    with_machines(stage)
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    press(page, "Leggilo, stampalo o modificalo")
    assert_page_is_good(page, "plan-first")
    press(page, "Modifica il piano")
    press(page, "Aggiungi un contatto")
    page.keyboard.type("Anna Neri")
    type_into(page, "A che cosa serve il contatto 1", "sindaca, decide lei")
    type_into(page, "Telefono del contatto 1", "071 123456")
    press(page, "Aggiungi che cosa fanno le persone prima del gruppo 1")
    page.keyboard.type("Chiama il fornitore del protocollo.")
    assert_page_is_good(page, "plan-edit")
    type_into(page, "Pausa prima del gruppo 1", "presto")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    assert_page_is_good(page, "plan-wrong")
    type_into(page, "Pausa prima del gruppo 1", "30")
    overtake(stage)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("mentre scrivevi")
    assert_page_is_good(page, "plan-overtaken")
    press(page, "Salva come piano in vigore")
    expect(page.locator("main")).to_contain_text("Anna Neri")
    assert_page_is_good(page, "plan-written")
    assert plan_in_force(stage.subscription()).version == 3
    press(page, "Versioni precedenti")
    assert_page_is_good(page, "plan-history")
    press(page, "Confronta")
    assert_page_is_good(page, "plan-compared")
    press(page, "Versione 2")
    assert_page_is_good(page, "plan-version")
    press(page, "Rimetti in vigore la versione 2")
    expect(page.locator("#messages")).to_contain_text("di nuovo in vigore")
    assert plan_in_force(stage.subscription()).document["notes"] == "Di un'altra mano."


def overtake(stage: Stage) -> None:
    """Somebody else saves meanwhile."""
    row = stage.subscription()
    document = {**plan_in_force(row).document, "notes": "Di un'altra mano."}
    save_plan(subscription=row, document=document, seen=1, by=stage.actor("owner"))


def test_a_plan_that_no_longer_fits_says_so(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    with_machines(stage)
    row = stage.subscription()
    row.terms["machines"][0]["name"] = "protocollo"
    row.save()
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/subscriptions/{row.public_id}/recovery-plan/")
    expect(page.locator("main")).to_contain_text("Questo piano non corrisponde più")
    assert_page_is_good(page, "plan-stale")
    press(page, "Aprilo, leggi che cosa è stato adattato e salva")
    assert_page_is_good(page, "plan-fitted")
    press(page, "Salva come piano in vigore")
    expect(page.locator("main")).not_to_contain_text("non corrisponde più")
