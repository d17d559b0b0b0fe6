"""A body that registers itself, as tests need it."""

from typing import Any

from django.test import Client

from tenants.models import Registration
from tenants.services import mailing
from tests.personas import details

PEC = "protocollo@pec.nuovo.example"
CONTACT = "tecnica@nuovo.example"


def typed(serial: int = 50, **changed: str) -> dict[str, str]:
    """The public form as somebody fills it in."""
    told = details(serial)
    body = {
        "name": told.name, "kind": told.kind, "ipa_code": told.ipa_code, "fiscal_code": told.fiscal_code,
        "istat_code": told.istat_code, "province": "AN", "seat_address": told.seat_address, "population": "1200",
        "data_class": "ordinary", "pec": PEC, "security_contact_name": "Prima Persona",
        "security_contact_phone": "+39 071 123456", "security_contact_email": "sicurezza@nuovo.example",
        "contact_name": "Nina Nuova", "contact_email": CONTACT,
    }  # fmt: skip
    return {**body, **changed}


def register(visitor: Client, serial: int = 50, **changed: str) -> Any:
    """The answer to the form."""
    return visitor.post("/register/", typed(serial, **changed))


def registered(visitor: Client, serial: int = 50, **changed: str) -> tuple[str, Registration]:
    """The address of the page that follows, and the row; the mail is out."""
    answer = register(visitor, serial, **changed)
    assert answer.status_code == 302, answer.content.decode()
    mailing.tick()
    return answer["Location"], Registration.objects.latest("pk")
