"""T20: headers, cookies and sizes, on pages and API. `docs/asvs.md` names the sentence for each requirement."""

import re
import subprocess
import sys
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client

from mcloud_portal.env import Env
from tests.personas import API, World
from tests.security.policies import API_POLICIES, PAGE_POLICIES
from tests.security.production import HOST, ROOT, production

PAGES = [address for address in PAGE_POLICIES if "<" not in address] + ["accounts/login/", "nowhere/"]
DOCS = f"{API}/docs/"
# Inline code would need `unsafe-inline`; a browser that obeys the policy ignores it.
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+\s*=|<style|\sstyle\s*=", re.IGNORECASE)


def _policy(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip()]
    return {part[0]: part[1:] for part in parts}


@pytest.mark.parametrize("who", ["anonymous", "owner", "operator"])
def test_no_page_lets_inline_or_evaluated_code_run(world: World, who: str) -> None:
    client = world[who].client()
    for address in PAGES:
        answer = client.get(f"/{address}", follow=True)
        policy = _policy(answer)
        assert policy["default-src"] == ["'none'"], address
        assert policy["frame-ancestors"] == ["'none'"], address
        assert policy["base-uri"] == ["'none'"], address
        assert policy["form-action"] == ["'self'"], address
        assert "unsafe" not in answer["Content-Security-Policy"], address
        assert "*" not in answer["Content-Security-Policy"], address
        assert answer.streaming or not INLINE.search(answer.content.decode()), address  # a file is no page


def test_only_the_viewer_of_the_api_may_write_styles_and_it_may_run_no_inline_code(world: World) -> None:
    client = world["anonymous"].client()
    policy = _policy(client.get(DOCS))
    assert policy["style-src"] == ["'self'", "'unsafe-inline'"]
    assert policy["script-src"] == ["'self'"]
    for address in API_POLICIES:
        answer = client.get(f"{API}/{address}") if "<" not in address else None
        if answer is not None and address != "docs/":
            assert "unsafe" not in answer["Content-Security-Policy"], address


@pytest.mark.parametrize("who", ["anonymous", "owner", "operator"])
def test_every_answer_carries_the_headers_that_a_browser_obeys(world: World, who: str) -> None:
    client = world[who].client()
    addresses = [f"/{a}" for a in PAGES] + [f"{API}/{a}" for a in API_POLICIES if "<" not in a] + ["/healthz"]
    for address in addresses:
        answer = client.get(address)
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert answer["X-Frame-Options"] == "DENY", address
        assert answer["Referrer-Policy"] == "same-origin", address
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert "Access-Control-Allow-Origin" not in answer, address
        assert "Server" not in answer, address
        assert "X-Powered-By" not in answer, address


def test_what_the_api_says_to_one_caller_is_kept_by_nobody_else(world: World) -> None:
    for address in ("me/", "tokens/", "authorities/", "subscriptions/", "requests/", "audit-events/"):
        answer = world["owner"].client().get(f"{API}/{address}")
        assert answer["Cache-Control"] == "no-store", address


@pytest.mark.django_db
def test_a_body_over_one_mebibyte_is_refused_as_too_large(world: World) -> None:
    api = world["owner"].client().post(f"{API}/authorities/", {"name": "x" * 1_100_000}, format="json")
    assert (api.status_code, api.json()["code"]) == (413, "too_large")
    page = Client(raise_request_exception=False).post("/accounts/login/", {"login": "x" * 1_100_000})
    assert page.status_code == 413


def test_a_database_that_does_not_answer_is_503_on_pages_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("The connection was refused.")

    monkeypatch.setattr("elaastic.views.home.my_authorities", gone)
    answer = world["owner"].client().get("/")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "refused" not in answer.content.decode()


def test_an_error_of_ours_tells_nothing_of_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary in /var/lib")

    monkeypatch.setattr("elaastic.views.home.my_authorities", broken)
    monkeypatch.setattr("tenants.api.persons.my_authorities", broken)
    client = world["owner"].client()
    for address in ("/", f"{API}/me/"):
        answer = client.get(address)
        assert answer.status_code == 500, address
        assert "canary" not in answer.content.decode(), address
        assert "Traceback" not in answer.content.decode(), address


def test_in_production_everything_goes_over_tls() -> None:
    plain, login = production()["plain"], production()["login"]
    assert (plain["status"], plain["headers"]["Location"]) == (301, f"https://{HOST}/privacy")
    assert "max-age=31536000" in login["headers"]["Strict-Transport-Security"]
    assert "includeSubDomains" in login["headers"]["Strict-Transport-Security"]
    assert production()["health"]["status"] == 200, "the load balancer asks without TLS"


def test_in_production_cookies_belong_to_this_host_over_tls() -> None:
    session, cookies = production()["session"], production()["login"]["cookies"]
    assert session["name"].startswith("__Host-")
    assert session["secure"]
    assert session["http_only"]
    assert session["same_site"] == "Lax"
    assert not session["debug"]
    for name, cookie in cookies.items():
        assert name.startswith("__Host-"), name
        assert cookie["secure"], name
        assert cookie["path"] == "/", name
        assert "domain" not in cookie, name


def test_a_session_ends_with_the_working_day() -> None:
    assert production()["session"]["age_s"] <= 12 * 3600


def test_a_strange_host_header_is_refused() -> None:
    assert production()["strange_host"]["status"] == 400


def test_no_secret_shows_in_the_settings() -> None:
    assert "canary-broker" not in production()["repr"]
    env = Env(database_url="postgres://portal:canary-database@127.0.0.1/portal")
    assert "canary-database" not in repr(env)
    assert "canary-database" not in str(env)


def test_bandit_finds_nothing_of_high_severity() -> None:
    packages = ["mcloud_portal", "tenants", "elaastic", "provisioning"]
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-r", *packages, "--severity-level", "high"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("method", ["trace", "options"])
def test_a_method_that_nobody_needs_does_nothing(world: World, method: str) -> None:
    answer = getattr(world["owner"].client(), method)(f"{API}/me/")
    assert answer.status_code == 405


def test_no_page_takes_a_file_but_that_of_letters(world: World) -> None:
    for address in PAGES:
        answer = world["owner"].client().get(f"/{address}", follow=True)
        assert answer.streaming or 'type="file"' not in answer.content.decode(), address
    upload = SimpleUploadedFile("../../etc/passwd", b"x")
    answer = world["owner"].client().post(f"{API}/tokens/", {"name": upload}, format="multipart")
    assert answer.status_code == 415
