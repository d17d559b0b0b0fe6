"""Tokens: kept hashed, shown once, ending, and never wider than they were asked to be."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from tenants.models import ApiToken, AuditEvent, AuditPersonalData, IdempotencyRecord
from tenants.models.errors import Forbidden, Invalid, NotFound
from tenants.services.tokens import actor_of_secret, issue_token, revoke_token
from tests.personas import API, World


def _everything_stored() -> str:
    """Every cell of every table of ours, as text."""
    text = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("tenants_"):
                cursor.execute(f'SELECT * FROM "{table}"')
                text.append(str(cursor.fetchall()))
    return "".join(text)


def test_the_secret_is_stored_nowhere(world: World) -> None:
    issued = issue_token(user=world["owner"].user, scopes=["audit:read"], by=world["owner"].actor)
    stored = _everything_stored()
    assert issued.token.secret_sha256 in stored
    assert issued.secret not in stored
    assert issued.secret[len(issued.token.prefix) :] not in stored
    assert issued.secret not in repr(issued)


def test_the_secret_shown_by_the_api_is_stored_nowhere_and_its_replay_is_refused(world: World) -> None:
    client = world["owner"].client()
    ask = {"path": f"{API}/tokens/", "data": {"scopes": ["authorities:read"]}, "format": "json"}
    first = client.post(**ask, HTTP_IDEMPOTENCY_KEY="k1")
    again = client.post(**ask, HTTP_IDEMPOTENCY_KEY="k1")
    assert first.status_code == 201
    assert first.json()["token"] not in _everything_stored()
    assert (again.status_code, again.json()["code"]) == (409, "already_revealed")
    assert IdempotencyRecord.objects.get(key="k1").body == ""


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
def test_an_ended_token_opens_nothing(world: World, column: str) -> None:
    persona = world["owner"].with_token("authorities:read")
    assert persona.client().get(f"{API}/me/").status_code == 200
    ApiToken.objects.filter(prefix=persona.secret[:10]).update(**{column: Now() - timedelta(seconds=1)})
    refused = persona.client().get(f"{API}/me/")
    assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_the_token_of_a_person_who_left_opens_nothing(world: World) -> None:
    persona = world["owner"].with_token()
    world["owner"].user.is_active = False
    world["owner"].user.save(update_fields=["is_active"])
    assert actor_of_secret(persona.secret) is None


def test_a_token_needs_the_scope_and_the_role(world: World) -> None:
    scoped = world["scoped_token"].client()
    assert scoped.get(f"{API}/authorities/").status_code == 200
    refused = scoped.post(f"{API}/authorities/", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    with_scope_without_role = world["viewer"].with_token("authorities:verify").client()
    verify = f"{API}/authorities/{world.pending.public_id}/verify/"
    assert with_scope_without_role.post(verify).status_code == 403


def test_a_token_for_one_authority_reaches_no_other_whatever_its_person_may(world: World) -> None:
    narrowed = world["operator"].with_token(authority=world.home).client()
    assert narrowed.get(f"{API}/authorities/{world.home.public_id}/").status_code == 200
    assert narrowed.get(f"{API}/authorities/{world.other.public_id}/").status_code == 404
    assert len(narrowed.get(f"{API}/authorities/").json()["items"]) == 1
    assert narrowed.post(f"{API}/authorities/", {}, format="json").status_code == 403


def test_a_token_issues_none_wider_than_itself(world: World) -> None:
    narrow = world["owner"].with_token("tokens:write", authority=world.home)
    with pytest.raises(Invalid):
        issue_token(user=narrow.user, scopes=["authorities:write"], by=narrow.actor)
    issued = issue_token(user=narrow.user, scopes=["tokens:write"], by=narrow.actor)
    assert issued.token.authority_id == world.home.pk


def test_one_issues_and_revokes_only_ones_own(world: World) -> None:
    owner, stranger = world["owner"].actor, world["stranger"].actor
    with pytest.raises(Forbidden):
        issue_token(user=owner.user, scopes=["audit:read"], by=stranger)
    token = issue_token(user=owner.user, scopes=["audit:read"], by=owner).token
    with pytest.raises(NotFound):
        revoke_token(token=token, by=stranger)
    foreign = world["stranger"].client().delete(f"{API}/tokens/{token.public_id}/")
    assert foreign.status_code == 404
    assert world["owner"].client().delete(f"{API}/tokens/{token.public_id}/").status_code == 204
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.mark.parametrize("changed", [{"scopes": []}, {"scopes": ["everything"]}, {"days": 0}, {"days": 400}])
def test_a_token_without_sense_is_refused_by_field(world: World, changed: dict[str, object]) -> None:
    asked = {"scopes": ["audit:read"], "days": 30, **changed}
    with pytest.raises(Invalid) as refused:
        issue_token(user=world["owner"].user, by=world["owner"].actor, **asked)
    assert set(refused.value.errors) == set(changed)


def test_the_shell_prints_the_token_alone_on_the_last_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    email = world["onboarding"].user.email
    scopes = ["--scope", "authorities:read,authorities:write", "--scope", "audit:read"]
    call_command("issue_token", email, *scopes, "--authority", world.home.ipa_code.upper())
    secret = capsys.readouterr().out.splitlines()[-1]
    actor = actor_of_secret(secret)
    assert actor is not None
    assert actor.scopes == {"authorities:read", "authorities:write", "audit:read"}
    assert actor.authority_id == world.home.pk
    event = AuditEvent.objects.filter(action="token.issued").latest("pk")
    assert AuditPersonalData.objects.get(event=event).data["on_behalf_of"] == "shell"


@pytest.mark.parametrize("arguments", [["nobody@nowhere.example"], ["owner@comune.example", "--authority", "x"]])
def test_the_shell_refuses_with_a_sentence(world: World, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("issue_token", *arguments, "--scope", "audit:read")
