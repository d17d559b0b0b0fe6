"""A list of 100 subscriptions with a token: CPU a request and queries, at 100 and at 10,000 subscriptions.

    python -m bench api [--runs N]

The peer is a plain DRF `ModelSerializer` list (`bench/plain.py`) of the same rows with the same fields: what both
answer is compared item by item before anything is measured. It is asked by the same client in the same process,
through the same middleware and the same token authentication, in turns. Promise: at least 2 x less CPU, and for
each as many queries at both sizes. Beside them stands a list of columns alone, which says nothing of how a
subscription stands and whose move it is.
"""

import argparse
import statistics
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bench.setting import portal_on_postgres

SIZES = (100, 10_000)
BATCH = 500  # a busy machine ends a statement that takes too long
PAGE = 100
WARM = 3


def main(arguments: list[str]) -> int:
    """Print one line a size and peer."""
    parser = argparse.ArgumentParser(prog="python -m bench api")
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args(arguments).runs
    with portal_on_postgres("simulated"):
        _measure(runs)
    return 0


def _measure(runs: int) -> None:
    from django.test.utils import override_settings

    from bench.plain import ColumnsList, PlainList

    ask = _asker()
    _serve("plain/", PlainList.as_view())
    _serve("columns/", ColumnsList.as_view())
    calls = [partial(ask, path) for path in ("/rest/elaastic/v1/subscriptions/?limit=100", "/plain/", "/columns/")]
    there, queries = 0, set[tuple[int, ...]]()
    for size in SIZES:
        _make(there, size)
        there = size
        _analyse()
        with override_settings(ALLOWED_HOSTS=["testserver"]):
            assert calls[0]().json()["items"] == calls[1]().json()["results"]
            (portal, asked), (plain, plainly), (columns, easily) = _cpu(*calls, runs=runs)
        queries.add((asked, plainly))
        print(
            f"{size} subscriptions: portal {portal:.1f} ms of CPU, {asked} queries; plain DRF {plain:.1f} ms,"
            f" {plainly} queries: {plain / portal:.2f} x less; columns alone {columns:.1f} ms, {easily} queries"
            f" ({columns / portal:.2f} x)"
        )
    print(f"queries at both sizes: {'equal' if len(queries) == 1 else queries}")


def _cpu(*calls: Any, runs: int) -> list[tuple[float, int]]:
    """Of each call the median milliseconds of CPU, and the queries. They take turns: a slow moment meets all."""
    taken: list[list[float]] = [[] for _ in calls]
    for run in range(WARM + runs):
        for call, times in zip(calls, taken, strict=True):
            began = time.process_time()
            answer = call()
            times.append((time.process_time() - began) * 1000)
            assert answer.status_code == 200, (run, answer.content[:500])
    return [(statistics.median(times[WARM:]), _queries(call)) for call, times in zip(calls, taken, strict=True)]


def _queries(call: Any) -> int:
    from django.db import connection

    statements = []
    with connection.execute_wrapper(lambda do, *words: (statements.append(words[0]), do(*words))[1]):
        call()
    return len(statements)


def _asker() -> Any:
    """Asks a path with a regional auditor's token."""
    from rest_framework.test import APIClient

    from tenants.models import Actor, RegionRole, RegionRoleName, User
    from tenants.services.tokens import issue_token

    reader = User.objects.create_user("auditor@bench.example", full_name="Auditor")
    RegionRole.objects.create(user=reader, role=RegionRoleName.AUDITOR)
    token = issue_token(user=reader, scopes=("subscriptions:read",), by=Actor(user=reader)).secret

    client = APIClient()

    def ask(path: str, token: str) -> Any:
        return client.get(path, headers={"Authorization": f"Bearer {token}"})

    return partial(ask, token=token)


def _serve(path: str, view: Any) -> None:
    """One address more, behind the portal's own middleware."""
    from django.urls import path as address

    from mcloud_portal import urls

    urls.urlpatterns.insert(0, address(path, view))


def _make(there: int, size: int) -> None:
    """Active subscriptions with one stack each; of every tenth a change waits for its approver."""
    from django.utils import timezone

    from elaastic.levels import LEVELS
    from elaastic.models import Request, Subscription
    from provisioning.models import Resource, Stack
    from tenants.models import LocalAuthority, User

    by, now = User.objects.get(email="auditor@bench.example"), timezone.now()
    bodies = [
        LocalAuthority(
            name=f"Comune di Prova {n}", kind="comune", ipa_code=f"c_b{n}", fiscal_code=f"{n:011d}", province="AN",
            pec=f"p{n}@pec.example", state="verified", registered_by=by,
        )
        for n in range(there, size)
    ]  # fmt: skip
    LocalAuthority.objects.bulk_create(bodies, batch_size=BATCH)
    Subscription.objects.bulk_create(
        (_subscription(body, dict(LEVELS[1].defaults), now) for body in bodies), batch_size=BATCH
    )
    made = list(Subscription.objects.filter(authority__in=bodies).order_by("pk"))
    Request.objects.bulk_create(
        Request(subscription=row, kind="change", level=1, terms=row.terms, requested_by=by, plan_digest="d" * 64)
        for row in made[::10]
    )
    keys = [row.stack_key for row in made]
    stacks = Stack.objects.bulk_create(
        (Stack(key=key, state="ready", generation=1) for key in keys), batch_size=BATCH
    )
    Resource.objects.bulk_create(
        (
            Resource(
                stack=stack,
                name=name,
                kind="ceph.key" if "key" in name else "ceph.user",
                platform="ceph",
                state="ready",
                outputs={"access_key": "A" * 20},
                seen={"user": name},
            )
            for stack in stacks
            for role in ("owner", "writer", "restore", "probe")
            for name in (role, f"{role}-key")
        ),
        batch_size=BATCH,
    )


def _subscription(body: Any, terms: dict[str, Any], now: datetime) -> Any:
    from elaastic.models import Subscription

    place = {"platforms": {"ceph": "ceph"}, "target": "three", "sites": ["a", "b", "c"]}
    return Subscription(
        authority=body,
        level=1,
        terms=terms,
        placement=place,
        approved_at=now,
        activated_at=now,
        agreed_until=(now + timedelta(days=900)).date(),
    )


def _analyse() -> None:
    """Let the planner know how many rows there are, as autovacuum would."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
