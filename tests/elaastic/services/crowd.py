"""Two hundred people at the same instant (T7): approvals, changes, renewals and ends, one by one and many at once,
while towns accept other terms and operators suspend. Prints what came of it as JSON. A program, for PostgreSQL.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import override_settings  # noqa: E402

from elaastic.models import Request, RequestKind, Subscription  # noqa: E402
from elaastic.selectors.today import today  # noqa: E402
from elaastic.services import agreeing, planning  # noqa: E402
from elaastic.services.changing import change_terms, leave, suspend  # noqa: E402
from elaastic.services.deciding_many import Wanted, decide_many  # noqa: E402
from elaastic.services.talking import accept_counter, counter, digest_of  # noqa: E402
from provisioning.models import CapacityRow, Reservation  # noqa: E402
from provisioning.services import capacity, surroundings  # noqa: E402
from provisioning.signals import doorbell  # noqa: E402
from tests.elaastic import region as simulated  # noqa: E402
from tests.elaastic.services import races  # noqa: E402

CHANGES: Final = 30
ENDS: Final = 30
RENEWALS: Final = 15
SUSPENSIONS: Final = 10  # each by two operators at once
STARTS: Final = 100
COUNTERS: Final = 20
# Room for about half of what is asked for.
ROOM_GIB: Final = 5_000


def main() -> None:
    doorbell.deliver = lambda task, id, queue: None
    provider = simulated.MemoryProvider()
    surroundings.open_platform = lambda platform: provider  # type: ignore[assignment, return-value]
    call_command("migrate", verbosity=0)
    with override_settings(REGION_FILE=simulated.write_region_file(Path(os.environ["MCLOUD_DATA_DIR"]))):
        capacity.load_totals()
        print(json.dumps(play(races.Stage())))  # noqa: T201 - the answer of a program


def play(stage: races.Stage) -> dict[str, Any]:
    luck = random.Random(7)
    running = _running(stage, CHANGES + ENDS + RENEWALS + SUSPENSIONS)
    suspended = [running.pop() for _ in range(SUSPENSIONS)]
    renewed = [_ends_soon(running.pop()) for _ in range(RENEWALS)]
    owner = stage.actor("owner")
    asked = [
        *(change_terms(subscription=s, terms={**s.terms, "quota_gib": 120}, by=owner) for s in running[:CHANGES]),
        *(leave(subscription=s, by=owner) for s in running[CHANGES:]),
        *(agreeing.renew(subscription=s, by=owner) for s in renewed),
        *(stage.ask(stage.authority(), quota_gib=luck.choice([60, 90, 140])) for _ in range(STARTS + COUNTERS)),
    ]
    for request in asked:
        planning.make_plan(request.pk)
    requests = list(Request.objects.filter(decision="").select_related("subscription__authority").order_by("pk"))
    for request in requests[-COUNTERS:]:
        counter(request=request, terms={**request.terms, "quota_gib": 20}, text="Less.", by=stage.actor("approver"))
        request.refresh_from_db()
    for row in CapacityRow.objects.all():
        CapacityRow.objects.filter(pk=row.pk).update(total=row.used + ROOM_GIB)
    outcomes = races.at_once(*_acts(stage, requests, suspended, luck))
    _workers_carry_out(suspended)
    return _found(requests, suspended, outcomes)


def _ends_soon(row: Subscription) -> Subscription:
    Subscription.objects.filter(pk=row.pk).update(agreed_until=today() + timedelta(days=20))
    row.refresh_from_db()
    return row


def _workers_carry_out(suspended: list[Subscription]) -> None:
    """What one operator may do alone: planned and said yes to by workers, whose first try may have met a lock."""
    for _again in range(10):
        simulated.workers_make_plans()
        planning.carry_out_preapproved()
        if not Request.objects.filter(subscription__in=suspended, decision="").exists():
            return


def _running(stage: races.Stage, count: int) -> list[Subscription]:
    for _ in range(count):
        stage.approve(stage.planned(quota_gib=50), "approver")
    simulated.workers_bring_everything_up()
    while Subscription.objects.filter(activated_at=None).exists():
        simulated.workers_bring_everything_up()
    return list(Subscription.objects.select_related("authority").order_by("pk"))


def _acts(
    stage: races.Stage, requests: list[Request], suspended: list[Subscription], luck: random.Random
) -> list[Callable[[], Any]]:
    """Everybody's click: half of the requests one by one, all of them in lists that overlap, in any order."""
    one_by_one = requests[: len(requests) - COUNTERS]
    acts: list[Callable[[], Any]] = [
        lambda r=r: stage.approve(r, luck.choice(["approver", "operator"])) for r in one_by_one
    ]
    acts += [
        lambda r=r: accept_counter(request=r, counter_digest=digest_of(r), by=stage.actor("owner"))
        for r in requests[-COUNTERS:]
    ]
    acts += [
        lambda s=s: suspend(subscription=Subscription.objects.get(pk=s.pk), by=stage.actor("operator"))
        for s in suspended * 2
    ]
    acts += [planning.tick] * 3
    for number in range(20):
        chosen = luck.sample(requests, 30)
        who = "approver" if number % 2 else "operator"
        acts.append(lambda chosen=chosen, who=who: _many(stage, chosen, who))
    luck.shuffle(acts)
    return acts


def _many(stage: races.Stage, chosen: list[Request], who: str) -> None:
    wanted = [Wanted(r, "approved", r.plan_digest, "") for r in chosen]
    for outcome in decide_many(wanted, by=stage.actor(who)):
        MANY[outcome.refusal.code if outcome.refusal else "done"] += 1


MANY: Final[Counter[str]] = Counter()


def _found(requests: list[Request], suspended: list[Subscription], outcomes: list[str]) -> dict[str, Any]:
    rows = list(CapacityRow.objects.all())
    decided = {
        r.pk: r for r in Request.objects.filter(pk__in=[r.pk for r in requests]).select_related("subscription")
    }
    room = {row.site: row.total - row.used for row in rows}
    held: Counter[tuple[str, str]] = Counter()
    for r in Reservation.objects.select_related("stack", "row"):
        held[r.stack.key, r.row.site] += r.amount
    undersold = [
        str(r)
        for r in decided.values()
        if not r.decision and not r.accepted_by_id
        and all(r.terms["quota_gib"] - held[r.subscription.stack_key, site] <= left for site, left in room.items())
    ]  # fmt: skip
    return {
        "people": len(outcomes),
        "outcomes": races.counted(outcomes),
        "many": dict(MANY),
        "bad": [o for o in outcomes if o.startswith("!!")],
        "approved": sum(1 for r in decided.values() if r.decision == "approved"),
        "renewed_by_half": [
            str(r)
            for r in decided.values()
            if r.kind == RequestKind.RENEW
            and (r.decision == "approved") != (r.subscription.agreed_until > today() + timedelta(days=1000))
        ],
        "suspended": Subscription.objects.filter(
            pk__in=[s.pk for s in suspended], suspended_at__isnull=False
        ).count(),
        "left": sum(1 for r in decided.values() if not r.decision),
        "accepted": sum(1 for r in decided.values() if r.accepted_by_id),
        "oversold": sum(max(0, row.used - row.total) for row in rows),
        "undersold": undersold,
        "used": {row.site: row.used for row in rows},
        "reserved": {row.site: sum(row.reservations.values_list("amount", flat=True)) for row in rows},
        "wrong_terms": sum(
            1 for r in decided.values() if r.decision == "approved" and r.subscription.terms != r.terms
        ),
    }


if __name__ == "__main__":
    main()
