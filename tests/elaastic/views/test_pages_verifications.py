"""The list of what was proven: narrowed, as a spreadsheet, and as a bundle that is checked without the portal."""

import csv
import io
from datetime import timedelta

import pytest

from elaastic.models import Subscription, Verification
from elaastic.services.ledger import enter
from provisioning.services.clock import now
from tests.elaastic.bundles import checked, unpacked
from tests.elaastic.views.pages import Pages, words

PAGE = "/verifications/"


def proven(pages: Pages, *, days: int = 0, **told: object) -> Subscription:
    row = Subscription.objects.first() or pages.active()
    usual: dict[str, object] = {"archive": "protocollo", "kind": "readable", "passed": True, "seconds": 3}
    enter(subscription=row, at=now() - timedelta(days=days), evidence={}, **usual | told)  # type: ignore[arg-type]
    return row


def test_a_town_and_the_region_see_what_was_proven_and_a_stranger_nothing(pages: Pages) -> None:
    row = proven(pages, kind="restored", by=pages.world["owner"].user)
    for who in ("owner", "viewer", "auditor", "operator"):
        shown = words(pages.get(who, PAGE))
        assert "protocollo" in shown
        assert "1 prova" in shown
        assert (pages.world.home.name in shown.split("<tbody>")[1]) == (who in ("auditor", "operator"))
    assert "Non è ancora stato provato nulla" in words(pages.get("stranger", PAGE))
    assert f"{PAGE}?subscription={row.public_id}" in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    assert f"{PAGE}?subscription={row.public_id}" in words(
        pages.get("owner", f"/subscriptions/{row.public_id}/proof/")
    )


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"kind": "readable"}, 2),
        ({"kind": "restored"}, 1),
        ({"result": "not_passed"}, 1),
        ({"words": "protocollo"}, 2),
        ({"words": "proto"}, 0),
        ({"since": (now() - timedelta(days=2)).date().isoformat()}, 2),
        ({"until": (now() - timedelta(days=2)).date().isoformat()}, 1),
        ({"kind": "readable", "result": "passed"}, 1),
    ],
)
def test_every_filter_narrows(pages: Pages, asked: dict[str, str], count: int) -> None:
    proven(pages, days=9)
    proven(pages, passed=False)
    proven(pages, kind="restored", archive="foto")
    assert pages.get("owner", PAGE, **asked).context["page"].paginator.count == count
    sheet = pages.get("owner", PAGE, format="csv", **asked).content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(sheet), delimiter=";"))) == 1 + count


def test_what_makes_no_sense_is_said_at_its_field(pages: Pages) -> None:
    answer = pages.get("owner", PAGE, since="ieri")
    assert (answer.status_code, answer.context["form"].errors.keys()) == (400, {"since"})
    assert pages.get("owner", f"{PAGE}bundle/", subscription="x").status_code == 404


def test_fifty_a_page(pages: Pages) -> None:
    row = proven(pages)
    like = {
        "subscription": row,
        "archive": "foto",
        "kind": "readable",
        "passed": True,
        "seconds": 1,
        "evidence": {},
    }
    Verification.objects.bulk_create(Verification(**like, at=now(), number=n) for n in range(2, 62))
    assert len(pages.get("owner", PAGE).context["page"]) == 50
    assert len(pages.get("owner", PAGE, page="2").context["page"]) == 11


def test_the_bundle_is_checked_without_the_portal(pages: Pages, tmp_path: object) -> None:
    row = proven(pages)
    proven(pages, kind="restored", by=pages.world["owner"].user)
    for who, where in (("owner", ""), ("viewer", f"?subscription={row.public_id}"), ("auditor", "")):
        answer = pages.client(who).get(f"{PAGE}bundle/{where}")
        assert "attachment" in answer["Content-Disposition"]
        assert checked(unpacked(answer)) == (0, "2 verifications, 1 chains: OK\n")
    assert checked(unpacked(pages.client("stranger").get(f"{PAGE}bundle/"))) == (
        0,
        "0 verifications, 0 chains: OK\n",
    )
