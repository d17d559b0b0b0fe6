"""T10: PostgreSQL is restarted, killed, or down for a while under a served portal and its worker.

Nothing is lost that was answered with yes, whatever was asked: level 1, other terms and their withdrawal, a
registration by API and one at the public form, a restore test. Who comes meanwhile is told 503 and when to come
again, never 500; and when the server is back, everything goes on in the same processes.

Thirty seconds, as the promise says, are a deep case; in every other run it is down for four.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from django.db import connection

from lab.deadline import wait_until
from lab.postgres import Postgres
from tenants.models import SCOPES, Actor, LocalAuthority, User
from tenants.services.authorities import register_authority, verify_authority
from tenants.services.tokens import issue_token
from tests.lab.flow.town import Town, Towns, demo, rows
from tests.lab.flow.visitors import ASKING, CHANGING, INTRODUCING, PROVING, Visitors, serials, signed_in
from tests.lab.workers import LivePortal, Stage
from tests.personas import PASSWORD, details

pytestmark = pytest.mark.real

ASKED = 12
BRIEFLY_S, PROMISED_S = 4.0, 30.0
BACK_S = 60  # generous: two cores are shared
SENT = "AND sent_at IS NOT NULL"


@dataclass
class Supplier:
    """Who asks for many; towns by the dozen."""

    actor: Actor
    secret: str
    made: int = 0

    def towns(self, count: int) -> list[LocalAuthority]:
        found = []
        for _ in range(count):
            self.made += 1
            one = register_authority(details=details(5000 + self.made), by=self.actor)
            found.append(verify_authority(authority=one, by=demo("operator@region.example")))
        return found


@pytest.fixture(scope="module")
def supplier(portal: LivePortal, towns: Towns) -> Supplier:
    portal.start_worker("a")
    portal.start_web()
    actor = Actor(user=User.objects.create_user("supplier@flow.example", full_name="Supplier"))
    return Supplier(actor, issue_token(user=actor.user, scopes=SCOPES, by=actor).secret)


@dataclass
class Standing:
    """A town that has level 1: its technician with a page open, and its program."""

    town: Town
    technician: requests.Session
    secret: str


@pytest.fixture(scope="module")
def standing(portal: LivePortal, supplier: Supplier, towns: Towns) -> Iterator[Standing]:
    town = towns.ready()
    town.owner.user.set_password(PASSWORD)
    town.owner.user.save(update_fields=["password"])
    with signed_in(portal.url, town.owner.user.email, PASSWORD) as technician:
        secret = issue_token(user=town.owner.user, scopes=SCOPES, by=town.owner).secret
        yield Standing(town, technician, secret)


@pytest.fixture(scope="module")
def unseen() -> Iterator[int]:
    """Numbers of bodies that register themselves."""
    return serials(7000)


Fault = Callable[[Postgres, Visitors], None]


def restarted(postgres: Postgres, visitors: Visitors) -> None:
    """Sessions are ended by the server, which says so to each."""
    postgres.down(keep=True)
    postgres.start()


def killed(postgres: Postgres, visitors: Visitors) -> None:
    """Every backend dies in the middle of what it was doing."""
    postgres.crash_restart()


def down(for_s: float) -> Fault:
    """Nobody answers for a while, until all have met it at the least."""

    def fault(postgres: Postgres, visitors: Visitors) -> None:
        postgres.down(keep=True)
        threading.Event().wait(for_s)
        wait_until("all meeting it", visitors.all_met_it, timeout_s=BACK_S)
        postgres.start()

    return fault


FAULTS = [
    pytest.param(restarted, id="restarted"),
    pytest.param(killed, id="killed"),
    pytest.param(down(BRIEFLY_S), id="down for a moment"),
    pytest.param(down(PROMISED_S), id="down for thirty seconds", marks=pytest.mark.deep),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_acknowledged_survives_whatever_happens_to_postgresql(
    portal: LivePortal, stage: Stage, supplier: Supplier, standing: Standing, unseen: Iterator[int], fault: Fault
) -> None:
    towns = supplier.towns(ASKED)
    before = processes(portal)
    visitors = Visitors(portal, supplier.secret, standing.town, standing.secret, standing.technician, unseen)
    with visitors.at_it(towns):
        wait_until("some yes", lambda: len(visitors.asked) >= 2, timeout_s=BACK_S)
        visitors.breaking.set()
        fault(stage.postgres, visitors)
        then = visitors.acknowledged()
        wait_until("every yes", lambda: len(visitors.asked) == ASKED, timeout_s=BACK_S)
        wait_until("a yes to each act", lambda: all_since(visitors, then), timeout_s=BACK_S)
    connection.close()  # ours was cut too
    assert processes(portal) == before, "something was restarted"
    told = visitors.answers.told
    unheard = {where: statuses for where, statuses in told.items() if set(statuses) - allowed(where)}
    assert not unheard, unheard
    assert any(503 in statuses for statuses in told.values()), "nobody met the fault"
    assert not visitors.answers.mute, "a 503 without Retry-After"
    assert taken(towns) == [(town.pk, 1, 1, 1) for town in towns]
    all_there(visitors)
    wait_until("every plan made", lambda: planned(towns) == ASKED, timeout_s=BACK_S)
    wait_until("every letter sent", lambda: introduced(visitors.introduced, SENT) > 0, timeout_s=BACK_S)


def all_since(visitors: Visitors, then: dict[str, int]) -> bool:
    """Each act but the twelve asks, whose number is fixed, and the one registration at the form."""
    now = visitors.acknowledged()
    once = {ASKING, INTRODUCING}
    return bool(visitors.introduced) and all(now[act] > then[act] for act in now if act not in once)


def allowed(where: str) -> set[int]:
    """409 only where what was taken without being acknowledged is asked for once more."""
    again = {409} if where in (CHANGING, PROVING) else set()
    return {200, 201, 202, 302, 503} | again


def processes(portal: LivePortal) -> list[int]:
    """Web and worker, with their children."""
    return sorted(one.pid for name in ("web", "worker-a") for one in portal.family(name))


def all_there(visitors: Visitors) -> None:
    """What somebody was told yes to is in the database, each with its one line of the trail."""
    events = "SELECT count(*) FROM tenants_auditevent WHERE action = %s AND subject_id = %s"
    registered = "SELECT public_id::text FROM tenants_localauthority WHERE ipa_code = ANY(%s)"
    for (authority,) in same(len(visitors.registered), rows(registered, visitors.registered)):
        assert rows(events, "authority.registered", authority) == [(1,)]
    assert introduced(visitors.introduced) in (1, 2), "sent again when nobody had answered, at the most"
    asked = "SELECT decision FROM elaastic_request WHERE public_id::text = ANY(%s)"
    same(len(visitors.changes), rows(asked, visitors.changes))
    assert {decision for (decision,) in rows(asked, visitors.withdrawn)} == {"withdrawn"}
    subscription = visitors.town.subscription
    mine = str(subscription.public_id)
    tests = "SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL) FROM elaastic_restoretest"
    [(made, unended)] = rows(f"{tests} WHERE subscription_id = %s", subscription.pk)
    assert made >= visitors.tests
    assert unended <= 1
    assert rows(events, "restore_test.begun", mine) == [(made,)]
    assert rows(events, "restore_test.ended", mine) == [(made - unended,)]
    changes = "SELECT public_id::text FROM elaastic_request WHERE subscription_id = %s AND kind = 'change'"
    for (request,) in rows(changes, subscription.pk):
        assert rows(events, "subscription.change_requested", request) == [(1,)]


def same(number: int, found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """As many as there should be."""
    assert len(found) == number
    return found


def introduced(codes: list[str], more: str = "") -> int:
    """Registrations of these bodies."""
    query = f"SELECT count(*) FROM tenants_registration WHERE details->>'ipa_code' = ANY(%s) {more}"
    return int(rows(query, codes)[0][0])


def taken(towns: list[LocalAuthority]) -> list[tuple[int, int, int, int]]:
    """By town: subscriptions, requests, lines of the trail."""
    found = rows(
        "SELECT s.authority_id, count(DISTINCT s.id), count(DISTINCT r.id), count(DISTINCT a.id)"
        " FROM elaastic_subscription s JOIN elaastic_request r ON r.subscription_id = s.id"
        " JOIN tenants_auditevent a ON a.authority_id = s.authority_id"
        " AND a.action = 'subscription.start_requested' WHERE s.authority_id = ANY(%s) GROUP BY 1 ORDER BY 1",
        [town.pk for town in towns],
    )
    return [tuple(row) for row in found]  # type: ignore[misc]


def planned(towns: list[LocalAuthority]) -> int:
    return int(
        rows(
            "SELECT count(*) FROM elaastic_request r JOIN elaastic_subscription s ON s.id = r.subscription_id"
            " WHERE s.authority_id = ANY(%s) AND r.plan_digest <> '' AND r.plan_due IS NULL",
            [town.pk for town in towns],
        )[0][0]
    )
