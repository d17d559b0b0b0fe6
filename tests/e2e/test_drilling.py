"""Drills by keys alone, at a desk and on a phone: begun, followed, a task done, stopped; and how each end reads."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from elaastic.models import Drill, RecoveryPoint, Subscription
from provisioning.domain.findings import Findings, Found
from provisioning.models import Operation
from provisioning.services.clock import now
from tests.e2e.goodness import assert_page_is_good
from tests.e2e.keys import press
from tests.e2e.portal import signed_in
from tests.e2e.served import context
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.acts import to_be_drilled
from tests.scene.stage import Stage, stage

__all__ = ["context", "region", "stage", "world"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_town_tries_its_plan_and_stops(page: Page, live_server: Any, stage: Stage, width: int) -> None:
    to_be_drilled(stage)
    an_earlier_image()
    row = Subscription.objects.get(pk=stage.town.subscription.pk)
    # A month before, which no terms say: one has been due since, at whatever hour this runs.
    Subscription.objects.filter(pk=row.pk).update(terms={**row.terms, "drill_months": -1})
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/")
    expect(page.locator("main")).to_contain_text("Esercitazione")
    assert_page_is_good(page, "subscription-due")
    press(page, "Mettilo alla prova: esercitazioni")
    expect(page.locator("main")).to_contain_text("Prova tutto il piano da immagini precedenti")
    assert_page_is_good(page, "drills")
    press(page, "Prova ora tutto il piano")
    expect(page.locator("main")).to_contain_text("Le immagini vengono portate")
    assert_page_is_good(page, "drill-begun")
    press(page, "Interrompi e rimuovi tutto")
    expect(page.locator("main")).to_contain_text("si sta rimuovendo ciò che è stato avviato")
    assert Operation.objects.get(ended_at=None).stop_asked_at is not None
    page.goto(f"/subscriptions/{stage.town.subscription.public_id}/drills/")
    assert_page_is_good(page, "drills-open")
    expect(page.locator("main")).not_to_contain_text("Prova ora tutto il piano")


def test_people_are_told_what_to_do_and_say_when_it_is_done(
    page: Page, live_server: Any, stage: Stage, width: int
) -> None:
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/drills/{stage.town.drill.public_id}/")
    assert_page_is_good(page, "drill-people")
    press(page, "È fatto")
    expect(page.locator("main")).to_contain_text("Fatto da Titolare")
    assert_page_is_good(page, "drill-done")


@pytest.mark.parametrize(
    ("verdict", "reason", "told"),
    [
        ("passed", "", "non misura l'RPO"),
        ("backup_bad", "NoAnswer", "ciò che è stato copiato non riparte"),
        ("not_tested", "NoHost", "La tua copia non c'entra"),
    ],
)
def test_each_end_says_what_it_means(
    page: Page, live_server: Any, stage: Stage, width: int, verdict: str, reason: str, told: str
) -> None:
    ended(stage.town.drill, verdict, reason, stage.town.canary)
    if verdict == "passed":
        Drill.objects.filter(pk=stage.town.drill.pk).update(images="random")
    signed_in(page.context, live_server.url, stage, "owner")
    page.goto(f"/drills/{stage.town.drill.public_id}/")
    expect(page.locator("main")).to_contain_text(told)
    assert_page_is_good(page, f"drill-{verdict.replace('_', '-')}")


def an_earlier_image() -> None:
    """Of the machine that has one."""
    point = RecoveryPoint.objects.get()
    point.pk, point.public_id, point.key = None, uuid.uuid4(), f"{point.key}.bak"
    point.arrived_at -= timedelta(days=9)
    point.save()


def ended(drill: Drill, verdict: str, reason: str, machine: str) -> None:
    """As workers leave it."""
    moment = now()
    answered = moment.isoformat() if verdict == "passed" else ""
    found = Found(asked_at=moment.isoformat(), answered_at=answered, console="Debian\nlogin:")
    Operation.objects.filter(stack__key=drill.operation_key).update(
        verdict=verdict, reason=reason, about="" if verdict == "passed" else machine, place=6, judged_at=moment,
        ended_at=moment, found=Findings({machine: found}, {}).as_json(),
    )  # fmt: skip
