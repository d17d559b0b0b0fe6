"""The promises of the API that hold on every address, played on the authorities."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tenants.api import shapes, shapes_people
from tenants.models import AuditEvent, LocalAuthority, User
from tenants.selectors import audit_events_readable_by
from tenants.services import audit
from tests.personas import API, World, details
from tests.tenants.bodies import body_of

PROBLEM = "application/problem+json"


def many(count: int) -> None:
    """Rows enough to page through, without the services' cost."""
    known = LocalAuthority.objects.count()
    by = User.objects.get(email="operator@region.example")
    from dataclasses import asdict

    LocalAuthority.objects.bulk_create(
        LocalAuthority(**{**asdict(details(1000 + known + n)), "name": f"Comune {n % 7}"}, registered_by=by)
        for n in range(count)
    )


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check the shape of a refusal and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    found: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(found)
    assert (found["status"], found["code"]) == (status, code)
    assert found["title"].endswith(".") or found["title"]
    return found


def test_onboarding_registers_and_verifies_and_reads_what_it_registered(world: World) -> None:
    client = world["onboarding"].client()
    created = client.post(f"{API}/authorities/", body_of(70), format="json")
    assert created.status_code == 201
    assert created.json()["state"] == "verified"
    read = client.get(created["Location"])
    assert read.json() == created.json()
    assert {k: v for k, v in read.json().items() if k in body_of(70)} == body_of(70)


def test_a_person_registers_and_waits_and_the_region_verifies(world: World) -> None:
    created = world["nobody"].client().post(f"{API}/authorities/", body_of(71), format="json")
    assert created.json()["state"] == "pending"
    path = f"{API}/authorities/{created.json()['id']}/"
    verified = world["operator"].client().post(f"{path}verify/")
    assert (verified.status_code, verified.json()["state"]) == (200, "verified")
    suspended = world["operator"].client().post(f"{path}suspend/", {"reason": "Why."}, format="json")
    assert suspended.json()["state"] == "suspended"
    assert world["operator"].client().post(f"{path}resume/", {}, format="json").json()["state"] == "verified"
    members = world["nobody"].client().get(f"{path}members/").json()["items"]
    assert [(m["email"], m["role"]) for m in members] == [("nobody@comune.example", "owner")]


def test_a_second_body_with_the_same_code_is_409_and_names_the_first_to_who_may_see_it(world: World) -> None:
    twin = body_of(72, ipa_code=world.home.ipa_code)
    found = problem_of(
        world["onboarding"].client().post(f"{API}/authorities/", twin, format="json"), 409, "authority_exists"
    )
    assert found["authority"] == str(world.home.public_id)
    assert list(found["errors"]) == ["ipa_code"]


def test_every_fault_is_told_at_once_by_field(world: World) -> None:
    sent = body_of(73, kind="castle", seat={"lat": 200, "depth": 3}, colour="blue", state="verified")
    del sent["name"]
    answer = world["onboarding"].client().post(f"{API}/authorities/", sent, format="json")
    found = problem_of(answer, 400, "invalid")
    assert set(found["errors"]) == {"kind", "seat.lat", "seat.depth", "colour", "state", "name"}


def test_codes_and_hostile_names_are_refused_by_field(world: World) -> None:
    client = world["onboarding"].client()
    for name, value in (
        ("fiscal_code", "80008630421"),
        ("name", "../x"),
        ("name", "a\u202eb"),
        ("name", "A" * 10_000),
    ):
        answer = client.post(f"{API}/authorities/", body_of(74, **{name: value}), format="json")
        assert list(problem_of(answer, 400, "invalid")["errors"]) == [name]


