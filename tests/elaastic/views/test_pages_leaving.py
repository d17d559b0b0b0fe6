"""The end of an agreement on the page, the inventory, and the certificate."""

import json
from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from elaastic.models import Subscription
from elaastic.selectors.today import today
from elaastic.services import changing
from provisioning.domain.errors import StillAtWork, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.models import Resource, clock
from tenants.api.shapes import rfc3339
from tenants.services import audit
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Later
from tests.elaastic.views.pages import Pages, words
from tests.personas import API


def decided(pages: Pages, row: Subscription) -> None:
    workers_make_plans()
    request = row.requests.get(decision="")
    assert pages.approves(request).status_code == 302
    workers_bring_everything_up()
    row.refresh_from_db()


def test_an_agreement_that_ends_soon_is_told_and_renewed_by_a_request(pages: Pages) -> None:
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/"
    assert "Rinnova la convenzione…" not in words(pages.get("owner", page))
    last = today() + timedelta(days=25)
    Subscription.objects.update(agreed_until=last, writes_until=last + timedelta(days=30))
    shown = words(pages.get("owner", page))
    assert f"La convenzione scade il {last:%d/%m/%Y}." in shown
    assert "Rinnova la convenzione…" not in words(pages.get("viewer", page))
    assert pages.get("owner", f"{page}renew/").status_code == 200
    assert pages.post("viewer", f"{page}renew/").status_code == 403
    assert pages.post("stranger", f"{page}renew/").status_code == 404
    assert pages.post("owner", f"{page}renew/").status_code == 302
    decided(pages, row)
    assert row.agreed_until is not None
    assert row.agreed_until.year == last.year + 3
    csv = pages.get("operator", "/subscriptions/", format="csv").content.decode()
    assert row.agreed_until.isoformat() in csv


def test_the_inventory_says_what_where_until_when_and_how_to_take_it_away(pages: Pages) -> None:
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/leaving/"
    for who in ("owner", "viewer", "auditor"):
        shown = words(pages.get(who, page))
        assert "Archivio «protocollo»" in shown
        assert "Ancona, Macerata, Pesaro" in shown
        assert "rclone --config rclone.conf copy elaastic-restore:protocollo ./protocollo" in shown
        assert "aws s3 sync s3://protocollo" in shown
        assert "Registro degli atti" in shown
    assert pages.get("stranger", page).status_code == 404
    changing.leave(subscription=row, by=pages.world["owner"].actor)
    decided(pages, row)
    assert row.kept_until is not None
    assert f"Fino al {row.kept_until:%d/%m/%Y}." in words(pages.get("owner", page))


def test_a_deletion_that_takes_long_says_how_much_is_left_and_when_that_was_counted(
    pages: Pages, region: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later()
    monkeypatch.setattr(clock, "source", later)
    row = pages.active()
    changing.leave(subscription=row, by=pages.world["owner"].actor)
    decided(pages, row)
    later.passed += timedelta(days=31)
    workers_bring_everything_up()
    pieces = iter([StillAtWork("More is left.", left_objects=12_345, left_bytes=3 * 2**30)])
    whole = region.handlers["ceph.bucket"].delete

    def piece(target: Target) -> Outcome:
        raise next(pieces, TemporaryError("It is busy.", retry_after=60))

    monkeypatch.setattr(region.handlers["ceph.bucket"], "delete", piece)
    changing.purge(subscription=row, by=pages.world["owner"].actor)
    decided(pages, row)
    at = Resource.objects.get(name="archive-protocollo").left_at
    assert at is not None
    sentence = (
        f"Rimanenti il {localtime(at):%d/%m/%Y, %H:%M:%S}: 3,0 GiB in 12.345 oggetti, versioni precedenti comprese."
    )
    for who, page in (
        ("owner", f"/subscriptions/{row.public_id}/"),
        ("owner", f"/subscriptions/{row.public_id}/live/"),
        ("operator", f"/console/{row.stack_key}/"),
    ):
        assert sentence in words(pages.get(who, page)), page
    page = words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    assert "Quello che era conservato viene cancellato, come approvato." in page
    assert "Cancella ciò che era conservato…" not in page
    for who, where in (("owner", f"subscriptions/{row.public_id}"), ("auditor", f"stacks/{row.stack_key}")):
        told = pages.client(who).get(f"{API}/{where}/resources/").json()["items"]
        left = {one["name"]: one["left"] for one in told}
        assert left["archive-protocollo"] == {"objects": 12_345, "bytes": 3 * 2**30, "at": rfc3339(at)}
        assert not any(figure for name, figure in left.items() if name != "archive-protocollo")

    monkeypatch.setattr(region.handlers["ceph.bucket"], "delete", whole)
    for _look in range(6):
        later.passed += timedelta(hours=1)
        workers_bring_everything_up()
    row.refresh_from_db()
    assert row.ended_at is not None
    assert "Rimanenti" not in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))


def test_the_certificate_is_there_once_everything_is_gone_and_not_before(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later()
    monkeypatch.setattr(clock, "source", later)
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/certificate/"
    by = pages.world["owner"].actor
    changing.leave(subscription=row, by=by)
    decided(pages, row)
    later.passed += timedelta(days=31)
    workers_bring_everything_up()
    assert pages.get("owner", page).status_code == 404
    changing.purge(subscription=row, by=by)
    workers_make_plans()
    assert pages.get("owner", page).status_code == 404
    decided(pages, row)
    for _look in range(3):
        later.passed += timedelta(hours=1)
        workers_bring_everything_up()
    row.refresh_from_db()
    assert row.ended_at is not None
    audit.tick()
    shown = words(pages.get("owner", page))
    assert "Attestato di cancellazione" in shown
    assert row.authority.fiscal_code in shown
    assert "Archivio «protocollo»" in shown
    told = pages.client("owner").get(f"{API}/subscriptions/{row.public_id}/certificate/").json()
    assert told["fingerprint"] in shown
    assert told["trail_hash"] in shown
    assert len(told["trail_hash"]) == len(told["fingerprint"]) == 64
    assert json.dumps(told) == json.dumps(
        pages.client("owner").get(f"{API}/subscriptions/{row.public_id}/certificate/").json()
    )
    assert pages.get("stranger", page).status_code == 404
    kept = pages.client("owner").get(f"{API}/subscriptions/{row.public_id}/inventory/").json()["kept"]
    assert {one["kind"] for one in kept} == {"record"}
    assert "Attestato di cancellazione" in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
