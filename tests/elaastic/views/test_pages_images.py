"""The machines of a subscription and their images: where the first goes, why one was refused, what starts."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elaastic.models import Alert, Subscription
from elaastic.services import watching
from elaastic.services.asking import request_subscription
from provisioning.services.clock import now
from tests.elaastic.images import arrived, looked
from tests.elaastic.machines import TERMS_2, hybrid
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import Pages, words
from tests.personas import API

__all__ = ["hybrid"]


@pytest.fixture
def row(pages: Pages, hybrid: MemoryProvider) -> Subscription:
    asked = request_subscription(authority=pages.world.home, level=2, terms=TERMS_2, by=pages.world["owner"].actor)
    workers_make_plans()
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    return Subscription.objects.select_related("authority").get(pk=asked.subscription_id)


def at(row: Subscription, machine: str = "") -> str:
    return f"/subscriptions/{row.public_id}/images/{machine}"


def test_the_empty_page_says_where_the_first_image_goes_and_with_which_command(
    pages: Pages, row: Subscription
) -> None:
    said = words(pages.get("owner", at(row)))
    assert "2 macchine non potrebbero partire" in said
    assert "rclone --config rclone.conf copy files.qcow2 elaastic-writer:images/files/" in said
    assert "s3 cp files.qcow2 s3://images/files/" in said
    one = words(pages.get("owner", at(row, "web/")))
    assert "elaastic-writer:images/web/" in one and "Non è ancora arrivata nessuna immagine." in one


def test_a_refused_one_says_why_and_what_to_do_and_the_older_one_still_counts(
    pages: Pages, row: Subscription
) -> None:
    looked(row, strays=["letter.txt"], stray_count=1)
    arrived(row, 5)
    arrived(row, 1, "refused", reason="BackingFile")
    arrived(row, 0.5, "looking", machine="files")
    page = words(pages.get("owner", at(row)))
    assert "L'immagine più recente è stata rifiutata." in page.replace("&#x27;", "'")
    assert "letter.txt" in page and "Una è in esame." in page
    one = words(pages.get("owner", at(row, "web/"))).replace("&#x27;", "'")
    assert "Oggi partirebbe da 5.qcow2" in one
    assert "esporta tutto il disco in un solo file" in one
    assert "Tocca a te." in one


def test_the_subscriptions_page_and_its_light_know_the_machines(pages: Pages, row: Subscription) -> None:
    looked(row)
    arrived(row, 30)  # web is expected every 24 hours
    said = words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    assert at(row, "web/") in said and at(row) in said
    health = pages.world["owner"].client().get(f"{API}/subscriptions/{row.public_id}/health/").json()
    assert health["light"] == "red"
    assert {m["name"]: m["state"] for m in health["machines"]} == {"files": "late", "web": "late"}


@pytest.mark.parametrize("path", ["", "web/"])
def test_as_a_table_for_a_spreadsheet(pages: Pages, row: Subscription, path: str) -> None:
    looked(row)
    arrived(row, 5)
    answer = pages.get("owner", at(row, path), format="csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "a" * 64 in answer.content.decode()


def test_whom_it_does_not_concern(pages: Pages, row: Subscription) -> None:
    point = arrived(row, 5)
    for who, status in (("viewer", 200), ("auditor", 200), ("operator", 200), ("stranger", 404)):
        assert pages.get(who, at(row)).status_code == status, who
        assert pages.get(who, at(row, "web/")).status_code == status, who
        answer = pages.world[who].client().get(f"{API}/recovery-points/{point.public_id}/")
        assert answer.status_code == status, who
    assert pages.world["stranger"].client().get(f"{API}/recovery-points/").json()["items"] == []
    assert pages.get("owner", at(row, "nobody/")).status_code == 404


def test_the_api_lists_and_filters(pages: Pages, row: Subscription) -> None:
    usable, refused = arrived(row, 5), arrived(row, 1, "refused", machine="files", reason="Damaged")
    client = pages.world["owner"].client()

    def ids(query: str) -> list[str]:
        answer = client.get(f"{API}/recovery-points/?{query}")
        assert answer.status_code == 200, answer.json()
        return [one["id"] for one in answer.json()["items"]]

    both = [str(refused.public_id), str(usable.public_id)]
    assert ids(f"subscription={row.public_id}") == both
    assert ids("machine=web") == both[1:] and ids("state=refused") == both[:1]
    found = client.get(f"{API}/recovery-points/{refused.public_id}/").json()
    assert found["next_action"]["code"] == "upload_again" and found["message"]
    page = client.get(f"{API}/recovery-points/?limit=1").json()
    assert client.get(page["next"]).json()["items"][0]["id"] == both[1]


def test_late_and_refused_are_told_once_and_their_end_once(pages: Pages, row: Subscription) -> None:
    looked(row)
    arrived(row, 1, machine="files")
    arrived(row, 30)
    for _again in range(3):
        watching.tick()
    assert [a.kind for a in Alert.objects.filter(ended_at=None)] == ["image_late"]
    assert [m.subject for m in mail.outbox] == ["[Mcloud] L'immagine della macchina «web» è in ritardo"]
    arrived(row, 0.2, "refused", reason="Damaged")
    watching.tick()
    assert {(a.kind, a.machine) for a in Alert.objects.filter(ended_at=None)} == {
        ("image_late", "web"), ("refused", "web")
    }  # fmt: skip
    arrived(row, 0.1)
    for _again in range(3):
        watching.tick()
    assert not Alert.objects.filter(ended_at=None).exists()
    assert len(mail.outbox) == 4


def test_what_a_worker_still_reads_is_not_called_late(pages: Pages, row: Subscription) -> None:
    looked(row)
    arrived(row, 1, machine="files")
    arrived(row, 30)
    arrived(row, 0.1, "looking")
    watching.tick()
    assert not Alert.objects.exists()


def test_a_listing_that_nobody_made_lately_begins_and_ends_nothing(pages: Pages, row: Subscription) -> None:
    looked(row, at=now() - timedelta(minutes=31))
    arrived(row, 300)
    watching.tick()
    assert not Alert.objects.exists()


@pytest.mark.parametrize("path", ["", "web/"])
def test_a_hundred_images_cost_as_many_queries_as_one(pages: Pages, row: Subscription, path: str) -> None:
    def cost() -> int:
        pages.get("owner", at(row, path))
        with CaptureQueriesContext(connection) as seen:
            assert pages.get("owner", at(row, path)).status_code == 200
        return len(seen.captured_queries)

    looked(row)
    arrived(row, 1)
    before = cost()
    for hours in range(2, 101):
        arrived(row, hours, "refused" if hours % 3 else "usable", reason="Damaged")
    assert cost() == before <= 14
