"""Whoever works for the region proves a second factor in every session, unless a demo says otherwise aloud."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.checks import run_checks
from django.test import Client

from tenants.models.errors import Forbidden
from tenants.services.second_factor import reset_second_factor
from tests.personas import API, PASSWORD, World

REGION = ("operator", "approver", "auditor", "administrator")
HALF_MINUTE = 58_000_000


@pytest.fixture(autouse=True)
def _no_half_minute_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that was read is still the code when it is typed."""
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter([HALF_MINUTE]))


def _address(who: str) -> str:
    return f"{'admin' if who == 'administrator' else who}@region.example"


def _with_password(who: str) -> Client:
    client = Client(raise_request_exception=False)
    assert client.post("/accounts/login/", {"login": _address(who), "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize("who", REGION)
def test_a_password_alone_opens_no_page_and_no_call_of_the_region(world: World, who: str) -> None:
    client = _with_password(who)
    for path in ("/", "/requests/", "/authorities/", "/people/", "/tokens/new/", "/privacy"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/totp/activate/"), path
    for headers in ({}, {"HTTP_AUTHORIZATION": "Basic x"}, {"HTTP_AUTHORIZATION": "bearer"}):
        refused = client.get(f"{API}/authorities/", **headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_missing"), headers
    assert client.get("/requests/", HTTP_AUTHORIZATION="Bearer x").status_code == 302, "tokens open no pages"
    assert client.get(f"{API}/authorities/", HTTP_AUTHORIZATION="Bearer x").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_setting_the_app_up_lets_in_and_the_next_sign_in_asks_for_its_code(world: World) -> None:
    client = _with_password("operator")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    code = totp.format_hotp_value(totp.hotp_value(secret, HALF_MINUTE))
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    assert client.get("/requests/").status_code == 200
    earlier = Client()
    earlier.force_login(world["operator"].user, backend="django.contrib.auth.backends.ModelBackend")
    assert earlier.get("/requests/")["Location"].startswith("/accounts/2fa/reauthenticate/"), "it saw no code"
    again = Client()
    answer = again.post("/accounts/login/", {"login": _address("operator"), "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert again.get("/requests/").status_code == 302


def test_it_cannot_be_switched_off_by_who_must_have_it(world: World) -> None:
    client = world["operator"].client()
    totp.TOTP.activate(world["operator"].user, totp.generate_totp_secret())
    world_owner = world["owner"]
    totp.TOTP.activate(world_owner.user, totp.generate_totp_secret())
    for who, kept in ((world["operator"], 1), (world_owner, 0)):
        client = who.client()
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.post("/accounts/2fa/totp/deactivate/")
        assert Authenticator.objects.filter(user=who.user, type="totp").count() == kept, who.name


@pytest.mark.parametrize("who", ["owner", "viewer", "nobody"])
def test_nobody_else_is_asked_for_one(world: World, who: str) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": f"{who}@comune.example", "password": PASSWORD})
    assert client.get("/subscriptions/").status_code == 200


def test_a_token_is_judged_by_itself(world: World) -> None:
    assert world["operator"].with_token().client().get(f"{API}/authorities/").status_code == 200
    assert world["onboarding"].client().get(f"{API}/authorities/").status_code == 200


def test_a_demo_lets_in_with_a_password_and_says_so_on_every_page(world: World, settings: Any) -> None:
    settings.REGION_MFA = "optional"
    client = _with_password("operator")
    for path in ("/", "/requests/", "/authorities/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "accede con la sola password" in answer.content.decode().replace("&#x27;", "'"), path
    assert "sola password" not in world["owner"].client().get("/").content.decode()


@pytest.mark.parametrize(("value", "warned"), [("required", False), ("optional", True)])
def test_the_check_of_a_deployment_names_the_open_door(settings: Any, value: str, warned: bool) -> None:
    settings.REGION_MFA = value
    found = {message.id for message in run_checks(include_deployment_checks=True, tags=["security"])}
    assert ("tenants.W001" in found) == warned


def test_required_is_what_a_portal_does_that_was_told_nothing() -> None:
    from mcloud_portal.env import Env

    assert Env.model_fields["region_mfa"].default == "required"


def test_a_lost_telephone_is_reset_by_another_administrator_only(world: World) -> None:
    totp.TOTP.activate(world["operator"].user, totp.generate_totp_secret())
    totp.TOTP.activate(world["administrator"].user, totp.generate_totp_secret())
    for who in ("operator", "approver", "auditor", "owner", "onboarding"):
        with pytest.raises(Forbidden):
            reset_second_factor(user=world["operator"].user, by=world[who].actor)
    with pytest.raises(Forbidden):
        reset_second_factor(user=world["administrator"].user, by=world["administrator"].actor)
    path = f"/people/{world['operator'].user.public_id}/second-factor/reset/"
    assert world["operator"].client().post(path).status_code == 403
    assert world["administrator"].client().post(path).status_code == 302
    assert not Authenticator.objects.filter(user=world["operator"].user).exists()
