"""Drills from earlier images on their pages and over the API: offered where there are any, shown with their age."""

from typing import Any

from django.utils.timezone import localtime

from elaastic.models import Drill, PointState, RecoveryPoint, Subscription
from tests.elaastic.machines import hybrid
from tests.elaastic.region import MemoryProvider
from tests.elaastic.services.conftest import town
from tests.elaastic.services.test_services_drilling import brings, row
from tests.elaastic.services.test_services_drills_earlier import aged, over
from tests.elaastic.services.town import Town
from tests.elaastic.views.pages import Pages, words

__all__ = ["brings", "hybrid", "row", "town"]
PLAN = "Prova tutto il piano da immagini precedenti"
WEB = "Prova web da un'immagine precedente"


def page(row: Subscription) -> str:
    return f"/subscriptions/{row.public_id}/drills/"


def test_earlier_images_are_offered_where_there_are_any_and_shown_with_their_age(
    pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    for name in ("web", "mail"):
        aged(row, name, 1)
    told = words(pages.get("owner", page(row)))
    assert "Prova ora tutto il piano" in told and PLAN not in told and WEB not in told
    refused = pages.post("owner", page(row), {"images": "random"})
    assert refused.status_code == 409 and "Non c'è alcuna immagine precedente" in words(refused)
    older = aged(row, "web", 9)
    told = words(pages.get("owner", page(row)))
    assert PLAN in told and WEB in told and "Prova mail da un'immagine" not in told
    assert PLAN not in words(pages.get("viewer", page(row)))
    assert pages.post("owner", page(row), {"images": "oldest"}).status_code == 400
    answer = pages.post("owner", page(row), {"machine": "web", "images": "random"})
    drill = Drill.objects.get()
    assert (answer.status_code, drill.images, list(drill.points.all())) == (302, "random", [older])
    older.refresh_from_db()
    told = words(pages.get("owner", f"/drills/{drill.public_id}/"))
    assert "Estratte a sorte fra le precedenti" in told and "9 giorni" in told
    assert f"arrivata il {localtime(older.arrived_at):%d/%m/%Y}" in told
    assert "non misura l'RPO" in told and "168 h volute" not in told
    assert "(da immagini precedenti)" in words(pages.get("owner", page(row)))
    over(drill, "stopped")
    assert pages.post("owner", page(row)).status_code == 302
    told = words(pages.get("owner", f"/drills/{Drill.objects.latest('pk').public_id}/"))
    assert "La più recente di ogni macchina" in told and "non misura l'RPO" not in told


def test_an_earlier_image_is_offered_where_the_newest_cannot_start(
    pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    """Of web an ova came last, which OpenStack starts as little as an empty hand."""
    older, alone = aged(row, "web", 9), "Prova solo web"
    aged(row, "web", 1, form="ova")
    aged(row, "mail", 1)
    told = words(pages.get("owner", page(row)))
    assert WEB in told and PLAN in told
    assert alone not in told and "Prova solo mail" in told and "Prova ora tutto il piano" not in told
    assert pages.post("owner", page(row), {"images": "random"}).status_code == 302
    assert older in Drill.objects.get().points.all()
    over(Drill.objects.get(), "stopped")
    aged(row, "mail", 0, form="ova")
    RecoveryPoint.objects.filter(pk=older.pk).update(state=PointState.REFUSED)
    told = words(pages.get("owner", page(row)))
    assert WEB not in told and PLAN not in told and "Prova mail da un'immagine precedente" in told


def test_the_same_over_the_api(pages: Pages, town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    client, where = pages.client("owner"), "/rest/elaastic/v1/operations/drills/"

    def asked(**body: str) -> Any:
        told = {"subscription": str(row.public_id), **body}
        return client.post(where, told, content_type="application/json")

    newest, older = aged(row, "web", 1), aged(row, "web", 9)
    assert set(asked(machine="web", images="oldest").json()["errors"]) == {"images"}
    begun = asked(machine="web", images="random")
    assert begun.status_code == 202, begun.json()
    told = client.get(begun["Location"]).json()
    assert told["images"] == "random" and told["rpo_seconds"] >= 9 * 86_400
    assert [(one["machine"], one["recovery_point"]) for one in told["points"]] == [("web", str(older.public_id))]
    over(Drill.objects.get(), "stopped")
    plain = asked(machine="web").json()
    assert (plain["images"], plain["points"][0]["recovery_point"]) == ("newest", str(newest.public_id))
    listed = client.get(where, {"images": "random"}).json()["items"]
    assert [one["id"] for one in listed] == [told["id"]]
