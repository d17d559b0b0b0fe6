"""The region suspends an authority with a reason that its people read, and lifts that again."""

import pytest
from django.core import mail

from tenants.models import AuditEvent, LocalAuthority, StandingNotice
from tenants.services import mailing
from tenants.services.authorities import resume_authority, suspend_authority
from tests.personas import API, World

REASON = "La convenzione non è firmata: mandatela entro venerdì."


def address(world: World, act: str = "suspend") -> str:
    return f"/authorities/{world.home.public_id}/{act}/"


def state(world: World) -> tuple[str, str]:
    row = LocalAuthority.objects.get(pk=world.home.pk)
    return row.state, row.suspension_reason


@pytest.mark.parametrize("who", ["operator", "administrator"])
def test_an_operator_suspends_and_resumes_on_pages_that_say_what_follows(world: World, who: str) -> None:
    client = world[who].client()
    assert address(world) in client.get("/authorities/").content.decode()
    asked = client.get(address(world)).content.decode()
    assert "Le copie continuano ad arrivare" in asked and "restano senza effetto" in asked
    assert client.post(address(world), {"reason": REASON}).status_code == 302
    assert state(world) == ("suspended", REASON)
    assert address(world, "resume") in client.get("/authorities/").content.decode()
    assert REASON in client.get(address(world)).content.decode()
    assert client.post(address(world, "resume")).status_code == 302
    assert state(world) == ("verified", "")
    acts = AuditEvent.objects.filter(authority=world.home).order_by("pk").values_list("action", flat=True)
    assert list(acts)[-2:] == ["authority.suspended", "authority.resumed"]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "nul\x00"])
def test_without_a_reason_nothing_happens(world: World, reason: str) -> None:
    answer = world["operator"].client().post(address(world), {"reason": reason})
    assert (answer.status_code, "reason" in answer.context["form"].errors) == (400, True)
    assert state(world) == ("verified", "")
    assert not StandingNotice.objects.exists()


@pytest.mark.parametrize("who", ["owner", "viewer", "stranger", "nobody", "auditor", "approver"])
def test_nobody_else_does(world: World, who: str) -> None:
    for act in ("suspend", "resume"):
        assert world[who].client().get(address(world, act)).status_code == 403
        assert world[who].client().post(address(world, act), {"reason": REASON}).status_code == 403
    assert state(world) == ("verified", "")


def test_its_people_read_why_on_their_first_page_in_the_api_and_by_mail(world: World) -> None:
    suspend_authority(authority=world.home, reason=REASON, by=world["operator"].actor)
    assert REASON in world["owner"].client().get("/").content.decode()
    told = world["owner"].client().get(f"{API}/authorities/{world.home.public_id}/").json()
    assert (told["state"], told["suspension_reason"]) == ("suspended", REASON)
    for _again in range(2):
        mailing.tick()
    [said] = mail.outbox
    assert "è sospeso" in said.subject and REASON in said.body
    assert world["owner"].user is not None and world["owner"].user.email in said.to
    resume_authority(authority=world.home, by=world["operator"].actor)
    for _again in range(2):
        mailing.tick()
    assert len(mail.outbox) == 2
    assert "sospensione" in mail.outbox[1].subject
    assert REASON not in world["owner"].client().get("/").content.decode()


def test_what_was_lifted_before_anybody_was_told_is_told_as_lifted(world: World) -> None:
    suspend_authority(authority=world.home, reason=REASON, by=world["operator"].actor)
    resume_authority(authority=world.home, by=world["operator"].actor)
    mailing.tick()
    assert ["tolta" in m.subject for m in mail.outbox] == [True]
