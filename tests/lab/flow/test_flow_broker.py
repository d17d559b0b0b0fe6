"""Whatever happens to Redis, nobody notices: not the person who asks, not the work that is due.

The real time of the frozen case is 60 s in the promise and 8 s here: longer than every time-out that the portal
sets on the broker (connect 1 s, answer 5 s), so that the same code runs; what is not shown is patience itself.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Barrier, Thread

import pytest
import requests

from lab.deadline import wait_until
from lab.redis import Redis
from tenants.models import SCOPES, Actor, LocalAuthority, User
from tenants.services.authorities import register_authority, verify_authority
from tenants.services.tokens import issue_token
from tests.lab.flow.town import TERMS, Towns, active, collect, demo, rows
from tests.lab.workers import READY_S, LivePortal
from tests.personas import details

pytestmark = pytest.mark.real

ASKED = 20  # requests while each fault lasts
RESOURCES = 9  # of a level 1 with one archive: four identities, their keys, the archive
FROZEN_S = 8.0
LATE_S = 10.0
CONSUMES_S = 15.0
P95_S = 0.3


@dataclass
class Supplier:
    """A company that asks for many towns through the API; knows how long each answer took, in seconds."""

    portal: LivePortal
    actor: Actor
    secret: str
    took: list[float] = field(default_factory=list)
    _made: int = 0

    def towns(self, count: int) -> list[LocalAuthority]:
        """Verified, and without a subscription yet."""
        made = []
        for _ in range(count):
            self._made += 1
            one = register_authority(details=details(7000 + self._made), by=self.actor)
            made.append(verify_authority(authority=one, by=demo("operator@region.example")))
        return made

    def ask(self, client: requests.Session, town: LocalAuthority) -> int:
        """One POST; its status."""
        body = {"authority": str(town.public_id), "level": 1, "terms": dict(TERMS)}
        began = time.monotonic()
        headers = {"Idempotency-Key": f"ask-{town.public_id}"}
        where = f"{self.portal.url}/rest/elaastic/v1/subscriptions/"
        answer = client.post(where, json=body, headers=headers, timeout=30)
        self.took.append(time.monotonic() - began)
        return answer.status_code

    def ask_all(self, towns: list[LocalAuthority]) -> list[int]:
        """One after the other, as a client does."""
        with requests.Session() as client:
            client.trust_env = False
            client.headers["Authorization"] = f"Bearer {self.secret}"
            return [self.ask(client, town) for town in towns]

    def p95(self) -> float:
        return sorted(self.took)[math.ceil(0.95 * len(self.took)) - 1]


@pytest.fixture(scope="module")
def supplier(portal: LivePortal, towns: Towns) -> Supplier:
    """Web and worker start while Redis is down: nothing else is tried first."""
    person = User.objects.create_user("supplier@flow.example", full_name="Supplier")
    actor = Actor(user=person)
    portal.redis.kill()
    portal.start_worker("a", wait=False)
    portal.start_web()
    return Supplier(portal, actor, issue_token(user=person, scopes=SCOPES, by=actor).secret)


@contextmanager
def down_at_boot(redis: Redis) -> Iterator[None]:
    """It has been down since before the first process of this portal."""
    yield
    redis.start()


@contextmanager
def flushed(redis: Redis) -> Iterator[None]:
    """Everything in it is thrown away, again and again."""
    redis.start()
    stop = False

    def flush() -> None:
        import redis as client

        with client.Redis.from_url(redis.url) as connection:
            while not stop:
                connection.flushall()
                time.sleep(0.02)

    thread = Thread(target=flush)
    thread.start()
    try:
        yield
    finally:
        stop = True
        thread.join()


@contextmanager
def killed(redis: Redis) -> Iterator[None]:
    redis.start()
    redis.kill()
    yield
    redis.start()


@contextmanager
def frozen(redis: Redis) -> Iterator[None]:
    redis.start()
    redis.freeze()
    began = time.monotonic()
    try:
        yield
        wait_until("the frost over", lambda: time.monotonic() - began > FROZEN_S)
    finally:
        redis.thaw()


FAULTS = (down_at_boot, flushed, killed, frozen)


@pytest.mark.parametrize("fault", FAULTS, ids=[one.__name__ for one in FAULTS])
def test_requests_are_taken_and_worked_on_whatever_happens_to_redis(
    portal: LivePortal, supplier: Supplier, fault: Callable[[Redis], Iterator[None]]
) -> None:
    towns = supplier.towns(ASKED)
    wait_until("a worker that looks", swept, timeout_s=READY_S)
    supplier.took.clear()
    with fault(portal.redis):
        assert supplier.ask_all(towns) == [202] * ASKED
        wait_until("every plan made", lambda: planned(towns) == ASKED, timeout_s=3 * LATE_S)
    assert latest(towns) <= LATE_S
    assert supplier.p95() <= P95_S, supplier.took
    consumes_again(portal)


def swept() -> bool:
    """The timetable's rows are made by the first look of the first worker."""
    return bool(rows("SELECT 1 FROM provisioning_timedwork"))


