"""T18: a statement that takes too long is ended, whichever page, list, sheet or upload began it.

Somebody else holds every table but those by which a person is known, as a migration or a careless console would.
Each address answers 503 and says when to come again; none waits for ever, none is an error of ours, and of what was
sent nothing is stored.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg2
import pytest
import requests

from lab import ports
from tenants.models import SCOPES, Registration
from tenants.services.demo import DEMO_PASSWORD
from tenants.services.registrations import send_registration
from tenants.services.tokens import issue_token
from tenants.services.visitors import visitor
from tests.lab.flow.town import Town, Towns, demo, rows
from tests.lab.flow.visitors import alone, bearer, signed_in
from tests.lab.workers import LivePortal
from tests.personas import PASSWORD, details
from tests.scene.addresses import API, addresses
from tests.tenants.registering import typed

pytestmark = pytest.mark.real

# Who somebody is and may see is read from these, at every address alike.
KNOWN_BY = {
    "tenants_user", "tenants_apitoken", "tenants_callcount", "tenants_cacherow", "django_session",
    "tenants_membership", "tenants_regionrole", "tenants_mandate", "tenants_localauthority",
}  # fmt: skip
# What is answered without a look at any other table.
AT_ONCE = {
    "api authorities/", "api tokens/", "tokens/",
    "accessibility", "contacts", "legal-notes", "privacy", "healthz", "emergency/", "register/", "choose/",
    "onboarding/", "programs/new/", "tokens/new/", "invitation/", "api docs/", "api me/", "api schema/",
    "api status", "api levels/",
    # Level 2, which this region of storage alone does not offer.
    "subscriptions/new/<int:level>/", "subscriptions/new/<int:level>/estimate/",
}  # fmt: skip
SHEETS = {"trail/", "requests/", "subscriptions/", "capacity/", "console/", "interest/"}
# Not this person's, who has nothing there; what takes no GET at all is 405.
NOT_HIS = {200, 302, 403}
MOST_S = 60  # a page that waits for the lock itself would wait for all of it


@contextmanager
def held(url: str) -> Iterator[None]:
    """Every other table, until the end."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        others = sorted({name for (name,) in cursor.fetchall()} - KNOWN_BY)
        cursor.execute("LOCK TABLE " + ", ".join(f'"{name}"' for name in others) + " IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


@pytest.fixture(scope="module")
def asked(towns: Towns) -> Town:
    town, _request = towns.ask()
    town.owner.user.set_password(PASSWORD)
    town.owner.user.save(update_fields=["password"])
    return town


@pytest.fixture(scope="module")
def web(portal: LivePortal) -> str:
    return portal.start_web(
        "impatient", ports.free_block(1), MCLOUD_STATEMENT_TIMEOUT_S="1", MCLOUD_REGION_MFA="optional"
    )


Calls = dict[str, Callable[[], requests.Response]]


def test_every_address_ends_a_statement_that_takes_too_long(portal: LivePortal, asked: Town, web: str) -> None:
    contact = {"contact_name": "Nina", "contact_email": "nina@prova.example"}
    sent = send_registration(details=details(8800), by=visitor(ip="127.0.0.1", on_behalf_of="Nina"), **contact)
    administrator = demo("admin@region.example")
    secret = issue_token(user=administrator.user, scopes=SCOPES, by=administrator).secret
    with ExitStack() as open_:
        program, stranger = open_.enter_context(bearer(secret)), open_.enter_context(alone())
        people = [
            open_.enter_context(signed_in(web, *who))
            for who in ((asked.owner.user.email, PASSWORD), ("admin@region.example", DEMO_PASSWORD))
        ]
        stranger.get(f"{web}/register/", timeout=MOST_S)
        calls = reads(program, people, asked, web) | uploads(program, stranger, sent, web)
        before = stored()
        with held(portal.database_url), ThreadPoolExecutor(8) as callers:
            answers = dict(zip(calls, callers.map(lambda call: call(), calls.values()), strict=True))
    told: dict[str, set[int]] = {}
    for name, answer in answers.items():
        told.setdefault(name.partition(" for ")[0], set()).add(answer.status_code)
    assert {name: statuses for name, statuses in told.items() if statuses - NOT_HIS not in ({503}, {405})} == {}
    assert [name for name, a in answers.items() if a.status_code == 503 and int(a.headers["Retry-After"]) < 1] == []
    log = portal.daemons.log("impatient").read_text(errors="replace")
    assert "due to statement timeout" in log
    assert "due to lock timeout" not in log, "that is another limit, which is longer here"
    assert stored() == before


def reads(program: requests.Session, people: list[requests.Session], town: Town, web: str) -> Calls:
    """Every page as the town's technician and as the region's administrator, whose program reads the API."""
    things = {"subscriptions": town.subscription, "requests": town.subscription.requests.get()}
    found: Calls = {}
    for address in addresses():
        first = address.path.partition("/")[0]
        if "<" in address.path and (first not in things or address.path.count("<") > 1):
            continue
        if str(address) in AT_ONCE or (address.is_api and "GET" not in address.methods):
            continue
        path = re.sub("<.*?>", lambda _, f=first: str(things[f].public_id), address.path)
        if address.is_api:
            found[str(address)] = got(program, f"{web}/{API}{path}")
            continue
        for number, person in enumerate(people):
            found[f"{address} for {number}"] = got(person, f"{web}/{path}")
            if str(address) in SHEETS:
                found[f"{address} as CSV for {number}"] = got(person, f"{web}/{path}?format=csv")
    return found


def got(client: requests.Session, url: str) -> Callable[[], requests.Response]:
    return lambda: client.get(url, timeout=MOST_S, allow_redirects=False)


def uploads(program: requests.Session, stranger: requests.Session, sent: Registration, web: str) -> Calls:
    """A sheet of towns, a registration, a letter."""
    token = {"csrfmiddlewaretoken": stranger.cookies["csrftoken"]}
    body = {
        name: getattr(details(8801), name)
        for name in ("name", "kind", "ipa_code", "fiscal_code", "province", "pec")
    }
    sheet = "\n".join([",".join(body), ",".join(body.values())])
    letter = {"papers": ("lettera.pdf", b"%PDF-1.7\n", "application/pdf")}

    def post(client: requests.Session, path: str, **words: Any) -> Callable[[], requests.Response]:
        return lambda: client.post(f"{web}/{path}", timeout=MOST_S, allow_redirects=False, **words)

    kind = {"Content-Type": "text/csv"}
    return {
        "POST api authorities/bulk/": post(program, f"{API}authorities/bulk/", data=sheet, headers=kind),
        "POST api authorities/": post(program, f"{API}authorities/", json=body),
        "POST register/": post(stranger, "register/", data=typed(8802) | token),
        "POST register/…/letter/": post(stranger, f"register/{sent.public_id}/letter/", data=token, files=letter),
    }


def stored() -> list[tuple[Any, ...]]:
    """How many there are of what was sent."""
    tables = ("tenants_localauthority", "tenants_registration", "tenants_paper", "tenants_auditevent")
    return [rows(f"SELECT count(*) FROM {table}")[0] for table in tables]