@pytest.mark.parametrize("field", sorted(set(shapes.AuthorityShape().fields) - set(body_of(0))))
def test_what_a_client_cannot_write_it_cannot_change(world: World, field: str) -> None:
    before = LocalAuthority.objects.values().get(pk=world.home.pk)
    for name in ("owner", "operator"):
        path = f"{API}/authorities/{world.home.public_id}/"
        answer = world[name].client().patch(path, {field: "x"}, format="json")
        assert list(problem_of(answer, 400, "invalid")["errors"]) == [field]
    assert LocalAuthority.objects.values().get(pk=world.home.pk) == before


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"population": 1e999}', "application/json", 400),
        (b'{"population": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"<a/>", "application/xml", 415),
        (b" " * (1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_bytes_that_mean_nothing_are_refused_and_never_break_anything(
    world: World, content: bytes, content_type: str, status: int
) -> None:
    answer = world["onboarding"].client().post(f"{API}/authorities/", content, content_type=content_type)
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=٣", "sort=pec", "cursor=x", "cursor=e30=", "cursor=WyJhIiwxLDFd",
     "state=asleep", "colour=blue", "q=%00", "limit=1&limit=2", "q=" + "a" * 201,
     "cursor=WyJcdTAwMDAiLDEsZmFsc2Vd", "cursor=W251bGwsMSxmYWxzZV0="],
)  # fmt: skip
def test_a_query_without_sense_is_400_and_named(world: World, query: str) -> None:
    answer = world["operator"].client().get(f"{API}/authorities/?{query}")
    assert list(problem_of(answer, 400, "invalid")["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize("sort", ["name", "-name", "registered_at", "-registered_at", "ipa_code"])
def test_the_links_lead_through_every_row_once_and_back(world: World, sort: str) -> None:
    many(40)
    client = world["operator"].client()
    expected = [str(i) for i in LocalAuthority.objects.order_by(
        sort, "-pk" if sort.startswith("-") else "pk").values_list("public_id", flat=True)]  # fmt: skip
    url, seen, pages = f"{API}/authorities/?limit=7&sort={sort}", [], []
    while url:
        page = client.get(url).json()
        seen += [row["id"] for row in page["items"]]
        pages.append(page)
        url = page.get("next")
    assert seen == expected
    assert "previous" not in pages[0]
    back = []
    while url := pages[-1].get("previous"):
        assert url.startswith("http://testserver/")
        pages.append(client.get(url).json())
        back.append([row["id"] for row in pages[-1]["items"]])
    assert [i for page in reversed(back) for i in page] == expected[: len(expected) - len(expected) % 7 or -7]


def test_lists_are_filtered_and_searched(world: World) -> None:
    client = world["operator"].client()
    for query in (f"ipa_code={world.home.ipa_code}", "external_ref=ext-1", "q=prova 1", "q=PROVA 1"):
        items = client.get(f"{API}/authorities/?{query}").json()["items"]
        assert [row["id"] for row in items] == [str(world.home.public_id)], query
    assert client.get(f"{API}/authorities/?state=pending").json()["items"][0]["id"] == str(world.pending.public_id)


def test_a_list_takes_as_many_queries_for_a_thousand_rows_as_for_ten(world: World) -> None:
    audit.tick()
    counts = {}
    for size in (10, 1000):
        many(size - LocalAuthority.objects.count())
        _many_events(world, size - AuditEvent.objects.count())
        for path in ("authorities/", f"authorities/{world.home.public_id}/members/", "audit-events/", "tokens/"):
            client = world["administrator"].client()
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = client.get(f"{API}/{path}?limit=200")
            assert answer.status_code == 200
            counts.setdefault(path, []).append(len(queries))
    assert all(first == second <= 8 for first, second in counts.values()), counts


def _many_events(world: World, count: int) -> None:
    from django.db import transaction

    by = world["administrator"].actor
    with transaction.atomic():
        for _n in range(count):
            audit.record(by=by, action="test.acted", authority=world.home, subject_type="t", subject_id=1)


def test_an_etag_changes_with_the_row_and_a_stale_one_changes_nothing(world: World) -> None:
    client = world["owner"].client()
    path = f"{API}/authorities/{world.home.public_id}/"
    etag = client.get(path)["ETag"]
    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 304
    changed = client.patch(path, {"population": 11}, format="json", HTTP_IF_MATCH=etag)
    assert (changed.status_code, changed["ETag"] != etag) == (200, True)
    stale = client.patch(path, {"population": 12}, format="json", HTTP_IF_MATCH=etag)
    problem_of(stale, 412, "stale_version")
    assert client.get(path).json()["population"] == 11
    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_a_patch_of_one_part_of_the_seat_leaves_the_rest(world: World) -> None:
    path = f"{API}/authorities/{world.home.public_id}/"
    world["owner"].client().patch(path, {"seat": {"lat": 43.7}}, format="json")
    assert world["owner"].client().get(path).json()["seat"] == {
        "address": "Piazza della Prova 1",
        "lat": 43.7,
        "lon": 13.5,
    }


def test_every_answer_says_what_is_left_and_is_not_kept(world: World) -> None:
    for name, path in (("owner", "me/"), ("anonymous", "me/"), ("anonymous", "status"), ("expired_token", "me/")):
        answer = world[name].client().get(f"{API}/{path}")
        assert answer["Cache-Control"] == "no-store"
        assert 0 <= int(answer["X-RateLimit-Remaining"]) < int(answer["X-RateLimit-Limit"])
        assert 0 < int(answer["X-RateLimit-Reset"]) <= 60


def test_one_call_too_many_is_429_until_the_minute_is_over(world: World, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE_CALLER = 3
    # The minute may turn over between two calls; ten in one go are more than three in any two minutes.
    client = world["owner"].client()
    answers = [client.get(f"{API}/me/") for _n in range(10)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 4
    assert problem_of(refused[-1], 429, "throttled") and int(refused[-1]["Retry-After"]) <= 60
    assert world["viewer"].client().get(f"{API}/me/").status_code == 200


def test_me_says_who_i_am_and_what_i_may(world: World) -> None:
    mine = world["scoped_token"].client().get(f"{API}/me/").json()
    assert (mine["email"], mine["scopes"]) == ("owner@comune.example", ["authorities:read"])
    assert [(a["id"], a["role"]) for a in mine["authorities"]] == [(str(world.home.public_id), "owner")]


def test_an_owner_reads_the_trail_of_the_own_authority_without_anybodys_address(world: World) -> None:
    seen = world["owner"].client().get(f"{API}/audit-events/").json()["items"]
    assert {row["authority"] for row in seen} == {str(world.home.public_id)}
    assert {row["ip"] for row in seen} == {""}
    whole = world["auditor"].client().get(f"{API}/audit-events/?limit=200").json()["items"]
    assert len(whole) == AuditEvent.objects.count()


def test_functions_and_published_shapes_have_the_same_fields(world: World) -> None:
    actor = world["auditor"].actor
    event = audit_events_readable_by(actor).first()
    assert event is not None
    token = world["owner"].with_token()
    from tenants.models import ApiToken, Membership

    pairs = [
        (shapes.authority_shape(world.home), shapes.AuthorityShape),
        (shapes_people.member_shape(Membership.objects.select_related("user")[0]), shapes_people.MemberShape),
        (shapes.token_shape(ApiToken.objects.get(prefix=token.secret[:10])), shapes.TokenShape),
        (shapes.audit_event_shape(event, whole=True), shapes.AuditEventShape),
        (shapes.me_shape(actor, [], 1), shapes.MeShape),
    ]
    for shown, published in pairs:
        assert list(shown) == list(published().fields), published


def test_the_schema_is_served_and_its_pages_need_no_inline_script(client: Any, db: None) -> None:
    schema = client.get(f"{API}/schema/", HTTP_ACCEPT="application/json")
    assert schema.status_code == 200
    page = client.get(f"{API}/docs/")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode()
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "style-src 'self' 'unsafe-inline'" in policy
    assert "unsafe-inline" not in client.get("/healthz")["Content-Security-Policy"]


@pytest.mark.urls("tests.tenants.handler_urls")
@pytest.mark.parametrize(("path", "status", "code"), [
    (f"{API}/no-such-thing/", 404, "not_found"),
    (f"{API}/authorities/not-a-uuid/", 404, "not_found"),
    (f"{API}/breaks/", 500, "internal_error"),
    (f"{API}/view-breaks/", 500, "internal_error"),
    (f"{API}/database-away/", 503, "unavailable"),
])  # fmt: skip
def test_even_djangos_own_errors_are_problems_under_the_api(db: None, path: str, status: int, code: str) -> None:
    answer = APIClient(raise_request_exception=False).get(path)
    found = problem_of(answer, status, code)
    assert "Traceback" not in json.dumps(found) and "canary" not in json.dumps(found)
    if status == 503:
        assert int(answer["Retry-After"]) > 0