def planned(towns: list[LocalAuthority]) -> int:
    found = rows(
        "SELECT count(*) FROM elaastic_request r JOIN elaastic_subscription s ON s.id = r.subscription_id"
        " WHERE s.authority_id = ANY(%s) AND r.plan_digest <> '' AND r.plan_due IS NULL",
        [town.pk for town in towns],
    )
    return int(found[0][0])


def latest(towns: list[LocalAuthority]) -> float:
    """Seconds from the ask to its plan, the slowest of them, by the database's own rows."""
    found = rows(
        "SELECT max(extract(epoch FROM p.created_at - r.created_at)) FROM elaastic_request r"
        " JOIN elaastic_subscription s ON s.id = r.subscription_id"
        " JOIN provisioning_plan p ON p.id = r.plan_id WHERE s.authority_id = ANY(%s)",
        [town.pk for town in towns],
    )
    return float(found[0][0])


def consumes_again(portal: LivePortal) -> None:
    """The same worker process, never restarted, takes a message from the broker."""
    identity = portal.daemons.get("worker-a")
    message = portal.ring("elaastic.tasks.make_plan", 0, "portal")
    wait_until("the worker consuming", lambda: portal.received("a", message), timeout_s=CONSUMES_S)
    assert identity is not None
    assert identity.alive()


def test_the_same_ring_five_times_at_once_has_one_effect(portal: LivePortal, towns: Towns) -> None:
    """For the plan and for the work: one plan, and each thing made once."""
    portal.start_worker("b", concurrency=2)
    town, request = towns.ask()
    five_at_once(lambda: portal.ring("elaastic.tasks.make_plan", request.pk, "portal"))
    towns.planned(request)
    assert rows(
        "SELECT count(*) FROM provisioning_plan p JOIN provisioning_stack s ON s.id = p.stack_id WHERE s.key = %s",
        town.subscription.stack_key,
    ) == [(1,)]
    towns.decide(request)
    ((stack_id,),) = rows("SELECT id FROM provisioning_stack WHERE key = %s", town.subscription.stack_key)
    five_at_once(lambda: portal.ring("provisioning.tasks.reconcile", stack_id, "ceph"))
    active(town)
    made = rows(
        "SELECT resource, count(*) FROM provisioning_event WHERE stack_id = %s AND reason = 'CreateSent'"
        " GROUP BY resource",
        stack_id,
    )
    assert {count for _, count in made} == {1}
    assert len(made) == RESOURCES
    assert len([uid for uid in portal.users_on_cluster() if uid.startswith(f"{town.tenant}$")]) == 4
    collect(town)


def five_at_once(act: Callable[[], object]) -> None:
    """Five threads that let go together."""
    gate = Barrier(5)

    def run() -> None:
        gate.wait()
        act()

    threads = [Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
