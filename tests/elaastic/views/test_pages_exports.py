"""What the machines wrote, on the failover's page and over the API: asked for, followed, told before they go."""

from typing import Any

import pytest

from elaastic.models import Export, ExportState, Subscription
from provisioning.domain.errors import PermanentError
from provisioning.services import storing
from tests.elaastic.machines import hybrid
from tests.elaastic.region import DISK, MemoryProvider
from tests.elaastic.services.conftest import town
from tests.elaastic.services.test_services_drilling import brings, point, row
from tests.elaastic.services.test_services_exporting import SUM, archive, newest, settled, workers_go_on
from tests.elaastic.services.test_services_failing_over import failed_over
from tests.elaastic.services.town import Town
from tests.elaastic.views.pages import Pages, words

__all__ = ["archive", "brings", "hybrid", "row", "town"]


def page(row: Subscription) -> str:
    return f"/subscriptions/{row.public_id}/failover/"


def test_it_is_asked_for_followed_and_told_before_the_machines_go(
    pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_over(town, row, hybrid)
    before = words(pages.get("owner", page(row)))
    assert "Esporta ciò che le macchine hanno scritto" in before and "dopo un'interruzione di corrente" in before
    assert "Esporta ciò" not in words(pages.get("viewer", page(row)))
    assert pages.post("viewer", page(row) + "export/").status_code == 403
    lost = words(pages.get("owner", page(row) + "end/"))
    assert lost.count("nulla di ciò che ha scritto è stato esportato") == 2
    put = storing.store

    def store(stack: str, where: str, key: str, *rest: Any, **more: Any) -> None:
        if key.startswith("mail"):
            raise PermanentError("full", reason="QuotaExceeded")
        put(stack, where, key, *rest, **more)

    monkeypatch.setattr(storing, "store", store)
    assert pages.post("owner", page(row) + "export/").status_code == 302
    told = words(pages.get("owner", page(row)))
    assert "Se ne crea l'immagine" in told and "Interrompi l'esportazione" in told and "every 2s" in told
    assert "Chiedi di rimuovere le macchine…" not in told
    refused = pages.post("owner", page(row) + "end/", {"authority_name": row.authority.name})
    assert refused.status_code == 409 and "È in corso un'esportazione" in words(refused)
    seen = workers_go_on(town, row, settled)
    assert seen.state == ExportState.INCOMPLETE
    told = words(pages.get("owner", page(row)))
    assert "chiedi più spazio, poi esporta di nuovo" in told and SUM in told
    assert "Non ancora elencato" in told and "every 2s" not in told
    made = point(row, "web", keyed=seen.found("web").key)
    assert "lie other bytes" not in told
    assert "byte diversi" in words(pages.get("owner", page(row)))
    made.sha512 = SUM
    made.save()
    assert "Utilizzabile" in words(pages.get("owner", page(row)))
    ends = words(pages.get("owner", page(row) + "end/"))
    assert f"come {made.key}" in ends
    assert ends.count("nulla di ciò che ha scritto è stato esportato") == 1
    assert pages.post("owner", page(row) + "end/", {"authority_name": row.authority.name}).status_code == 302


def test_it_is_stopped_on_its_page(pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    failed_over(town, row, hybrid)
    assert pages.post("owner", page(row) + "export/stop/").status_code == 404
    assert pages.post("owner", page(row) + "export/").status_code == 302
    assert pages.post("viewer", page(row) + "export/stop/").status_code == 403
    assert pages.post("owner", page(row) + "export/stop/").status_code == 302
    assert workers_go_on(town, row, settled).state == ExportState.STOPPED
    live = pages.get("owner", page(row) + "live/")
    assert "Non ci si è arrivati" in words(live)
    assert pages.post("owner", page(row) + "export/stop/").status_code == 302


def test_the_same_over_the_api(pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    client = pages.client("owner")
    where = f"/rest/elaastic/v1/subscriptions/{row.public_id}/failover/export/"

    def posted(path: str) -> Any:
        return client.post(where + path, {}, content_type="application/json")

    assert client.get(where).status_code == 404
    assert posted("").json()["code"] == "not_failed_over"
    failed_over(town, row, hybrid)
    assert client.get(where).status_code == 404
    begun = posted("")
    assert (begun.status_code, begun.json()["state"], begun.json()["stage"]) == (202, "running", "take")
    assert begun["Location"].endswith(where)
    assert posted("").json()["code"] == "operation_open"
    workers_go_on(town, row, settled)
    told = client.get(where).json()
    assert (told["state"], [one["name"] for one in told["machines"]]) == ("exported", ["web", "mail"])
    web = told["machines"][0]
    assert (web["bytes"], web["sha512"], web["reason"], web["recovery_point"]) == (len(DISK), SUM, "", None)
    made = point(row, "web", keyed=web["image"])
    assert client.get(where).json()["machines"][0]["recovery_point"] == str(made.public_id)
    assert posted("cancel/").json()["code"] == "operation_ended"
    assert Export.objects.get() == newest(row).export
