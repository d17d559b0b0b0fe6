"""Tokens in pages, and accounts for programs: shown once, narrowed, ended, and somebody answers for them."""

import re
from typing import Any

import pytest
from django.test import Client

from tenants.models import ApiToken, AuditEvent, Membership, User
from tenants.models.errors import Forbidden, Invalid
from tenants.services.service_accounts import close_service_account, open_service_account
from tenants.services.tokens import issue_token, revoke_token
from tests.personas import API, PASSWORD, World

SECRET = re.compile(r"mcl_[A-Za-z0-9_-]{40,}")
FORM = {"name": "rapporto", "scopes": ["authorities:read"], "authority": "", "days": "30"}


def _proven(world: World, who: str) -> Client:
    client = world[who].client()
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/"}).status_code == 302
    return client


def _issued(client: Client, path: str = "/tokens/new/", **more: Any) -> str:
    answer = client.post(path, {**FORM, **more})
    assert answer.status_code == 200, answer.content.decode()
    assert answer["Cache-Control"] == "no-store, private"
    return SECRET.findall(answer.content.decode())[0]


def test_a_token_is_issued_after_the_password_shown_once_used_and_revoked(world: World) -> None:
    assert world["owner"].client().get("/tokens/new/")["Location"].startswith("/accounts/reauthenticate/")
    client = _proven(world, "owner")
    secret = _issued(client, authority=str(world.home.public_id))
    page = client.get("/tokens/").content.decode()
    assert secret not in page and secret[:10] in page
    holder = Client(headers={"authorization": f"Bearer {secret}"})
    assert holder.get(f"{API}/me/").status_code == 200
    token = ApiToken.objects.get(prefix=secret[:10])
    assert (token.authority, token.scopes) == (world.home, ["authorities:read"])
    assert token.last_used_at is not None
    path = f"/tokens/{token.public_id}/revoke/"
    assert world["stranger"].client().post(path).status_code == 404
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 302
    assert holder.get(f"{API}/me/").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": ["kings:all"]}, {"scopes": []}, {"days": "4000"}, {"name": "\u202e"}, {"authority": "x"}],
)
def test_a_wrong_field_is_named_and_nothing_is_issued(world: World, wrong: dict[str, Any]) -> None:
    before = ApiToken.objects.count()
    answer = _proven(world, "owner").post("/tokens/new/", {**FORM, **wrong})
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == set(wrong)
    assert ApiToken.objects.count() == before


def test_a_foreign_authority_cannot_be_chosen(world: World) -> None:
    answer = _proven(world, "owner").post("/tokens/new/", {**FORM, "authority": str(world.other.public_id)})
    assert "authority" in answer.context["form"].errors


def test_an_owner_opens_an_account_for_a_program_and_answers_for_it(world: World) -> None:
    client = _proven(world, "owner")
    body = {"name": "Script notturno", "place": str(world.home.public_id), "role": "viewer"}
    opened = client.post("/programs/new/", body)
    account = User.objects.get(full_name="Script notturno")
    assert opened["Location"] == f"/tokens/new/{account.public_id}/"
    assert (account.kind, account.accountable, account.has_usable_password()) == (
        "service", world["owner"].user, False,
    )  # fmt: skip
    secret = _issued(client, opened["Location"])
    holder = Client(headers={"authorization": f"Bearer {secret}"})
    assert [a["name"] for a in holder.get(f"{API}/authorities/").json()["items"]] == [world.home.name]
    assert "Script notturno" in client.get("/tokens/").content.decode()
    assert client.post(f"/programs/{account.public_id}/close/").status_code == 302
    assert holder.get(f"{API}/me/").status_code == 401
    assert AuditEvent.objects.get(action="service_account.closed").authority == world.home


def test_nobody_else_touches_a_program(world: World) -> None:
    account = open_service_account(name="Script", authority=world.home, role="viewer", by=world["owner"].actor)
    for who in ("viewer", "stranger", "nobody", "operator", "auditor", "administrator"):
        client = _proven(world, who)
        for path in (f"/tokens/new/{account.public_id}/", f"/programs/{account.public_id}/close/"):
            assert client.get(path).status_code == 404, (who, path)
            assert client.post(path, FORM).status_code == 404, (who, path)
        with pytest.raises(Forbidden):
            issue_token(user=account, scopes=["authorities:read"], by=world[who].actor)
        with pytest.raises(Forbidden):
            close_service_account(account=account, by=world[who].actor)
    assert account.is_active


@pytest.mark.parametrize(
    ("who", "sees"), [("viewer", 404), ("operator", 404), ("owner", 200), ("administrator", 200)]
)
def test_who_opens_accounts_for_programs(world: World, who: str, sees: int) -> None:
    client = world[who].client()
    assert client.get("/programs/new/").status_code == sees
    body = {"name": "Script", "place": str(world.other.public_id), "role": "operator"}
    assert client.post("/programs/new/", body).status_code in {404, 400}
    assert not Membership.objects.filter(authority=world.other, user__kind="service").exists()


def test_a_program_is_never_an_owner_and_the_regions_is_the_administrators(world: World) -> None:
    with pytest.raises(Invalid):
        open_service_account(name="Script", authority=world.home, role="owner", by=world["owner"].actor)
    with pytest.raises(Forbidden):
        open_service_account(name="Script", authority=None, role="", by=world["operator"].actor)
    account = open_service_account(name="Script", authority=None, role="", by=world["administrator"].actor)
    assert account.region_roles == {"operator"}
    issued = issue_token(user=account, scopes=["authorities:read"], by=world["administrator"].actor)
    revoke_token(token=issued.token, by=world["administrator"].actor)


def test_a_program_signs_in_nowhere(world: World) -> None:
    account = open_service_account(name="Script", authority=world.home, role="viewer", by=world["owner"].actor)
    visitor = Client()
    visitor.post("/accounts/login/", {"login": account.email, "password": ""})
    visitor.post("/accounts/password/reset/", {"email": account.email})
    assert visitor.get("/tokens/").status_code == 302
