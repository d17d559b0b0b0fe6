"""A failover by keys alone, at a desk and on a phone: read, typed, followed; and what stands afterwards."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.keys import press
from tests.e2e.portal import signed_in
from tests.e2e.served import context
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.acts import exported, failed_over, to_fail_over
from tests.scene.stage import Stage, stage

__all__ = ["context", "region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_town_starts_its_machines_and_calls_it_off(
    page: Page, live_server: Any, stage: Stage, width: int
) -> None:
    to_fail_over(stage)
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    press(page, "Avvialo per davvero: ripartenza d'emergenza")
    assert_page_is_good(page, "failover")
    page.get_by_label("Nome dell'ente").fill(stage.town.authority.name)
    press(page, "Avvia le macchine adesso")
    expect(page.locator("main")).to_contain_text("Le immagini vengono portate dal tuo archivio")
    assert_page_is_good(page, "failover-begun")
    press(page, "Annulla: non avviare nulla")
    expect(page.locator("main")).to_contain_text("Non è stato avviato nulla, e non ne resta nulla")


def test_what_stands_is_told_and_reviewed(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    failed_over(stage)
    where = f"/subscriptions/{stage.town.subscription.public_id}/failover/"
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(where)
    assert_page_is_good(page, "failover-standing")
    press(page, "Chiedi di rimuovere le macchine…")
    assert_page_is_good(page, "failover-end")
    page.context.clear_cookies()
    signed_in(page.context, live_server.url, stage, "approver")
    page.goto("/")
    assert_page_is_good(page, "failover-region")
    page.goto(where)
    page.get_by_label("Che cosa hai trovato").fill("Una piena vera.")
    assert_page_is_good(page, "failover-review")
    press(page, "Registra il riesame")
    expect(page.locator("main")).to_contain_text("Una piena vera.")


def test_what_the_machines_wrote_is_brought_home_and_told(
    page: Page, live_server: Any, stage: Stage, width: int
) -> None:
    failed_over(stage)
    where = f"/subscriptions/{stage.town.subscription.public_id}/failover/"
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(where)
    press(page, "Esporta ciò che le macchine hanno scritto")
    expect(page.locator("main")).to_contain_text("Se ne crea l'immagine")
    assert_page_is_good(page, "export-begun")
    press(page, "Interrompi l'esportazione")
    expect(page.locator("main")).to_contain_text("ciò che è arrivato a casa resta nell'archivio")


def test_what_is_at_home_is_told_before_the_machines_go(
    page: Page, live_server: Any, stage: Stage, width: int
) -> None:
    exported(stage)
    where = f"/subscriptions/{stage.town.subscription.public_id}/failover/"
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(where)
    expect(page.locator("main")).to_contain_text("Nell'archivio")
    assert_page_is_good(page, "exported")
    press(page, "Chiedi di rimuovere le macchine…")
    expect(page.locator("main")).to_contain_text("failback-20261123T184105Z.qcow2")
    assert_page_is_good(page, "exported-end")
