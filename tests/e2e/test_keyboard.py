"""Essential acts by keyboard alone, at a desk and on a phone: what was typed and pressed is all that was done."""

import hashlib
import re
import zipfile
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from elaastic.models import Draft, Request
from provisioning.models import PlatformState
from provisioning.services.clock import now
from tenants.models import LocalAuthority, Registration
from tenants.services import mailing
from tests.e2e.goodness import assert_page_is_good
from tests.e2e.keys import LABEL, NAME, enter, press, tab_to, type_into
from tests.e2e.portal import signed_in
from tests.e2e.served import context
from tests.elaastic.region import region, workers_bring_everything_up, workers_make_plans
from tests.personas import PASSWORD, details, world
from tests.scene.acts import agreement_ends, no_test_open, nothing_open, to_be_restored
from tests.scene.stage import Stage, stage
from tests.tenants.registering import typed

__all__ = ["context", "region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_town_signs_in_changes_its_terms_and_leaves(page: Page, stage: Stage, width: int) -> None:
    nothing_open(stage)
    Draft.objects.all().delete()
    page.goto("/accounts/login/")
    type_into(page, "Indirizzo e-mail", "owner@comune.example")
    type_into(page, "Password", PASSWORD)
    enter(page)
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    press(page, "Cambia spazio, archivi o conservazione")
    type_into(page, "Spazio", "150")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Controlla")
    press(page, "Invia la richiesta")
    asked = Request.objects.latest("pk")
    assert (asked.kind, asked.terms["quota_gib"]) == ("change", 150)
    press(page, "Ritira la richiesta")
    page.keyboard.press("Tab")
    press(page, "Ritira la richiesta")
    assert Request.objects.get(pk=asked.pk).decision == "withdrawn"
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    press(page, "Recedi")
    type_into(page, "Nome dell'ente", stage.town.authority.name)
    press(page, "Chiedi il recesso")
    assert Request.objects.latest("pk").kind == "end"


def test_a_town_adds_an_archive_with_copies_of_its_own(
    page: Page, live_server: Any, stage: Stage, width: int
) -> None:
    nothing_open(stage)
    Draft.objects.all().delete()
    signed_in(page.context, live_server.url, stage, "owner")
    row = stage.town.subscription
    number = len(row.terms["archives"]) + 1
    page.goto(f"/subscriptions/{row.public_id}/change/")
    press(page, "Aggiungi un archivio")
    type_into(page, f"Nome dell'archivio {number}", "foto")
    tab_to(page, f"Copie dell'archivio {number}", LABEL)
    page.keyboard.type("Su due")
    expect(page.get_by_label("Copie dell'archivio 1")).to_be_disabled()
    assert_page_is_good(page, "keys-copies-change")
    press(page, "Vai al riepilogo")
    expect(page.locator("main")).to_contain_text("foto: su 2 siti")
    assert_page_is_good(page, "keys-copies-summary")
    press(page, "Invia la richiesta")
    asked = Request.objects.latest("pk")
    assert asked.terms["archives"][-1]["copies"] == 2
    workers_make_plans()
    page.reload()
    expect(page.locator("main")).to_contain_text("Dove sono le copie: Ancona, Macerata")
    assert_page_is_good(page, "keys-copies-plan")
    stage.pages.approves(asked)
    workers_bring_everything_up()
    page.goto(f"/subscriptions/{row.public_id}/")
    expect(page.get_by_role("cell", name="2: Ancona, Macerata")).to_be_visible()
    assert_page_is_good(page, "keys-copies-subscription")


def test_a_town_registers_and_types_the_code_of_its_pec(page: Page, stage: Stage, width: int) -> None:
    page.goto("/register/")
    told = typed(600)
    for name, value in told.items():
        tab_to(page, name, NAME)
        options = page.evaluate(
            "() => Object.fromEntries([...document.activeElement.options || []].map(o => [o.value, o.text]))"
        )
        page.keyboard.type(options.get(value, value))
    enter(page)
    mailing.tick()
    (letter,) = [said.body for said in mail.outbox if said.to == [told["pec"]] and told["name"] in said.body]
    (code,) = re.findall(r"\n +([A-Z2-9]{4}-[A-Z2-9]{4})\n", letter)
    type_into(page, "Codice", code)
    enter(page)
    expect(page.get_by_role("heading", name="Ora tocca alla regione")).to_be_visible()
    assert Registration.objects.get(pec=told["pec"]).pec_proven_at is not None


def test_a_town_begins_a_restore_test_and_ends_it(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    no_test_open(stage)
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    press(page, "Che cosa è stato dimostrato")
    tab_to(page, "rclone", LABEL)
    while not page.evaluate(LABEL).startswith("restic"):
        page.keyboard.press("ArrowDown")
    press(page, "Comincia la prova")
    assert_page_is_good(page, "keys-proof-file")
    tab_to(page, "Scarica il file di prova")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    proof = download.value.path().read_bytes()
    to_be_restored(stage)
    press(page, "Rileggi la pagina")
    expect(page.locator("#restore-command")).to_contain_text("restic restore latest")
    type_into(page, "Lo SHA-256", "0" * 64)
    enter(page)
    assert_page_is_good(page, "keys-proof-wrong")
    type_into(page, "Lo SHA-256", hashlib.sha256(proof).hexdigest())
    enter(page)
    expect(page.locator("#messages")).to_contain_text("È esattamente ciò che era stato copiato")
    press(page, "Tutte le prove")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert_page_is_good(page, "keys-proofs")
    tab_to(page, "Scarica il pacchetto")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert zipfile.is_zipfile(download.value.path())


def test_a_town_renews_its_agreement(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    agreement_ends(stage)
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    press(page, "Rinnova la convenzione")
    assert_page_is_good(page, "keys-renew")
    press(page, "Chiedi il rinnovo")
    asked = Request.objects.latest("pk")
    assert (asked.kind, asked.requested_by) == ("renew", stage.actor("owner").user)
    assert str(asked.public_id) in page.url


SHEET = (
    "name,kind,ipa_code,fiscal_code,istat_code,province,pec\n{good}\nComune di Errore,comune,c_e,1,042001,AN,x\n"
)


def test_the_region_takes_in_towns_and_sees_that_a_site_is_down(page: Page, live_server: Any, stage: Stage) -> None:
    """The file is chosen by the system's own dialogue; before it and after it there are keys alone."""
    town = details(500)
    cells = (town.name, town.kind, town.ipa_code, town.fiscal_code, town.istat_code, "AN", town.pec)
    signed_in(page.context, live_server.url, stage, "operator")
    page.goto("/onboarding/")
    assert_page_is_good(page, "onboarding-before")
    tab_to(page, "File CSV", LABEL)
    content = SHEET.format(good=",".join(cells)).encode()
    page.locator("[type=file]").set_input_files([{"name": "comuni.csv", "mimeType": "text/csv", "buffer": content}])
    press(page, "Leggi e mostrami")
    assert_page_is_good(page, "onboarding-preview")
    press(page, "Registra 1 ente")
    assert_page_is_good(page, "onboarding-result")
    assert LocalAuthority.objects.filter(ipa_code=town.ipa_code).exists()
    PlatformState.objects.update_or_create(
        platform="ceph-test", defaults={"sampled_at": now(), "answered_at": now(), "sites_down": ["macerata"]}
    )
    page.goto("/verifications/")
    assert_page_is_good(page, "proofs-region")
    page.goto("/platforms/")
    assert_page_is_good(page, "platforms-site-down")
