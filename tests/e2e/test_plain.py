"""Essential acts where no script runs, on a phone: what a page does is done by links and forms."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from elaastic.models import Draft, Request
from tests.e2e.portal import signed_in
from tests.elaastic.region import region
from tests.personas import details, world
from tests.scene.acts import nothing_open
from tests.scene.stage import Stage, stage

__all__ = ["region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 375, "height": 800}, locale="it-IT", base_url=live_server.url, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def test_a_town_changes_its_terms_takes_it_back_and_leaves(page: Page, live_server: Any, stage: Stage) -> None:
    nothing_open(stage)
    Draft.objects.all().delete()
    signed_in(page.context, live_server.url, stage, "owner")
    standing = f"/subscriptions/{stage.town.subscription.public_id}/"
    page.goto(standing)
    page.get_by_role("link", name="Cambia spazio, archivi o conservazione").click()
    page.get_by_label("Spazio").fill("150")
    page.get_by_role("button", name="Vai al riepilogo").click()
    page.get_by_role("button", name="Invia la richiesta").click()
    asked = Request.objects.latest("pk")
    assert (asked.kind, asked.terms["quota_gib"]) == ("change", 150)
    page.get_by_role("link", name="Ritira la richiesta").click()
    page.get_by_role("button", name="Ritira la richiesta").click()
    assert Request.objects.get(pk=asked.pk).decision == "withdrawn"
    page.goto(standing)
    page.get_by_role("link", name="Recedi").click()
    page.get_by_label("Nome dell'ente").fill(stage.town.authority.name)
    page.get_by_role("button", name="Chiedi il recesso").click()
    assert Request.objects.latest("pk").kind == "end"


def test_the_region_takes_in_towns(page: Page, live_server: Any, stage: Stage) -> None:
    town = details(501)
    cells = (town.name, town.kind, town.ipa_code, town.fiscal_code, town.istat_code, "AN", town.pec)
    sheet = f"name,kind,ipa_code,fiscal_code,istat_code,province,pec\n{','.join(cells)}\n"
    signed_in(page.context, live_server.url, stage, "operator")
    page.goto("/onboarding/")
    page.locator("[type=file]").set_input_files(
        [{"name": "comuni.csv", "mimeType": "text/csv", "buffer": sheet.encode()}]
    )
    page.get_by_role("button", name="Leggi e mostrami").click()
    page.get_by_role("button", name="Registra 1 ente").click()
    expect(page.locator("main")).to_contain_text(town.name)
