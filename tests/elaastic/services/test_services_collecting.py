"""Credentials are handed over once, to those who act for the authority, and the trail says to whom."""

from typing import Any

import pytest

from elaastic.models.errors import AlreadyRevealed, NotReady
from elaastic.selectors.subscriptions import credentials
from elaastic.services import collecting
from elaastic.services.collecting import reveal_credential
from provisioning.models import Resource
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden, NotFound
from tenants.services import audit
from tests.elaastic.region import ENDPOINT
from tests.elaastic.services.town import Town, acts


def test_a_credential_is_shown_once_with_all_that_a_tool_needs(town: Town) -> None:
    subscription = town.active()
    shown = reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)
    assert len(shown.secret_key.reveal()) >= 32
    assert (shown.connection.endpoint, shown.connection.buckets) == (ENDPOINT, ("backup",))
    assert credentials(subscription)[0].access_key == shown.access_key.reveal()
    assert [(c.name, c.ready, c.secret_shown) for c in credentials(subscription)] == [
        ("writer", True, True),
        ("restore", True, False),
    ]
    with pytest.raises(AlreadyRevealed):
        reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)
    assert acts().count("credential.revealed") == 1
    other = reveal_credential(subscription=subscription, name="restore", by=town.world["owner"].actor)
    assert other.secret_key.reveal() != shown.secret_key.reveal()


def test_the_trail_names_the_credential_and_holds_no_secret(town: Town) -> None:
    subscription = town.active()
    shown = reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)
    event = AuditEvent.objects.get(action="credential.revealed")
    assert (event.after, event.actor) == ({"credential": "writer"}, town.world["owner"].user)
    secret = shown.secret_key.reveal()
    assert secret not in repr(shown)
    assert secret not in "".join(map(str, AuditEvent.objects.values()))


@pytest.mark.parametrize(
    "who", ["viewer", "stranger", "nobody", "operator", "approver", "auditor", "administrator"]
)
def test_nobody_else_sees_a_secret_and_their_try_uses_nothing_up(town: Town, who: str) -> None:
    subscription = town.active()
    with pytest.raises(Forbidden):
        reveal_credential(subscription=subscription, name="writer", by=town.world[who].actor)
    assert "credential.revealed" not in acts()
    assert reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)


@pytest.mark.parametrize("name", ["owner", "probe", "owner-key", "writer-key", "", "../writer"])
def test_what_is_not_handed_out_is_not_there(town: Town, name: str) -> None:
    subscription = town.active()
    with pytest.raises(NotFound):
        reveal_credential(subscription=subscription, name=name, by=town.world["owner"].actor)


def test_before_it_stands_there_is_nothing_to_collect(town: Town) -> None:
    subscription = town.approved().subscription
    with pytest.raises(NotReady):
        reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)
    assert [(c.ready, c.access_key) for c in credentials(subscription)] in ([], [(False, "")] * 2)


def fails(*_: Any, **__: Any) -> None:
    raise OSError("no space left")


@pytest.mark.parametrize(("module", "name"), [(audit, "record"), (collecting, "connection_of")])
def test_what_could_not_be_shown_was_not_revealed(
    town: Town, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    subscription = town.active()
    with monkeypatch.context() as patched:
        patched.setattr(module, name, fails)
        with pytest.raises(OSError, match="no space left"):
            reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)
    assert "credential.revealed" not in acts()
    assert Resource.objects.get(name="writer-key").revealed_at is None
    assert reveal_credential(subscription=subscription, name="writer", by=town.world["owner"].actor)
