"""The page for the bad night, and the same over the API: what it says before, while it goes on, and afterwards."""

from typing import Any

import pytest

from elaastic.models import Failover, Request, Subscription
from elaastic.selectors.failovers import FailoverState
from tests.elaastic.machines import hybrid
from tests.elaastic.region import MemoryProvider, workers_make_plans
from tests.elaastic.services.conftest import town
from tests.elaastic.services.test_services_drilling import brings, point, row
from tests.elaastic.services.test_services_failing_over import failed_over, over, reaches, running, workers_go_on
from tests.elaastic.services.town import Town
from tests.elaastic.views.pages import Pages, words

__all__ = ["brings", "hybrid", "row", "town"]


def page(row: Subscription) -> str:
    return f"/subscriptions/{row.public_id}/failover/"


def api(row: Subscription) -> str:
    return f"/rest/elaastic/v1/subscriptions/{row.public_id}/"


def typed(row: Subscription) -> dict[str, str]:
    return {"authority_name": row.authority.name}


def test_the_page_tells_what_will_happen_and_starts_nothing_until_the_name_is_typed(
    pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    told = words(pages.get("owner", page(row)))
    assert "Da qui non si può ancora avviare alcuna macchina" in told and "Avvia le macchine adesso" not in told
    point(row, "web")
    told = words(pages.get("owner", page(row)))
    assert "mail</strong>: Non ne è arrivata alcuna immagine utilizzabile" in told
    assert "la quota di una piattaforma è un limite, non una riserva" in told
    refused = pages.post("owner", page(row), {"authority_name": "Comune"})
    assert refused.status_code == 400 and "non è stato avviato nulla" in words(refused)
    assert "Avvia le macchine adesso" not in words(pages.get("viewer", page(row)))
    assert pages.post("viewer", page(row), typed(row)).status_code == 403
    assert not Failover.objects.exists()
    assert pages.post("owner", page(row), typed(row)).status_code == 302
    assert Failover.objects.count() == 1
    told = words(pages.get("owner", page(row)))
    assert "data-stopwatch" in told and "Annulla: non avviare nulla" in told
    assert pages.post("owner", page(row) + "call-off/").status_code == 302
    assert "Non è stato avviato nulla" in words(pages.get("owner", page(row)))


def test_it_is_followed_reviewed_and_ended_on_its_page(
    pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    failed_over(town, row, hybrid)
    told = words(pages.get("owner", page(row)))
    assert "Tempo per ripartire (RTO)" in told and "Aperto: un approvatore legge" in told
    assert "Registra il riesame" not in told
    live = pages.get("owner", page(row) + "live/")
    assert "Gira e ha risposto" in words(live)
    assert "Segui la ripartenza d'emergenza" in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    assert "Enti sono ripartiti" in words(pages.get("approver", "/"))
    assert pages.post("owner", page(row) + "review/", {"text": "Bene."}).status_code == 403
    assert pages.post("approver", page(row) + "review/", {"text": ""}).status_code == 400
    assert pages.post("approver", page(row) + "review/", {"text": "Una piena vera."}).status_code == 302
    late = pages.post("approver", page(row) + "review/", {"text": "Scritto con cura, e troppo tardi."})
    assert late.status_code == 409 and "Scritto con cura, e troppo tardi.</textarea>" in words(late)
    assert "Una piena vera." in words(pages.get("owner", page(row)))
    assert "Enti sono ripartiti" not in words(pages.get("approver", "/"))
    assert "nessuno può recuperarlo" in words(pages.get("owner", page(row) + "end/"))
    assert pages.post("owner", page(row) + "end/", {"authority_name": "Comune"}).status_code == 400
    assert pages.post("owner", page(row) + "end/", typed(row)).status_code == 302
    workers_make_plans()
    asked = Request.objects.latest("pk")
    plan = words(pages.get("approver", f"/requests/{asked.public_id}/"))
    assert "Macchina «web»" in plan
    assert pages.approves(asked).status_code == 302
    reaches(town, row, FailoverState.ENDED)
    assert running(hybrid) == []
    assert "è di nuovo libera" in words(pages.get("owner", page(row)))


def test_a_machine_that_stops_is_told_with_whose_move_it_is(
    pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provisioning.domain.errors import PermanentError

    def no_room(target: Any) -> Any:
        raise PermanentError("No host.", reason="NoHost")

    monkeypatch.setattr(hybrid.handlers["openstack.server"], "create", no_room)
    for name in ("web", "mail"):
        point(row, name)
    assert pages.post("owner", page(row), typed(row)).status_code == 302
    workers_go_on(town, lambda: "Si è fermata" in words(pages.get("owner", page(row))))
    told = words(pages.get("owner", page(row)))
    assert "Nessun server della piattaforma" in told or "posto" in told


def test_the_same_over_the_api(pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    for name in ("web", "mail"):
        point(row, name)
        hybrid.consoles[name] = "login:"
    client = pages.client("owner")
    assert client.get(api(row) + "failover/").status_code == 404

    def patched(body: dict[str, Any]) -> Any:
        return client.patch(api(row), body, content_type="application/json")

    for wrong in ({}, {"failed_over": True, "terms": {}}, {"failed_over": True, "level": 2}, {"failed_over": None}):
        assert patched(wrong).status_code == 400, wrong
    assert patched({"failed_over": False}).json()["code"] == "not_failed_over"
    asked = patched({"failed_over": True})
    assert (asked.status_code, asked.json()["kind"], asked.json()["state"]) == (202, "fail_over", "planning")
    assert patched({"failed_over": True}).json()["code"] == "failed_over"
    reaches(town, row, FailoverState.STANDING)
    assert client.get(api(row)).json()["failed_over"] is True
    told = client.get(api(row) + "failover/").json()
    assert (told["state"], [m["name"] for m in told["machines"]]) == ("standing", ["web", "mail"])
    assert told["rto_seconds"] is not None and told["reviewed_at"] is None
    late = client.post(api(row) + "failover/cancel/", {}, content_type="application/json")
    assert late.json()["code"] == "request_decided"
    seen = pages.client("approver").post(
        api(row) + "failover/review/", {"text": "Vero."}, content_type="application/json"
    )
    assert (seen.status_code, seen.json()["review"]) == (200, "Vero.")
    ended = patched({"failed_over": False})
    assert (ended.status_code, ended.json()["kind"]) == (202, "fail_back")
    assert over(row).request.public_id != Request.objects.latest("pk").public_id
