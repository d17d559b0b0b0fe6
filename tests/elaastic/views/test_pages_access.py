"""Every page × every persona: what opens, what is refused, and that the refusals tell nothing."""

import uuid

import pytest

from tests.elaastic.views.pages import Pages, words
from tests.personas import sign_in

PEOPLE = ("anonymous", "owner", "viewer", "stranger", "nobody", "operator", "approver", "auditor", "administrator")
REGION = frozenset({"operator", "approver", "auditor", "administrator"})
TOWN = frozenset({"owner", "viewer"})
OPERATES = frozenset({"operator", "administrator"})
DECIDES = frozenset({"approver", "administrator"})
EVERYBODY = frozenset(PEOPLE) - {"anonymous"}
# Address → (who sees it, what those others get who are signed in).
OPENED: dict[str, tuple[frozenset[str], int]] = {
    "/subscriptions/": (EVERYBODY, 0),
    "/subscriptions/new/": (EVERYBODY, 0),
    "/requests/": (EVERYBODY, 0),
    "/subscriptions/{subscription}/": (TOWN | REGION, 404),
    "/subscriptions/{subscription}/live/": (TOWN | REGION, 404),
    "/subscriptions/{subscription}/events/": (TOWN | REGION, 404),
    "/subscriptions/{subscription}/config/writer/rclone/": (TOWN | REGION, 404),
    "/requests/{request}/": (TOWN | REGION, 404),
    "/requests/{request}/live/": (TOWN | REGION, 404),
    "/console/": (REGION, 403),
    "/console/{stack}/": (REGION, 403),
    "/console/{stack}/adopt/writer/": (OPERATES, 403),
    "/console/platforms/ceph-test/accept/": (OPERATES, 403),
    "/capacity/": (REGION, 403),
    "/authorities/": (REGION, 403),
    "/authorities/{pending}/verify/": (OPERATES, 403),
}
NOT_ON_GET = ("/requests/{request}/approve/", "/console/{stack}/retry/", "/console/{stack}/look/")


def test_every_page_opens_for_whom_it_is_and_nobody_else(pages: Pages) -> None:
    active = pages.active()
    names = {
        "subscription": active.public_id,
        "request": active.requests.get().public_id,
        "stack": active.stack_key,
        "pending": pages.world.pending.public_id,
    }
    for address, (allowed, otherwise) in OPENED.items():
        path = address.format(**names)
        signed_out = pages.get("anonymous", path)
        assert signed_out.status_code == 302, address
        assert signed_out["Location"].startswith("/accounts/login/?next="), address
        for who in sorted(EVERYBODY):
            expected = 200 if who in allowed else otherwise
            assert pages.get(who, path).status_code == expected, f"{who} {address}"
    for address in NOT_ON_GET:
        assert pages.get("administrator", address.format(**names)).status_code == 405, address


ACTS: dict[str, frozenset[str]] = {
    "/requests/{request}/approve/": DECIDES,
    "/requests/{request}/reject/": DECIDES,
    "/requests/{request}/withdraw/": frozenset({"owner"}),
}


def test_an_act_is_refused_to_whose_it_is_not(pages: Pages) -> None:
    request = pages.asked()
    for address, allowed in ACTS.items():
        path = address.format(request=request.public_id)
        for who in sorted(EVERYBODY - allowed):
            expected = 403 if who in TOWN | REGION else 404
            assert pages.post(who, path, {"note": "no", "plan_digest": "x"}).status_code == expected, (
                f"{who} {path}"
            )
        assert pages.post("anonymous", path).status_code == 302
    request.refresh_from_db()
    assert request.decision == ""


@pytest.mark.parametrize("kind", ["subscriptions", "requests"])
def test_somebody_elses_and_nobodys_are_the_same_page(pages: Pages, kind: str) -> None:
    request = pages.asked()
    mine = request.public_id if kind == "requests" else request.subscription.public_id
    foreign, absent = (pages.get("stranger", f"/{kind}/{id}/") for id in (mine, uuid.uuid4()))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert _without_tokens(words(foreign)) == _without_tokens(words(absent))


def _without_tokens(page: str) -> str:
    """Tokens against forged forms and the address itself differ on any two pages."""
    import re

    page = re.sub(r'value="[A-Za-z0-9]{64}"|"X-CSRFToken":"[^"]+"', "", page)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", page)


def test_the_first_page_greets_everybody_with_their_own_next_step(pages: Pages) -> None:
    pages.active()
    expected = {
        "anonymous": "Un piccolo comune che sa di poter ripartire",
        "owner": "ritira le credenziali",
        "viewer": "Le credenziali le ritira chi agisce per l'ente",
        "stranger": "Chiedi il livello 1",
        "nobody": "Non fai ancora parte di nessun ente",
        "operator": "In attesa della regione",
        "auditor": "In attesa della regione",
    }
    for who, said in expected.items():
        answer = pages.get(who, "/")
        assert answer.status_code == 200
        assert said in words(answer), who


def test_a_forged_form_is_refused(pages: Pages) -> None:
    from django.test import Client

    request = pages.asked()
    client = Client(enforce_csrf_checks=True)
    sign_in(client, pages.world["approver"].user)
    path = f"/requests/{request.public_id}/approve/"
    assert client.post(path, {"plan_digest": request.plan_digest}).status_code == 403
    request.refresh_from_db()
    assert request.decision == ""
