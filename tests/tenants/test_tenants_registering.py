"""A body comes in by itself: form, PEC code by a real mail server, the region's yes, the first owner's account."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client

from tenants.models import AuditEvent, LocalAuthority, Membership, Paper, Registration, User
from tenants.models.errors import Forbidden, Invalid, WrongState
from tenants.services import mailing
from tenants.services.housekeeping import remove_expired
from tenants.services.registrations import CODES_A_DAY, FROM_ONE_ADDRESS, TRIES, accept_registration
from tests.personas import PASSWORD, World, details
from tests.smtp import Mailbox
from tests.tenants.registering import CONTACT, PEC, register, registered, typed

PDF = b"%PDF-1.7\n%a letter\n"
P7M = bytes.fromhex("3080") + bytes.fromhex("06092a864886f70d010702") + b"\xa0\x80 a signed letter"


@pytest.fixture
def visitor(world: World) -> Client:
    """Somebody who is not signed in."""
    return Client(raise_request_exception=False)


def _proven(visitor: Client, mailbox: Mailbox, serial: int = 50) -> Registration:
    where, row = registered(visitor, serial)
    assert visitor.post(where, {"code": mailbox.code_to(PEC)}).status_code == 302
    row.refresh_from_db()
    return row


def test_from_the_form_to_the_first_sign_in(world: World, visitor: Client, mailbox: Mailbox) -> None:
    before = AuditEvent.objects.latest("pk").pk
    where, row = registered(visitor)
    assert row.state == "unproven"
    assert not LocalAuthority.objects.filter(ipa_code="c_p50").exists(), "nobody's codes are taken by asking"
    code = mailbox.code_to(PEC)
    assert visitor.post(where, {"code": code.lower().replace("-", " ")}).status_code == 302
    row.refresh_from_db()
    assert row.state == "to_check"
    operator = world["operator"].client()
    assert "Comune di Prova 50" in operator.get("/authorities/").content.decode()
    page = operator.get(f"/registrations/{row.public_id}/").content.decode()
    assert PEC in page
    answer = operator.post(f"/registrations/{row.public_id}/", {"answer": "yes", "words": ""})
    assert answer.status_code == 302, answer.content.decode()
    authority = LocalAuthority.objects.get(ipa_code="c_p50")
    assert (authority.state, authority.verified_by) == ("verified", world["operator"].user)
    mailing.tick()
    link = mailbox.link_to(CONTACT)
    newcomer = Client()
    assert newcomer.get(link)["Location"] == "/invitation/"
    told = {"full_name": "Nina Nuova", "password1": PASSWORD, "password2": PASSWORD}
    assert newcomer.post("/invitation/", told).status_code == 302
    assert Membership.objects.get(authority=authority).role == "owner"
    assert "Comune di Prova 50" in newcomer.get("/").content.decode()
    acts = list(AuditEvent.objects.filter(pk__gt=before).order_by("pk").values_list("action", flat=True))
    assert acts == [
        "registration.sent", "registration.pec_proven", "authority.registered", "invitation.made",
        "registration.accepted", "person.joined", "invitation.accepted",
    ]  # fmt: skip


def test_every_wrong_field_is_named_and_nothing_is_stored(visitor: Client, mailbox: Mailbox) -> None:
    answer = register(visitor, fiscal_code="12345678901", ipa_code="not a code!", security_contact_phone="call me")
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {"fiscal_code", "ipa_code", "security_contact_phone"}
    assert not Registration.objects.exists()
    mailing.tick()
    assert mailbox.mails == []


def test_a_wrong_code_costs_a_try_and_the_last_try_is_the_last(visitor: Client, mailbox: Mailbox) -> None:
    where, row = registered(visitor)
    right = mailbox.code_to(PEC)
    for _try in range(TRIES):
        answer = visitor.post(where, {"code": "AAAA-AAAA"})
        assert (answer.status_code, "code" in answer.context["form"].errors) == (400, True)
    assert visitor.post(where, {"code": right}).status_code == 400
    row.refresh_from_db()
    assert row.state == "unproven"


def test_a_code_is_kept_as_a_hash_and_is_too_old_by_the_databases_clock(visitor: Client, mailbox: Mailbox) -> None:
    where, row = registered(visitor)
    code = mailbox.code_to(PEC)
    assert code not in str(vars(row))
    assert row.secret_hash not in (hashlib.sha256(code.encode()).hexdigest(), "")
    Registration.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert visitor.post(where, {"code": code}).status_code == 400


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_webs_own_clock_opens_and_closes_nothing(
    visitor: Client, mailbox: Mailbox, hours: int, time_machine: Any
) -> None:
    """T5: the machine's clock is an hour off, the database's is not."""
    from django.utils import timezone

    time_machine.move_to(timezone.now() + timedelta(hours=hours), tick=True)
    where, _row = registered(visitor)
    assert visitor.post(where, {"code": mailbox.code_to(PEC)}).status_code == 302


def test_another_code_ends_the_former(visitor: Client, mailbox: Mailbox) -> None:
    where, row = registered(visitor)
    former = mailbox.code_to(PEC)
    assert visitor.post(f"{where}again/").status_code == 429, "not before two minutes have passed"
    Registration.objects.update(sent_at=Now() - timedelta(minutes=3))
    assert visitor.post(f"{where}again/").status_code == 302
    mailing.tick()
    assert visitor.post(where, {"code": former}).status_code == 400
    assert visitor.post(where, {"code": mailbox.code_to(PEC)}).status_code == 302
    row.refresh_from_db()
    assert row.codes_sent == 2


def test_a_mail_server_that_refuses_is_asked_again_with_another_code(visitor: Client, mailbox: Mailbox) -> None:
    mailbox.refuses = "451 Later"
    where, row = registered(visitor)
    assert mailbox.mails == []
    row.refresh_from_db()
    assert row.send_due is not None
    mailbox.refuses = ""
    mailing.tick()
    assert mailbox.mails == [], "not at once: a minute later"
    Registration.objects.update(send_due=Now())
    mailing.tick()
    assert visitor.post(where, {"code": mailbox.code_to(PEC)}).status_code == 302


def test_a_registered_body_and_an_unknown_one_are_the_same_answer(
    world: World, visitor: Client, mailbox: Mailbox
) -> None:
    known = register(visitor, 1)
    unknown = register(visitor, 51)
    assert (known.status_code, known["Location"].count("/")) == (
        unknown.status_code,
        unknown["Location"].count("/"),
    )
    mailing.tick()
    pages = [visitor.get(answer["Location"]).content.decode() for answer in (known, unknown)]
    row_ids = [answer["Location"].split("/")[2] for answer in (known, unknown)]
    shown = [_without_tokens(page.replace(row_id, "")) for page, row_id in zip(pages, row_ids, strict=True)]
    assert shown[0] == shown[1]
    assert _without_codes(mailbox.to(PEC)[0], row_ids[0], "1") == _without_codes(
        mailbox.to(PEC)[1], row_ids[1], "51"
    )


def _without_tokens(page: str) -> str:
    import re

    return re.sub(r'value="[A-Za-z0-9]{64}"|"X-CSRFToken":"[^"]+"', "", page)


def _without_codes(mail: str, row_id: str, serial: str) -> str:
    import re

    mail = mail.replace(row_id, "").replace(f"Prova {serial} ", "")  # an id may look like a code in its middle
    return re.sub(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}\b", "", mail)


def test_only_the_registered_bodys_own_mailbox_is_told_that_it_is_in(
    world: World, visitor: Client, mailbox: Mailbox
) -> None:
    registered(visitor, 1, pec=world.home.pec)
    registered(visitor, 2)
    assert "è già registrato" in mailbox.to(world.home.pec)[0]
    assert "è già registrato" not in mailbox.to(PEC)[0]


def test_the_region_sees_that_a_code_is_known_and_cannot_make_it_twice(
    world: World, visitor: Client, mailbox: Mailbox
) -> None:
    row = _proven(visitor, mailbox, 1)
    operator = world["operator"].client()
    page = operator.get(f"/registrations/{row.public_id}/").content.decode()
    assert world.home.name in page
    answer = operator.post(f"/registrations/{row.public_id}/", {"answer": "yes"})
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.state == "to_check"
    assert LocalAuthority.objects.filter(ipa_code="c_p1").count() == 1


def test_a_no_needs_a_reason_and_the_contact_reads_it(world: World, visitor: Client, mailbox: Mailbox) -> None:
    row = _proven(visitor, mailbox)
    operator = world["operator"].client()
    path = f"/registrations/{row.public_id}/"
    assert operator.post(path, {"answer": "no", "words": " "}).status_code == 400
    assert operator.post(path, {"answer": "no", "words": "Il codice non è vostro."}).status_code == 302
    mailing.tick()
    assert "Il codice non è vostro." in mailbox.to(CONTACT)[-1]
    assert operator.post(path, {"answer": "yes"}).status_code == 409, "decided once"
    assert not LocalAuthority.objects.filter(ipa_code="c_p50").exists()
    row.refresh_from_db()
    assert (row.state, row.ip) == ("refused", "")


def test_only_who_verifies_answers(world: World, visitor: Client, mailbox: Mailbox) -> None:
    row = _proven(visitor, mailbox)
    path = f"/registrations/{row.public_id}/"
    for who, seen, done in (
        ("owner", 403, 403), ("stranger", 403, 403), ("approver", 200, 403), ("auditor", 200, 403),
        ("anonymous", 302, 302),
    ):  # fmt: skip
        client = world[who].client()
        assert client.get(path).status_code == seen, who
        assert client.post(path, {"answer": "yes"}).status_code == done, who
    with pytest.raises(Forbidden):
        accept_registration(registration=row, note="", by=world["approver"].actor)


def test_nobody_at_the_region_answers_before_something_is_proven(world: World, visitor: Client) -> None:
    _where, row = registered(visitor)
    assert world["operator"].client().get(f"/registrations/{row.public_id}/").status_code == 404
    with pytest.raises((WrongState, Invalid)):
        accept_registration(registration=row, note="Va bene.", by=world["operator"].actor)
    assert not LocalAuthority.objects.filter(ipa_code="c_p50").exists()


def _letter(content: bytes = PDF, name: str = "lettera.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_letter_takes_the_codes_place_and_the_region_says_how_it_was_checked(
    world: World, visitor: Client
) -> None:
    where, row = registered(visitor)
    sent = visitor.post(f"{where}letter/", {"papers": [_letter(), _letter(P7M, "../../x.p7m")]})
    assert sent.status_code == 302, sent.content.decode()
    row.refresh_from_db()
    assert (row.state, row.pec_proven_at) == ("to_check", None)
    operator = world["operator"].client()
    path = f"/registrations/{row.public_id}/"
    for number, content, name in ((1, PDF, "lettera-1.pdf"), (2, P7M, "lettera-2.p7m")):
        saved = operator.get(f"{path}letter/{number}/")
        assert saved.content == content
        assert saved["Content-Disposition"] == f'attachment; filename="{name}"'
    assert operator.post(path, {"answer": "yes", "words": ""}).status_code == 400
    assert operator.post(path, {"answer": "yes", "words": "Chiamato il segretario, prot. 12."}).status_code == 302
    assert LocalAuthority.objects.get(ipa_code="c_p50").state == "verified"


def test_a_letter_is_read_by_the_region_alone(world: World, visitor: Client) -> None:
    where, row = registered(visitor)
    visitor.post(f"{where}letter/", {"papers": [_letter()]})
    path = f"/registrations/{row.public_id}/letter/1/"
    for who in ("owner", "viewer", "stranger", "nobody"):
        assert world[who].client().get(path).status_code == 403, who
    assert visitor.get(path).status_code == 302
    for who in ("operator", "approver", "auditor", "administrator"):
        assert world[who].client().get(path).status_code == 200, who


@pytest.mark.parametrize(
    "files",
    [
        [],
        [_letter(b"")],
        [_letter(b"MZ a program", "lettera.pdf")],
        [_letter(b"<html>", "lettera.p7m")],
        [_letter(PDF + b"x" * 5 * 1024 * 1024)],
        [_letter()] * 4,
        [_letter(), _letter(b"PK a zip")],
    ],
    ids=["none", "empty", "program", "page", "large", "four", "one of two"],
)
def test_what_is_no_letter_is_refused_whole(visitor: Client, files: list[SimpleUploadedFile]) -> None:
    where, row = registered(visitor)
    for file in files:
        file.seek(0)
    answer = visitor.post(f"{where}letter/", {"papers": files})
    assert answer.status_code == 400
    assert "papers" in answer.context["form"].errors
    assert not Paper.objects.exists()
    row.refresh_from_db()
    assert row.state == "unproven"


def test_too_large_a_body_is_refused_unread(visitor: Client) -> None:
    where, _row = registered(visitor)
    answer = visitor.post(f"{where}letter/", {"papers": [_letter(PDF + b"x" * 16 * 1024 * 1024)]})
    assert answer.status_code == 413


def test_a_letter_from_another_site_is_refused(visitor: Client) -> None:
    where, _row = registered(visitor)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{where}letter/", {"papers": [_letter()]}).status_code == 403


def test_one_address_registers_a_few_bodies_an_hour(visitor: Client) -> None:
    answers = [
        register(visitor, 60 + n, pec=f"protocollo@pec.altro{n}.example").status_code
        for n in range(FROM_ONE_ADDRESS + 1)
    ]
    assert answers == [302] * FROM_ONE_ADDRESS + [429]
    elsewhere = Client(REMOTE_ADDR="127.0.0.9")
    assert register(elsewhere, 70, pec="protocollo@pec.altro9.example").status_code == 302


def test_nobody_floods_a_protocol_office(visitor: Client) -> None:
    answers = [
        Client(REMOTE_ADDR=f"127.0.2.{n}").post("/register/", typed(80 + n)).status_code
        for n in range(CODES_A_DAY + 1)
    ]
    assert answers == [302] * CODES_A_DAY + [429]


def test_who_presses_too_often_waits(visitor: Client, mailbox: Mailbox) -> None:
    where, _row = registered(visitor)
    answers = [visitor.post(where, {"code": "x"}).status_code for _n in range(30)]
    assert answers[-1] == 429


@pytest.mark.parametrize(
    "field", ["state", "pec_proven_at", "authority", "tries_left", "registered_by", "verified_at"]
)
def test_a_field_that_the_form_lacks_changes_nothing(visitor: Client, mailbox: Mailbox, field: str) -> None:
    """T15."""
    _where, plain = registered(visitor, 90)
    _where, row = registered(visitor, 91, **{field: "accepted"}, pec="protocollo@pec.altro.example")
    assert field not in row.details
    assert getattr(row, field, None) == getattr(plain, field, None)


def test_the_visitor_can_do_nothing_and_sign_in_nowhere(world: World, visitor: Client) -> None:
    registered(visitor)
    user = User.objects.get(email="visitor@portal.invalid")
    assert (user.is_active, user.has_usable_password()) == (False, False)
    assert not user.region_roles
    assert not user.roles_by_authority


def test_the_trail_of_a_registration_names_nobody_in_its_lasting_part(visitor: Client) -> None:
    registered(visitor)
    event = AuditEvent.objects.get(action="registration.sent")
    for personal in (CONTACT, "Nina Nuova", "Prima Persona"):
        assert personal not in str((event.before, event.after))
    assert event.after["ipa_code"] == details(50).ipa_code


def test_what_nobody_proved_is_forgotten_after_a_week_and_a_no_after_half_a_year(
    world: World, visitor: Client, mailbox: Mailbox
) -> None:
    refused = _proven(visitor, mailbox, 50)
    path = f"/registrations/{refused.public_id}/"
    world["operator"].client().post(path, {"answer": "no", "words": "No."})
    waiting = _proven(visitor, mailbox, 51)
    where, unproven = registered(visitor, 52)
    visitor.post(f"{where}letter/", {"papers": [_letter()]})
    _where, forgotten = registered(visitor, 53, pec="protocollo@pec.altro.example")
    everything = {refused.pk, waiting.pk, unproven.pk, forgotten.pk}
    Registration.objects.update(sent_in_at=Now() - timedelta(days=6), decided_at=Now() - timedelta(days=183))
    remove_expired()
    assert set(Registration.objects.values_list("pk", flat=True)) == everything
    Registration.objects.update(sent_in_at=Now() - timedelta(days=8), decided_at=Now() - timedelta(days=185))
    remove_expired()
    assert set(Registration.objects.values_list("pk", flat=True)) == {waiting.pk, unproven.pk}
    assert Paper.objects.count() == 1
