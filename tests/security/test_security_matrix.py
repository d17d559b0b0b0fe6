"""T13: every address × method × persona × own, foreign and absent object; nothing is open by accident."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tenants.models import LocalAuthority
from tests.personas import API as BASE
from tests.personas import NAMES, World
from tests.security.policies import (
    ANYBODY,
    API,
    API_POLICIES,
    LIBRARY_PREFIXES,
    PAGE_POLICIES,
)

# `<uuid:public_id>` in an address.
PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SIGNED_OUT = {"anonymous", "expired_token", "revoked_token"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("tokens/", "POST"): {"scopes": ["authorities:read"]},
    ("authorities/<uuid:public_id>/suspend/", "POST"): {"reason": "A test."},
    ("authorities/<uuid:public_id>/", "PATCH"): {"population": 4321},
}


def _addresses(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _addresses(entry.url_patterns, here)
        else:
            yield here, entry


def test_every_address_of_the_project_has_a_declared_policy() -> None:
    undeclared = []
    for address, entry in _addresses(get_resolver().url_patterns):
        if address.startswith(LIBRARY_PREFIXES) or address in PAGE_POLICIES:
            continue
        view = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
        declared = API_POLICIES.get(address.removeprefix(API)) if address.startswith(API) else None
        if declared is None or set(declared) != set(getattr(view, "policy", {})):
            undeclared.append(address)
    assert undeclared == [], "declare these in tests/security/policies.py, and say who may call them"


def test_nothing_is_declared_that_does_not_exist() -> None:
    known = {address for address, _entry in _addresses(get_resolver().url_patterns)}
    assert {API + address for address in API_POLICIES} | set(PAGE_POLICIES) <= known


def _call(client: Any, path: str, method: str, object_id: object = None) -> Any:
    absent = {"uuid": str(object_id or uuid.uuid4()), "int": "99", "slug": "none", "str": "none"}
    address = PARAMETER.sub(lambda found: absent[found[1]], path)
    body = BODIES.get((path, method), {})
    return client.generic(method, f"{BASE}/{address}", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("path", API_POLICIES)
def test_the_gate_opens_for_whom_the_policy_names_and_nobody_else(world: World, path: str) -> None:
    for name in NAMES:
        client = world[name].client()  # signing in costs as much as asking
        for method in METHODS:
            status = _call(client, path, method).status_code
            assert status in _expected(path, method, name), f"{name} {method} {path}: {status}"


def _expected(path: str, method: str, name: str) -> set[int]:
    allowed = API_POLICIES[path].get(method)
    if name in SIGNED_OUT and (allowed is None or name not in allowed):
        return {405} if allowed is None and name == "anonymous" else {401}
    if allowed is None:
        return {405}
    if name not in allowed:
        return {403}
    return {200, 201, 202, 204, 400, 404}


@pytest.mark.parametrize("address", [a for a in PAGE_POLICIES if "<" not in a])
def test_a_page_asks_for_a_login_exactly_when_its_policy_says_so(world: World, address: str) -> None:
    answer = world["anonymous"].client().get(f"/{address}")
    sent_to_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    assert sent_to_login == (PAGE_POLICIES[address] == "signed-in"), answer.status_code
    assert answer.status_code < 500


OBJECT_CALLS = [
    (path, method) for path, methods in API_POLICIES.items() for method in methods
    if path.startswith("authorities/<uuid:public_id>/")
]  # fmt: skip
MEMBERS = {"owner", "viewer", "scoped_token", "narrowed_token"}
REGION = {"operator", "approver", "auditor", "administrator", "onboarding"}


@pytest.mark.parametrize(("path", "method"), OBJECT_CALLS)
def test_foreign_and_absent_are_the_same_answer(world: World, path: str, method: str) -> None:
    for name in sorted(ANYBODY - REGION):
        own, foreign = (world.other, world.home) if name == "stranger" else (world.home, world.other)
        client, absent_id = world[name].client(), uuid.uuid4()
        to_absent = _call(client, path, method, absent_id)
        to_foreign = _call(client, path, method, foreign.public_id)
        assert to_foreign.status_code in (401, 403, 404)
        assert _said(to_foreign, foreign.public_id) == _said(to_absent, absent_id), name
        to_own = _call(client, path, method, own.public_id)
        if method == "GET" and name in MEMBERS | {"stranger"}:
            assert to_own.status_code == 200, f"{name} {method} {path}"
    assert LocalAuthority.objects.filter(state="verified", population=4321).count() <= 2


def _said(response: Any, object_id: uuid.UUID) -> tuple[int, str, dict[str, str]]:
    """Everything a client can tell two answers apart by, with the id that was asked taken out."""
    counted = {"X-RateLimit-Remaining", "X-RateLimit-Reset", "Content-Length"}
    headers = {name: value for name, value in response.headers.items() if name not in counted}
    return response.status_code, response.content.decode().replace(str(object_id), "<id>"), headers


def test_a_viewer_sees_and_may_not_change(world: World) -> None:
    path = f"{BASE}/authorities/{world.home.public_id}/"
    client = world["viewer"].client()
    assert client.get(path).status_code == 200
    refused = client.patch(path, {"population": 1}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_no_list_and_no_search_names_a_foreign_authority(world: World) -> None:
    LocalAuthority.objects.filter(pk=world.other.pk).update(name="Canarino", external_ref="canary")
    for name in sorted(ANYBODY - REGION - {"stranger"}):
        client = world[name].client()
        for query in ("", "?q=Canar", "?external_ref=canary", f"?ipa_code={world.other.ipa_code}", "?sort=-name"):
            answer = client.get(f"{BASE}/authorities/{query}")
            assert "canar" not in answer.content.decode().lower().replace("q=canar", ""), (name, query)
        trail = client.get(f"{BASE}/audit-events/?authority={world.other.public_id}")
        assert not trail.json().get("items"), name


def test_a_session_needs_its_csrf_token_to_write(world: World) -> None:
    from rest_framework.test import APIClient

    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world["owner"].user, backend="django.contrib.auth.backends.ModelBackend")
    path = f"{BASE}/authorities/{world.home.public_id}/"
    refused = client.patch(path, {"population": 1}, format="json")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
