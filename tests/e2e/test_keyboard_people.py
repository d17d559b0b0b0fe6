"""Who comes in, acts for a town or is let in: by keys alone, at a desk and on a phone, and with a mistake each."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from tenants.models import ApiToken, Invitation, LocalAuthority, Mandate, Membership, User, WayIn
from tenants.services import mailing
from tests.e2e.goodness import assert_page_is_good
from tests.e2e.keys import LABEL, TEXT, choose, enter, press, tab_to, type_into
from tests.e2e.portal import signed_in
from tests.e2e.served import context
from tests.elaastic.region import region
from tests.personas import PASSWORD, world
from tests.scene.acts import another_body, another_operator
from tests.scene.stage import Stage, stage

__all__ = ["context", "region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_choice_is_lacking(page: Page, group: str) -> None:
    """The summary's link leads to the group; the next stop is its first choice, which is taken."""
    expect(page.locator("#error-summary")).to_be_focused()
    tab_to(page, group)
    page.keyboard.press("Enter")
    expect(page.locator("fieldset:focus legend")).to_contain_text(group)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(":focus")).to_be_checked()


def test_people_come_in_act_for_a_town_and_are_let_in(page: Page, stage: Stage) -> None:
    """One town for all of it: furnishing it takes longer than each of the ways."""
    page.goto("/contacts")
    a_town_invites_a_colleague_who_takes_it_up(page, stage)
    a_town_gives_a_mandate_and_ends_it(page, stage)
    a_town_opens_a_program_gives_it_a_token_and_closes_it(page, stage)
    two_operators_let_somebody_in_who_has_nothing_left(page, stage)


def as_(page: Page, stage: Stage, who: str) -> None:
    """Somebody else sits down at the same browser; with nobody signed in, a person from outside."""
    page.context.clear_cookies()
    if who:
        signed_in(page.context, "/".join(page.url.split("/")[:3]), stage, who)


