"""T18: what one body, one address and one person may ask of the portal is bounded, wherever it is asked.

Addresses are walked, so a new one is held to it from its first day. How long a statement may take needs
PostgreSQL: `tests/lab/flow/test_flow_statements.py`.
"""

from collections.abc import Callable
from io import RawIOBase
from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tenants.views.limits import PRESSES_PER_MINUTE
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.addresses import LIBRARIES, Address, addresses
from tests.scene.stage import Stage, stage
from tests.scene.stored import everything_stored
from tests.tenants.registering import typed

__all__ = ["region", "stage", "world"]

MIB: Final = 2**20
# What takes more than every other page: files. (Their form around them included.)
MOST: Final = {"register/<uuid:public_id>/letter/": 16 * MIB, "onboarding/": 2 * MIB}
SENT: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KINDS: Final = (
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json",
    "text/csv",
)


class Unread(RawIOBase):
    """A body of which nobody may read a byte."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("Somebody reads what is too large.")

    readinto = readline = read  # type: ignore[assignment]


def announced(client: Client, method: str, path: str, kind: str, size: int) -> Any:
    """Only its heading comes; a browser's token is asked for, as in the world."""
    words: dict[str, Any] = {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": kind, "wsgi.input": Unread()}
    client.handler.enforce_csrf_checks = True
    return client.generic(method, path, **words)


def calls() -> list[tuple[Address, str]]:
    """Every address with every method that has a body."""
    return [(a, method) for a in addresses() for method in (sorted(a.methods & SENT) if a.is_api else ["POST"])]


@pytest.mark.parametrize("who", ["anonymous", "owner", "administrator"])
def test_what_is_too_large_is_refused_at_every_address_and_nothing_of_it_is_read(stage: Stage, who: str) -> None:
    client, before, wrong = stage.pages.client(who), everything_stored(), []
    for address, method in calls():
        size = MOST.get(str(address), MIB) + MIB // 8
        for kind in KINDS:
            answer = announced(client, method, address.of(stage.town), kind, size)
            if answer.status_code != 413 or ("problem+json" in answer["Content-Type"]) != address.is_api:
                wrong.append(f"{method} {address} {kind}: {answer.status_code}")
            if address.is_api and "X-RateLimit-Remaining" not in answer:
                wrong.append(f"{method} {address} {kind}: uncounted")
    assert wrong == []
    assert everything_stored() == before


def test_the_pages_of_the_login_library_are_held_to_it_too(stage: Stage) -> None:
    for path in (f"/{LIBRARIES[0]}login/", f"/{LIBRARIES[0]}password/reset/", "/i18n/setlang/"):
        assert announced(Client(raise_request_exception=False), "POST", path, KINDS[0], MIB + 1).status_code == 413


def test_what_is_just_small_enough_is_read(stage: Stage) -> None:
    """A sheet and letters of the size that their pages name; a little more than that is told at the field."""
    stage.pages.client("operator")
    for size, said in ((MIB, "Send"), (MIB + 1, "MiB")):
        sheet = SimpleUploadedFile("enti.csv", b"x" * size)
        answer = stage.pages.client("operator").post("/onboarding/", {"sheet": sheet})
        assert answer.status_code == 400
        assert ("1 MiB." in answer.context["form"].errors.get("sheet", [""])[0]) == (said == "MiB")
    letters = [SimpleUploadedFile(f"{n}.pdf", b"%PDF-1.7\n" + b"x" * (5 * MIB - 9)) for n in range(3)]
    where = f"/register/{stage.town.registration.public_id}/letter/"
    assert Client().post(where, {"papers": letters}).status_code != 413


# -- who presses again and again -------------------------------------------------------------------------------
# Pages where nobody is signed in and something may be tried: what is sent there.
TRIED: Final[dict[str, Callable[[Stage], dict[str, Any]]]] = {
    "register/": lambda stage: typed(90, name=""),
    "register/<uuid:public_id>/": lambda stage: {"code": "AAAA-AAAA"},
    "register/<uuid:public_id>/again/": lambda stage: {},
    "register/<uuid:public_id>/letter/": lambda stage: {},
    "invitation/": lambda stage: {"full_name": "Nina", "password": "breve"},
    "emergency/": lambda stage: {"ipa_code": "c_p1", "first": "AAAA-AAAA", "second": "BBBB-BBBB"},
    "choose/": lambda stage: {},
}
# These answer anybody, change nothing, and look at nothing that anybody wrote.
HARMLESS: Final = frozenset({"", "privacy", "legal-notes", "accessibility", "contacts", "prices/", "healthz"})


def test_every_page_that_asks_for_no_login_counts_who_presses(stage: Stage) -> None:
    open_to_all = set()
    for address in addresses():
        if address.is_api:
            continue
        answer = Client(raise_request_exception=False).post(address.of(stage.town))
        if not (answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")):
            open_to_all.add(str(address))
    assert open_to_all - HARMLESS - {"invitation/<str:secret>/"} == set(TRIED)


@pytest.mark.parametrize("address", [a for a in TRIED if a != "choose/"])
def test_who_presses_too_often_is_told_when_to_come_again_and_nobody_else_is(stage: Stage, address: str) -> None:
    """Twice the presses of a minute, in case one ends meanwhile. (Choosing is counted like a call of the API.)"""
    path = next(a for a in addresses() if str(a) == address).of(stage.town)
    here, elsewhere = (Client(raise_request_exception=False, REMOTE_ADDR=ip) for ip in ("127.0.3.1", "127.0.3.2"))
    told = TRIED[address](stage)
    answers = [here.post(path, told) for _press in range(2 * PRESSES_PER_MINUTE + 2)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert [a.status_code for a in answers[:PRESSES_PER_MINUTE]].count(429) == 0 or _waits_by_itself(address)
    assert limited
    assert all(0 < int(answer["Retry-After"]) <= 60 for answer in limited if "Retry-After" in answer)
    assert elsewhere.post(path, told).status_code != 429 or _waits_by_itself(address)


def _waits_by_itself(address: str) -> bool:
    """A new code is sent every two minutes at most, whoever asks: that is told with 429 as well."""
    return address.endswith("/again/")
