"""T21: what nobody is called, in every field that a form or a call takes: refused with a reason, or harmless."""

from typing import Any
from urllib.parse import quote

import pytest

from elaastic.models import Request
from tenants.models import ApiToken, LocalAuthority
from tests.elaastic.region import MemoryProvider, region
from tests.elaastic.views.pages import TYPED, Pages, words
from tests.personas import API, PASSWORD, World, details

__all__ = ["region"]

# What is refused wherever a text is one line that others read.
NEVER = {"nul": "a\x00b", "right-to-left": "Comune\u202egnp.exe", "escape": "a\x1b[2Jb"}
# What some fields may take, and that must then be shown as it is, and run by nobody.
ODD = {
    "path": "../../../etc/passwd",
    "shell": "a; rm -rf / #",
    "substitution": "$(touch /tmp/canary)`id`",
    "markup": "<script>alert('canary')</script>",
    "template": "{{ settings.SECRET_KEY }}{% debug %}",
    "sql": "x' OR '1'='1'; --",
    "format": "%s%s%n{0.__class__}",
}
LONG = "x" * 10_000
HOSTILE = {**NEVER, **ODD, "long": LONG}

AUTHORITY: dict[str, Any] = {
    "name": "Comune di Provato", "kind": "comune", "ipa_code": "c_p77", "fiscal_code": details(77).fiscal_code,
    "istat_code": "042999", "province": "AN", "pec": "protocollo@pec.provato.example", "external_ref": "p-77",
    "seat": {"address": "Piazza 1"}, "security_contact": {"name": "Prima", "phone": "+39 071 123456"},
}  # fmt: skip
AUTHORITY_FIELDS = [
    "name", "kind", "ipa_code", "fiscal_code", "istat_code", "province", "pec", "external_ref", "data_class",
    "seat.address", "security_contact.name", "security_contact.phone", "security_contact.email",
]  # fmt: skip