def refused_at(page: Page, field: str) -> None:
    """What is wrong has the focus; its first link leads to the field, and from there one goes on."""
    expect(page.locator("#error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    assert str(page.evaluate(TEXT)).startswith(field)
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-invalid", "true")
    assert str(page.evaluate(LABEL)).startswith(field)


def a_town_invites_a_colleague_who_takes_it_up(page: Page, stage: Stage) -> None:
    as_(page, stage, "owner")
    page.goto(f"/authorities/{stage.town.authority.public_id}/people/")
    type_into(page, "Indirizzo e-mail", "anna comune.example")
    enter(page)
    refused_at(page, "Indirizzo e-mail")
    assert_page_is_good(page, "keys-invite-refused")
    page.keyboard.press("Control+A")
    page.keyboard.type("anna@comune.example")
    press(page, "Manda l'invito")
    expect(page.locator("#messages")).to_contain_text("in partenza")
    mail.outbox.clear()
    mailing.tick()
    (letter,) = [str(said.body) for said in mail.outbox if "anna@comune.example" in said.to]
    link = next(word for word in letter.split() if "/invitation/" in word)
    as_(page, stage, "")
    page.goto("/invitation/" + link.rpartition("/invitation/")[2])
    type_into(page, "Il tuo nome e cognome", "Anna Nuova")
    type_into(page, "Password", PASSWORD)
    type_into(page, "La password, un'altra volta", PASSWORD + "?")
    enter(page)
    expect(page.locator("#error-summary")).to_be_focused()
    assert_page_is_good(page, "keys-join-refused")
    type_into(page, "Password", PASSWORD)
    type_into(page, "La password, un'altra volta", PASSWORD)
    press(page, "Accetta e apri l'account")
    assert Membership.objects.filter(user__email="anna@comune.example", authority=stage.authority()).exists()
    assert Invitation.objects.latest("pk").accepted_at is not None


def a_town_gives_a_mandate_and_ends_it(page: Page, stage: Stage) -> None:
    another_body(stage)
    body = LocalAuthority.objects.get(ipa_code="c_p400")
    as_(page, stage, "owner")
    page.goto(f"/authorities/{stage.town.authority.public_id}/people/")
    press(page, "Dai un mandato")
    choose(page, "Chi agisce per voi", body.name)
    type_into(page, "Fino a", date(2020, 1, 1))
    enter(page)
    refused_at(page, "Fino a")
    assert_page_is_good(page, "keys-mandate-refused")
    until = date(timezone.localdate().year + 1, 6, 6)  # the same in every browser's order of day and month
    page.keyboard.press("Shift+Tab")
    type_into(page, "Fino a", until)
    press(page, "Dai il mandato")
    assert not page.locator("#error-summary").count(), page.locator("main").inner_text()
    given = Mandate.objects.latest("pk")
    assert (given.body, timezone.localdate(given.until - timedelta(seconds=1))) == (body, until)
    press(page, f"Chiudi il mandato ({body.name})")
    assert_page_is_good(page, "keys-mandate-end")
    press(page, "Chiudi il mandato adesso")
    assert not Mandate.objects.in_force().filter(pk=given.pk).exists()


def a_town_opens_a_program_gives_it_a_token_and_closes_it(page: Page, stage: Stage) -> None:
    as_(page, stage, "owner")
    page.goto("/tokens/")
    press(page, "Apri un account per un programma")
    press(page, "Apri l'account")
    refused_at(page, "Nome del programma")
    page.keyboard.type("Copie notturne")
    press(page, "Apri l'account")
    program = User.objects.get(full_name="Copie notturne")
    type_into(page, "A che cosa serve", "Ogni notte")
    press(page, "Emettilo e mostralo una volta")
    a_choice_is_lacking(page, "Che cosa può fare")
    assert_page_is_good(page, "keys-token-refused")
    press(page, "Emettilo e mostralo una volta")
    assert ApiToken.objects.filter(user=program).exists()
    press(page, "L'ho messo al sicuro")
    press(page, "Chiudi l'account (Copie notturne)")
    assert_page_is_good(page, "keys-program-close")
    press(page, "Chiudilo adesso")
    program.refresh_from_db()
    assert not program.is_active


def two_operators_let_somebody_in_who_has_nothing_left(page: Page, stage: Stage) -> None:
    another_operator(stage)
    WayIn.objects.all().delete()
    halves = []
    as_(page, stage, "operator")
    page.goto(f"/authorities/{stage.town.authority.public_id}/people/")
    press(page, "Fai entrare qualcuno")
    type_into(page, "Nome e cognome", "Sindaca Salva")
    enter(page)
    a_choice_is_lacking(page, "Che cosa è successo")
    assert_page_is_good(page, "keys-way-in-refused")
    type_into(page, "Come hai identificato", "Richiamata al numero che avevamo, vista in video.")
    press(page, "Ho identificato la persona")
    halves.append(page.locator("#half").inner_text().strip())
    as_(page, stage, "nobody")
    page.goto("/ways-in/")
    press(page, stage.authority().name)
    type_into(page, "Come hai identificato", "Richiamata in municipio provvisorio, la conosco.")
    press(page, "Ho identificato anch'io la persona")
    halves.append(page.locator("#half").inner_text().strip())
    as_(page, stage, "")
    page.goto("/emergency/")
    type_into(page, "Codice", stage.authority().ipa_code)
    type_into(page, "Prima metà", halves[1])
    type_into(page, "Seconda metà", halves[1])
    enter(page)
    expect(page.locator("#error-summary")).to_be_focused()
    assert_page_is_good(page, "keys-emergency-refused")
    type_into(page, "Prima metà", halves[0])
    type_into(page, "Seconda metà", halves[1])
    press(page, "Mostrami la chiave")
    expect(page.locator("#secret-key")).to_be_visible()
    assert_page_is_good(page, "keys-emergency-shown")
