"""Levels for everybody; capacity, platforms and stacks for the region."""

from urllib.parse import parse_qs, urlsplit

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jsonschema import Draft202012Validator

from provisioning.models import OrphanSighting, Resource, Stack
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.region import SITE_GIB, SITES


def test_anybody_reads_the_levels_and_the_schema_of_their_terms(flow: Flow) -> None:
    levels = flow.get("anonymous", "/levels/").json()["items"]
    assert [(level["number"], level["available"]) for level in levels] == [
        (1, True),
        (2, False),
        (3, False),
        (4, False),
    ]
    first = flow.get("anonymous", "/levels/1/").json()
    assert first == levels[0]
    Draft202012Validator.check_schema(first["terms_schema"])
    assert Draft202012Validator(first["terms_schema"]).is_valid(TERMS)
    assert Draft202012Validator(first["terms_schema"]).is_valid(first["default_terms"])
    assert flow.get("anonymous", "/levels/5/").status_code == 404


def test_the_region_reads_what_is_left_on_each_site(flow: Flow) -> None:
    flow.active(quota_gib=400)
    rows = flow.get("auditor", "/capacity/").json()["items"]
    assert [(r["site"], r["resource"], r["total"], r["used"], r["free"]) for r in rows] == [
        (site, "storage_gib", SITE_GIB, 400, SITE_GIB - 400) for site in SITES
    ]
    assert [r["site"] for r in flow.get("auditor", "/capacity/", site="pesaro").json()["items"]] == ["pesaro"]
    assert flow.get("owner", "/capacity/").status_code == 403


def test_platforms_are_reachable_until_they_are_not(flow: Flow) -> None:
    seen = flow.get("operator", "/platforms/").json()["items"]
    assert [(p["id"], p["provider"], p["reachable"], p["held"]) for p in seen] == [
        ("ceph-test", "ceph", True, False)
    ]
    assert flow.get("owner", "/platforms/").status_code == 403


def test_orphans_are_told_to_the_region_until_they_are_settled(flow: Flow) -> None:
    for number, settled in ((1, None), (2, None), (3, timezone.now())):
        OrphanSighting.objects.create(
            platform="ceph-test",
            kind="ceph.user",
            external_id=f"lost-{number}",
            marker="test/k/writer",
            first_seen=timezone.now(),
            last_seen=timezone.now(),
            settled_at=settled,
        )
    seen = flow.get("auditor", "/orphans/", limit=1).json()
    assert [item["external_id"] for item in seen["items"]] == ["lost-1"]
    rest = flow.world["auditor"].client().get(seen["next"]).json()
    assert [item["external_id"] for item in rest["items"]] == ["lost-2"]
    assert "next" not in rest
    assert flow.get("owner", "/orphans/").status_code == 403


def test_a_stack_is_the_regions_to_see_and_absent_for_everybody_else(flow: Flow) -> None:
    key = flow.active()["stack"]
    seen = flow.get("auditor", f"/stacks/{key}/").json()
    assert (seen["key"], seen["state"], seen["authority_name"]) == (key, "ready", flow.world.home.name)
    assert flow.get("auditor", "/stacks/").json()["items"] == [seen]
    assert flow.get("auditor", f"/stacks/{key}/resources/").json()["items"]
    assert flow.get("auditor", f"/stacks/{key}/events/").json()["items"]
    for path in (f"/stacks/{key}/", f"/stacks/{key}/events/"):
        mine, absent = flow.get("owner", path), flow.get("owner", path.replace(key, "k" * 12))
        assert mine.status_code == absent.status_code == 404
        assert {**mine.json(), "instance": ""} == {**absent.json(), "instance": ""}


def test_an_operator_retries_what_is_blocked_and_an_auditor_does_not(flow: Flow) -> None:
    key = flow.active()["stack"]
    Resource.objects.filter(name="writer").update(state="blocked", reason="NameTaken")
    Stack.objects.filter(key=key).update(state="blocked", reason="NameTaken")
    assert flow.get("operator", "/stacks/", state="blocked").json()["items"][0]["whose_move"] == "region"
    assert flow.post("auditor", f"/stacks/{key}/retry/").status_code == 403
    assert flow.post("owner", f"/stacks/{key}/retry/").status_code == 404
    answer = flow.post("operator", f"/stacks/{key}/retry/", {"resource": "writer"})
    assert answer.status_code == 202
    assert answer["Location"].endswith(f"/stacks/{key}/")
    found = flow.get("operator", f"/stacks/{key}/resources/", q="writer").json()["items"]
    assert {(r["name"], r["state"]) for r in found if r["name"] == "writer"} == {("writer", "pending")}


def test_what_has_an_object_already_adopts_no_other(flow: Flow) -> None:
    key = flow.active()["stack"]
    refused = flow.post("operator", f"/stacks/{key}/adopt/", {"resource": "writer", "external_id": "another"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    Resource.objects.filter(name="writer").update(external_id="", state="blocked", reason="AmbiguousCreate")
    taken = flow.post("operator", f"/stacks/{key}/adopt/", {"resource": "writer", "external_id": "found"})
    assert taken.status_code == 202
    assert Resource.objects.get(name="writer").external_id == "found"


def test_stacks_are_read_page_by_page_and_narrowed_by_the_database(flow: Flow) -> None:
    Stack.objects.bulk_create(
        Stack(key=f"k{n:03d}", state="failed" if n % 2 else "ready", reason="Forbidden" if n % 2 else "")
        for n in range(30)
    )
    first = flow.get("operator", "/stacks/", limit=10).json()
    with CaptureQueriesContext(connection) as seen:
        second = flow.get("operator", "/stacks/", limit=10, cursor=_cursor(first["next"])).json()
    assert [item["key"] for item in second["items"]] == [f"k{n:03d}" for n in range(10, 20)]
    rows = [query["sql"] for query in seen if 'FROM "provisioning_stack"' in query["sql"]]
    assert [sql.rpartition("LIMIT ")[2] for sql in rows] == ["11"], "no more is read than is shown"
    assert len(flow.get("operator", "/stacks/", state="failed", q="k00").json()["items"]) == 5
    assert len(flow.get("operator", "/stacks/", reason="Forbidden").json()["items"]) == 15
    assert flow.get("operator", "/stacks/", state="nonsense").status_code == 400


def _cursor(link: str) -> str:
    return parse_qs(urlsplit(link).query)["cursor"][0]
