"""The region's pages: who operates acts, who audits reads, and a town sees none of it."""

import pytest

from elaastic.models import Subscription
from provisioning.models import PlatformState, Resource, Stack
from provisioning.services.clock import now
from provisioning.services.platforms import carry_out_acceptances
from tenants.models import AuditEvent, LocalAuthority
from tests.elaastic.region import SITES, workers_bring_everything_up
from tests.elaastic.views.pages import Pages, words


@pytest.fixture
def stuck(pages: Pages) -> str:
    """The console's path of a stack whose archive waits for a person."""
    key = pages.active().stack_key
    told = {"state": "blocked", "reason": "AmbiguousCreate", "message": "The answer to a create was lost."}
    Resource.objects.filter(name="archive-protocollo").update(**told, external_id="")
    Stack.objects.filter(key=key).update(**told)
    return f"/console/{key}/"


def test_what_waits_for_a_person_is_on_the_first_page_and_says_what_to_do(pages: Pages, stuck: str) -> None:
    for path in ("/", "/console/", stuck):
        page = words(pages.get("operator", path))
        assert "La risposta alla creazione è andata persa" in page or "la risposta alla creazione" in page, path
        assert "AmbiguousCreate" in page, path


def test_an_operator_tries_again_and_the_trail_knows(pages: Pages, stuck: str) -> None:
    answer = pages.post("operator", f"{stuck}retry/", {"resource": "archive-protocollo"})
    assert answer.status_code == 302
    workers_bring_everything_up()
    assert Resource.objects.get(name="archive-protocollo").state == "ready"
    assert AuditEvent.objects.filter(action="stack.retried").count() == 1


def test_adopting_is_typed_and_ticked(pages: Pages, stuck: str) -> None:
    path = f"{stuck}adopt/archive-protocollo/"
    assert pages.get("operator", path).status_code == 200
    for body in ({}, {"external_id": "x"}, {"certain": "on"}):
        assert pages.post("operator", path, body).status_code == 400, body
    assert Resource.objects.get(name="archive-protocollo").external_id == ""
    assert pages.post("operator", path, {"external_id": "obj-1", "certain": "on"}).status_code == 302
    assert Resource.objects.get(name="archive-protocollo").external_id == "obj-1"
    again = pages.post("operator", path, {"external_id": "obj-2", "certain": "on"})
    assert again.status_code == 409
    assert Resource.objects.get(name="archive-protocollo").external_id == "obj-1"


@pytest.mark.parametrize("who", ["approver", "auditor"])
def test_who_does_not_operate_reads_and_changes_nothing(pages: Pages, stuck: str, who: str) -> None:
    page = words(pages.get(who, stuck))
    assert "Il tuo ruolo è leggere" in page
    assert "Riprova" not in page
    for act in ("retry/", "look/", "adopt/archive-protocollo/"):
        assert pages.post(who, stuck + act).status_code == 403, act
    assert Resource.objects.get(name="archive-protocollo").state == "blocked"


def test_looking_now_makes_everything_due(pages: Pages, stuck: str) -> None:
    assert pages.post("operator", f"{stuck}look/").status_code == 302
    assert AuditEvent.objects.filter(action="stack.looked_at").count() == 1


def test_a_held_platform_is_accepted_on_a_page_of_its_own(pages: Pages) -> None:
    from django.utils import timezone

    PlatformState.objects.create(platform="ceph-test", held_at=timezone.now())
    assert "Scrittura sospesa" in words(pages.get("operator", "/console/"))
    path = "/console/platforms/ceph-test/accept/"
    assert pages.get("operator", path).status_code == 200
    assert PlatformState.objects.get().held_at is not None
    assert pages.post("operator", path).status_code == 302
    assert PlatformState.objects.get().held_at is not None  # the page asks no platform: a worker does
    carry_out_acceptances()
    assert PlatformState.objects.get().held_at is None
    assert pages.get("operator", "/console/platforms/nowhere/accept/").status_code == 404


def test_capacity_shows_what_is_promised_in_bars_and_figures(pages: Pages) -> None:
    pages.active()
    page = words(pages.get("auditor", "/capacity/"))
    assert "<h2>Spazio, ceph-test</h2>" in page
    assert "100 GiB di 10.000 GiB" in page
    assert "9.900 GiB" in page
    saved = pages.get("auditor", "/capacity/", format="csv").content.decode()
    assert "Ancona;ceph-test;storage_gib;10000;100;9900" in saved


def test_an_authority_is_verified_after_a_look_at_its_codes(pages: Pages) -> None:
    waiting = pages.world.pending
    path = f"/authorities/{waiting.public_id}/verify/"
    assert waiting.fiscal_code in words(pages.get("operator", path))
    assert LocalAuthority.objects.get(pk=waiting.pk).state == "pending"
    assert pages.post("approver", path).status_code == 403
    assert pages.post("operator", path).status_code == 302
    assert LocalAuthority.objects.get(pk=waiting.pk).state == "verified"


def test_no_cell_of_a_csv_is_a_formula(pages: Pages) -> None:
    pages.active()
    LocalAuthority.objects.filter(pk=pages.world.home.pk).update(name="=HYPERLINK(1)")
    for path in ("/subscriptions/", "/requests/", "/console/"):
        cells = pages.get("operator", path, format="csv", state="all").content.decode().split(";")
        assert not [cell for cell in cells if cell.startswith("=")], path
    assert Subscription.objects.count() == 1


def test_a_site_that_is_down_is_told_for_the_archives_of_every_number_of_copies(pages: Pages) -> None:
    row = pages.active()
    two = [{"id": "three", "sites": list(SITES), "copies": 3}, {"id": "two", "sites": list(SITES[:2]), "copies": 2}]
    Subscription.objects.filter(pk=row.pk).update(placement={**row.placement, "targets": two})
    told = {"sampled_at": now(), "answered_at": now(), "sites_down": ["ancona"]}
    PlatformState.objects.update_or_create(platform="ceph-test", defaults=told)
    page = words(pages.get("operator", "/platforms/"))
    assert page.count("<strong>1 adesione.</strong>") == 2
    Subscription.objects.filter(pk=row.pk).update(placement=row.placement)
    page = words(pages.get("operator", "/platforms/"))
    assert (page.count("1 adesione."), page.count("0 adesioni.")) == (1, 1)
