"""Lights, homes, platforms and the trail: what each reader sees, and what nobody else does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elaastic.models import Alert
from elaastic.services import watching
from provisioning.models import PlatformState
from provisioning.services import platforms
from provisioning.services.clock import now
from tenants.models import AuditEvent, AuditPersonalData
from tests.elaastic.region import MemoryProvider
from tests.elaastic.services.test_services_watching import sampled
from tests.elaastic.views.pages import Pages, words


def late(pages: Pages) -> str:
    row = pages.active()
    sampled(row, newest_hours=30, archive="protocollo")
    watching.tick()
    return str(row.public_id)


def test_the_light_stands_in_the_list_and_on_the_home_in_words(pages: Pages) -> None:
    late(pages)
    for who in ("owner", "operator"):
        assert "Una copia è in ritardo" in words(pages.get(who, "/subscriptions/"))
    assert "Una copia è in ritardo" in words(pages.get("owner", "/"))


def test_the_regions_home_names_the_towns_that_need_a_word(pages: Pages) -> None:
    page = late(pages)
    shown = words(pages.get("operator", "/"))
    assert f"/subscriptions/{page}/" in shown
    assert pages.world.home.name in shown
    assert pages.world.home.name not in words(pages.get("stranger", "/"))


class Sites:
    down: list[str] = []


def test_a_site_that_is_down_is_named_and_what_it_means(
    pages: Pages, region: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.active()
    monkeypatch.setattr(region, "health", lambda: Sites.down, raising=False)
    monkeypatch.setattr(Sites, "down", ["macerata"])
    platforms.sample_platforms()
    shown = words(pages.get("operator", "/platforms/"))
    assert "Fuori servizio: Macerata" in shown
    assert "Ancona, Macerata, Pesaro: 2 copie su 3 sono raggiungibili" in shown
    assert "1 adesione." in shown
    assert "Ancona, Macerata: una copia su 2 è raggiungibile" in shown
    assert "0 adesioni." in shown
    assert "Un sito è fuori servizio" in words(pages.get("operator", "/"))
    monkeypatch.setattr(Sites, "down", [])
    platforms.sample_platforms()
    assert "Fuori servizio" not in words(pages.get("operator", "/platforms/"))


def test_what_a_site_says_of_itself_is_told_with_its_unit(pages: Pages, region: MemoryProvider) -> None:
    said = {"storage_gib": (3, 30), "ram_mib": (2048, 8192), "vcpus": (1, 16)}
    figures = [{"site": "ancona", "resource": name, "used": u, "total": t} for name, (u, t) in said.items()]
    PlatformState.objects.create(platform="ceph-test", sampled_at=now(), figures=figures)
    shown = words(pages.get("operator", "/platforms/"))
    for cell in ("3 GiB / 30 GiB", "2 GiB RAM / 8 GiB RAM", "1 vCPU / 16 vCPU"):
        assert cell in shown


def test_figures_that_are_old_are_told_as_old(pages: Pages, region: MemoryProvider) -> None:
    PlatformState.objects.create(platform="ceph-test", sampled_at=now() - timedelta(hours=1))
    assert "nessuno lo sa" in words(pages.get("operator", "/platforms/"))
    for who in ("owner", "stranger"):
        assert pages.get(who, "/platforms/").status_code == 403


CANARY = "canarino-4711"


def acted(pages: Pages, who: str, serial: int = 0) -> None:
    """An act about the other town, with a word that is nobody else's business."""
    user = pages.world[who].user
    event = AuditEvent.objects.create(
        action="authority.changed",
        actor=user,
        authority=pages.world.other,
        subject_type="authority",
        subject_id=f"{CANARY}-{serial}",
        after={"name": CANARY},
        personal_hash="0" * 64,
    )
    AuditPersonalData.objects.create(event=event, salt="0", data={"email": user.email if user else ""})


@pytest.mark.parametrize("query", [{}, {"words": CANARY}, {"authority": "Prova 2"}, {"format": "csv"}])
def test_an_owner_reads_the_own_trail_and_an_auditor_all_of_it(pages: Pages, query: dict[str, str]) -> None:
    pages.active()
    acted(pages, "operator")
    assert CANARY in words(pages.get("auditor", "/trail/", **query))
    assert CANARY in words(pages.get("stranger", "/trail/", **query)), "it is about the stranger's own town"
    mine = pages.get("owner", "/trail/", **query)
    assert mine.status_code == 200
    assert CANARY not in words(mine).replace(f'value="{CANARY}"', "").replace(f"words={CANARY}", "")
    for who in ("viewer", "operator", "approver", "nobody"):
        assert pages.get(who, "/trail/", **query).status_code == 403, who


def test_the_trail_is_narrowed_by_day_and_by_word(pages: Pages) -> None:
    pages.active()
    none = words(pages.get("auditor", "/trail/", until="2020-01-01"))
    assert "Nessun atto qui" in none
    wrong = pages.get("auditor", "/trail/", since="ieri")
    assert wrong.status_code == 400
    found = words(pages.get("auditor", "/trail/", words="request.approved", format="csv"))
    lines = found.strip().splitlines()
    assert len(lines) == 2
    assert "request.approved" in lines[1]


def _queries(pages: Pages, who: str, path: str) -> int:
    pages.get(who, path)
    with CaptureQueriesContext(connection) as seen:
        assert pages.get(who, path).status_code == 200, path
    return len(seen.captured_queries)


def test_a_thousand_rows_cost_the_queries_of_ten(pages: Pages) -> None:
    """T18, for the lists that are new here."""
    page = late(pages)
    alert = Alert.objects.get()
    for serial in range(10):
        acted(pages, "operator", serial)
    asked = [
        ("auditor", "/trail/"),
        ("auditor", "/trail/?format=csv"),
        ("operator", "/"),
        ("operator", "/platforms/"),
    ]
    before = {path: _queries(pages, who, path) for who, path in asked}
    for serial in range(1000):
        acted(pages, "operator", serial)
    like: dict[str, Any] = {"subscription": alert.subscription, "kind": "late", "began_at": alert.began_at}
    Alert.objects.bulk_create(Alert(**like, archive=f"a{n}") for n in range(1000))
    assert {path: _queries(pages, who, path) for who, path in asked} == before
    assert page in words(pages.get("operator", "/"))
