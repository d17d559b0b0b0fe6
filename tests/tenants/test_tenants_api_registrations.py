"""`/registrations/`: the region lists, reads, approves and rejects what came in by itself, as on the page."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.models import AuditEvent, Invitation, LocalAuthority, Registration
from tenants.services import mailing
from tests.personas import API, World
from tests.smtp import Mailbox
from tests.tenants.registering import CONTACT, PEC, registered


def came_in(mailbox: Mailbox, serial: int = 50) -> Registration:
    """With its PEC proven."""
    visitor = Client()
    where, row = registered(visitor, serial, pec=f"protocollo@pec.nuovo{serial}.example")
    assert visitor.post(where, {"code": mailbox.code_to(row.pec)}).status_code == 302
    row.refresh_from_db()
    return row


def on_paper() -> Registration:
    """A letter was sent, and no code came back."""
    _where, row = registered(Client())
    Registration.objects.filter(pk=row.pk).update(state="to_check")
    return row


def act(
    world: World, row: Registration, verb: str, body: dict[str, Any], who: str = "operator", **more: str
) -> Any:
    path = f"{API}/registrations/{row.public_id}/{verb}/"
    return world[who].client().post(path, body, format="json", **more)


def test_a_list_and_one_say_what_the_page_says(world: World, mailbox: Mailbox) -> None:
    row = came_in(mailbox)
    registered(Client(), 51)
    client = world["auditor"].client()
    [item] = client.get(f"{API}/registrations/", {"state": "to_check"}).json()["items"]
    assert (item["id"], item["details"]["ipa_code"], item["contact"]["email"]) == (
        str(row.public_id),
        "c_p50",
        CONTACT,
    )
    assert item["pec_proven_at"] is not None and item["authority"] is None
    read = client.get(f"{API}/registrations/{row.public_id}/")
    same = client.get(f"{API}/registrations/{row.public_id}/", headers={"If-None-Match": read["ETag"]})
    assert same.status_code == 304
    one = read.json()
    assert (one["letters"], one["known_authorities"]) == ([], [])
    assert {**item} == {name: one[name] for name in item}
    assert client.get(f"{API}/registrations/", {"state": "unproven"}).json()["items"] == []


def test_who_has_not_proven_a_mailbox_is_nobodys_to_read(world: World, mailbox: Mailbox) -> None:
    _where, row = registered(Client())
    assert world["operator"].client().get(f"{API}/registrations/{row.public_id}/").status_code == 404
    assert act(world, row, "approve", {}).status_code == 404


def test_an_approval_makes_the_authority_once_however_often_sent(world: World, mailbox: Mailbox) -> None:
    row = came_in(mailbox)
    first = act(world, row, "approve", {}, HTTP_IDEMPOTENCY_KEY="k")
    again = act(world, row, "approve", {}, HTTP_IDEMPOTENCY_KEY="k")
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (200, 200, "true")
    authority = LocalAuthority.objects.get(ipa_code="c_p50")
    assert first.json()["authority"] == str(authority.public_id)
    assert first["Location"].endswith(f"/authorities/{authority.public_id}/")
    assert (authority.state, Invitation.objects.get().email) == ("verified", CONTACT)
    late = act(world, row, "approve", {})
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert AuditEvent.objects.filter(action="registration.accepted").count() == 1


def test_a_letter_needs_words_on_how_it_was_checked(world: World, mailbox: Mailbox) -> None:
    row = on_paper()
    refused = act(world, row, "approve", {})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"note"})
    assert not LocalAuthority.objects.filter(ipa_code="c_p50").exists()
    assert act(world, row, "approve", {"note": "Firma verificata."}).status_code == 200


def test_a_rejection_says_why_and_is_mailed(world: World, mailbox: Mailbox) -> None:
    row = came_in(mailbox)
    for body in ({}, {"reason": " "}, {"reason": "x", "note": "y"}):
        assert act(world, row, "reject", body).status_code == 400
    done = act(world, row, "reject", {"reason": "Il codice è di un altro ente."})
    assert (done.status_code, done.json()["state"], done.json()["note"]) == (
        200, "refused", "Il codice è di un altro ente.",
    )  # fmt: skip
    mailing.tick()
    assert any("Il codice è di un altro ente." in m.get_content() for m in mailbox.mails)


def test_codes_that_are_known_are_named_while_it_waits(world: World, mailbox: Mailbox) -> None:
    row = came_in(mailbox)
    Registration.objects.filter(pk=row.pk).update(details={**row.details, "ipa_code": world.home.ipa_code})
    client = world["operator"].client()
    assert client.get(f"{API}/registrations/{row.public_id}/").json()["known_authorities"] == [
        str(world.home.public_id)
    ]
    refused = act(world, row, "approve", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "authority_exists")


@pytest.mark.parametrize("who", ["approver", "auditor", "owner", "nobody"])
def test_nobody_else_answers(world: World, mailbox: Mailbox, who: str) -> None:
    row = came_in(mailbox)
    for verb, body in (("approve", {}), ("reject", {"reason": "x"})):
        assert act(world, row, verb, body, who).status_code == 403
    row.refresh_from_db()
    assert row.state == "to_check"


def test_a_list_costs_the_same_however_long(world: World, mailbox: Mailbox) -> None:
    row = came_in(mailbox)
    client = world["operator"].client()

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"{API}/registrations/").status_code == 200
        return len(seen)

    cost()
    one = cost()
    for serial in range(10):
        Registration.objects.create(
            details=row.details, pec=PEC, contact_name="N", contact_email=f"n{serial}@x.example", state="to_check"
        )
    assert cost() == one