def _with(body: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    outer, _dot, inner = name.partition(".")
    return {**body, outer: {**body.get(outer, {}), inner: value} if inner else value}


@pytest.mark.parametrize("field", AUTHORITY_FIELDS)
def test_an_authority_is_registered_with_no_such_text_or_shown_with_it(world: World, field: str) -> None:
    client = world["operator"].client()
    for serial, (kind, text) in enumerate(HOSTILE.items(), start=77):
        codes = {"ipa_code": f"c_p{serial}", "fiscal_code": details(serial).fiscal_code}
        answer = client.post(f"{API}/authorities/", _with({**AUTHORITY, **codes}, field, text), format="json")
        if answer.status_code == 201:
            assert kind in ODD
            assert field in {"external_ref", "seat.address", "security_contact.name"}
            _is_shown_harmlessly(world, text)
            continue
        assert answer.status_code == 400, answer.content
        assert field in answer.json()["errors"]
        assert not LocalAuthority.objects.filter(fiscal_code=codes["fiscal_code"]).exists()


def _is_shown_harmlessly(world: World, text: str) -> None:
    page = world["operator"].client().get("/authorities/").content.decode()
    assert "<script>alert" not in page
    assert "SECRET_KEY" not in page or "{{ settings.SECRET_KEY }}" in page


@pytest.mark.parametrize(
    ("path", "field", "rest"),
    [
        ("/authorities/{other}/suspend/", "reason", {}),
        ("/tokens/", "name", {"scopes": ["audit:read"]}),
        ("/tokens/", "scopes", {}),
        ("/tokens/", "authority", {"scopes": ["audit:read"]}),
    ],
)
def test_a_call_takes_no_such_text_or_keeps_it_as_a_text(
    world: World, path: str, field: str, rest: dict[str, Any]
) -> None:
    client, address = world["operator"].client(), path.format(other=world.other.public_id)
    for kind, text in HOSTILE.items():
        value: Any = [text] if field == "scopes" else text
        answer = client.post(API + address, {**rest, field: value}, format="json")
        if kind in NEVER or kind == "long" or field in ("scopes", "authority"):
            assert answer.status_code == 400, answer.content
            assert any(name.startswith(field) for name in answer.json()["errors"])
            continue
        assert answer.status_code in (200, 201)
        if field == "name":
            assert ApiToken.objects.latest("pk").name == text.strip()
        else:
            assert client.post(API + address.replace("suspend", "resume")).status_code == 200


@pytest.mark.parametrize("name", ["q", "sort", "cursor", "limit", "state", "ipa_code", "external_ref", "nonsense"])
def test_a_list_asked_for_nonsense_answers_or_refuses(world: World, name: str) -> None:
    client = world["owner"].client()
    for kind, text in HOSTILE.items():
        answer = client.get(f"{API}/authorities/", {name: text})
        assert answer.status_code in ({400} if kind == "nul" else {200, 400}), kind
        if answer.status_code == 200:
            assert answer.json()["items"] == []


@pytest.mark.parametrize("field", sorted(set(TYPED) - {"rows"}))
def test_the_form_of_an_ask_names_the_field_at_fault(world: World, region: MemoryProvider, field: str) -> None:
    pages = Pages(world)
    for kind, text in HOSTILE.items():
        answer = pages.asks("owner", **{field: text})
        assert answer.status_code == 400, kind
        assert field in answer.context["form"].errors, kind
        assert "<script>alert" not in answer.content.decode()


def test_no_summary_of_an_ask_runs_what_was_sent_beside_it(world: World, region: MemoryProvider) -> None:
    pages = Pages(world)
    for text in HOSTILE.values():
        answer = pages.asks("owner", step="check", **{f"beside-{text[:40]}": text})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()


def test_a_note_is_refused_or_read_as_it_was_written(world: World, region: MemoryProvider) -> None:
    pages = Pages(world)
    for kind, text in HOSTILE.items():
        asked = Request.objects.filter(decision="").first() or pages.asked()
        answer = pages.post("approver", f"/requests/{asked.public_id}/reject/", {"note": text})
        asked.refresh_from_db()
        if kind in NEVER or kind == "long":
            assert answer.status_code == 400, kind
            assert not asked.decision
            continue
        assert answer.status_code == 302, kind
        page = pages.get("owner", f"/requests/{asked.public_id}/")
        assert text in words(page)
        assert "<script>alert" not in page.content.decode()


def test_an_operators_buttons_take_no_such_name(world: World, region: MemoryProvider) -> None:
    pages = Pages(world)
    key = pages.active().stack_key
    for text in HOSTILE.values():
        assert pages.post("operator", f"/console/{key}/retry/", {"resource": text}).status_code == 404
        adopted = pages.post("operator", f"/console/{key}/adopt/owner/", {"external_id": text, "sure": "on"})
        assert adopted.status_code in (400, 409)
        assert "<script>alert" not in adopted.content.decode()


def test_the_login_takes_anything_and_opens_for_none_of_it(world: World) -> None:
    for text in HOSTILE.values():
        for told in ({"login": text, "password": PASSWORD}, {"login": "owner@comune.example", "password": text}):
            client = world["anonymous"].client()
            assert client.post("/accounts/login/", told).status_code in (200, 429)
            assert client.get("/subscriptions/").status_code == 302


@pytest.mark.parametrize("address", ["stacks/{}/", "levels/{}/", "subscriptions/{}/", "requests/{}/plan/"])
def test_an_address_of_nonsense_is_absent(world: World, address: str) -> None:
    client = world["operator"].client()
    for text in HOSTILE.values():
        answer = client.get(f"{API}/{address.format(quote(text, safe=''))}")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"


def test_an_idempotency_key_is_a_key_or_refused(world: World) -> None:
    client = world["owner"].client()
    for kind, text in HOSTILE.items():
        answer = client.post(
            f"{API}/tokens/", {"scopes": ["audit:read"]}, format="json", headers={"Idempotency-Key": text}
        )
        assert answer.status_code == (201 if kind in ODD else 400), kind
