"""Several people and workers at the same instant, in a portal of its own; prints what came of it as JSON.

A program and not a test: pytest's SQLite lives in memory, where locks are not those of a file. The scenes are
played one after the other on the same database, each with authorities of its own.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402
from django.test import override_settings  # noqa: E402

from elaastic.models import (  # noqa: E402
    Alert,
    AlertKind,
    Digest,
    Escalation,
    Reminder,
    Request,
    RequestKind,
    Subscription,
    Verification,
)
from elaastic.selectors.ledger import check_ledger  # noqa: E402
from elaastic.selectors.today import today  # noqa: E402
from elaastic.services import agreeing, escalating, planning  # noqa: E402
from elaastic.services.asking import request_subscription, withdraw_request  # noqa: E402
from elaastic.services.collecting import reveal_credential  # noqa: E402
from elaastic.services.deciding import approve_request, reject_request  # noqa: E402
from elaastic.services.ledger import enter  # noqa: E402
from elaastic.services.talking import accept_counter, counter, digest_of  # noqa: E402
from lab.deadline import wait_until  # noqa: E402
from provisioning.models import CapacityRow, Reservation, Resource, Stack  # noqa: E402
from provisioning.services import capacity, surroundings  # noqa: E402
from provisioning.services.clock import now  # noqa: E402
from provisioning.signals import doorbell  # noqa: E402
from tenants.models import Actor, AuditEvent, LocalAuthority, RegionRoleName  # noqa: E402
from tenants.models.errors import DomainError  # noqa: E402
from tenants.services import audit  # noqa: E402
from tenants.services.authorities import register_authority, verify_authority  # noqa: E402
from tenants.services.people import grant_region_role  # noqa: E402
from tests.elaastic import region as simulated  # noqa: E402
from tests.elaastic.services.races_of_drills import drilled_at_once  # noqa: E402
from tests.elaastic.services.town import TERMS  # noqa: E402
from tests.personas import World, details, make_world  # noqa: E402

ROUNDS: Final = 6
TOWNS: Final = 20
JOIN_S: Final = 60


class Stage:
    """The world with a second approver, and as many authorities as scenes need."""

    def __init__(self) -> None:
        self.world: World = make_world()
        self.serial = 100
        second = self.world["operator"].user
        assert second is not None
        grant_region_role(user=second, role=RegionRoleName.APPROVER, by=self.world["administrator"].actor)

    def actor(self, name: str) -> Actor:
        return self.world[name].actor

    def authority(self) -> LocalAuthority:
        """Another one that its owner registered and the region verified."""
        self.serial += 1
        made = register_authority(details=details(self.serial), by=self.actor("owner"))
        return verify_authority(authority=made, by=self.actor("administrator"))

    def ask(self, authority: LocalAuthority, **terms: Any) -> Request:
        return request_subscription(authority=authority, level=1, terms={**TERMS, **terms}, by=self.actor("owner"))

    def planned(self, **terms: Any) -> Request:
        asked = self.ask(self.authority(), **terms)

        def is_planned() -> bool:
            """A starved machine's first look may come before the moment that the asking wrote down as due."""
            planning.make_plan(asked.pk)
            asked.refresh_from_db()
            assert not asked.planning_problem, asked.planning_problem
            return bool(asked.plan_digest)

        wait_until("its plan", is_planned, timeout_s=10)
        return asked

    def active(self) -> Subscription:
        request = self.planned()
        self.approve(request, "approver")
        simulated.workers_bring_everything_up()
        found = Subscription.objects.get(pk=request.subscription_id)
        assert found.activated_at
        return found

    def approve(self, request: Request, who: str) -> None:
        approve_request(request=request, plan_digest=request.plan_digest, by=self.actor(who))


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Each act in a thread of its own, released together: `done`, or the code and sentence of its refusal."""
    start, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=JOIN_S)
            act()
            outcomes[place] = "done"
        except DomainError as refusal:
            outcomes[place] = f"{refusal.code}: {refusal}"
        except SystemExit:
            outcomes[place] = "died"
        except Exception as error:
            outcomes[place] = f"!! {type(error).__name__}: {error}"
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=JOIN_S)
    return outcomes


def counted(outcomes: list[str]) -> dict[str, int]:
    return dict(Counter(outcome.partition(":")[0] for outcome in outcomes))


def asked_at_once(stage: Stage) -> dict[str, Any]:
    authority = stage.authority()
    outcomes = at_once(*[lambda: stage.ask(authority)] * 6)
    live = Subscription.objects.filter(authority=authority)
    return {
        "outcomes": counted(outcomes),
        "subscriptions": live.count(),
        "requests": Request.objects.filter(subscription__in=live).count(),
        "trail": _trail(authority, "subscription.start_requested"),
    }


def approved_by_two(stage: Stage) -> list[dict[str, Any]]:
    found = []
    for _round in range(ROUNDS):
        request = stage.planned()
        outcomes = at_once(
            lambda r=request: stage.approve(r, "approver"), lambda r=request: stage.approve(r, "operator")
        )
        found.append({"outcomes": counted(outcomes), **_standing(request)})
    return found


def against(stage: Stage, other: Callable[[Request], Any]) -> list[dict[str, Any]]:
    found = []
    for _round in range(ROUNDS):
        request = stage.planned()
        outcomes = at_once(lambda r=request: stage.approve(r, "approver"), lambda r=request: other(r))
        found.append({"outcomes": outcomes, **_standing(request)})
    return found


def approved_and_withdrawn(stage: Stage) -> list[dict[str, Any]]:
    return against(stage, lambda request: withdraw_request(request=request, by=stage.actor("owner")))


def approved_and_rejected(stage: Stage) -> list[dict[str, Any]]:
    return against(
        stage, lambda request: reject_request(request=request, by=stage.actor("operator"), note="No room.")
    )


def approved_and_planned_again(stage: Stage) -> list[dict[str, Any]]:
    """A worker makes the plan anew in the moment of the yes: the yes is for what was shown, or refused."""

    def plan_again(request: Request) -> None:
        Request.objects.filter(pk=request.pk, decision="").update(plan_due=request.created_at)
        planning.make_plan(request.pk)

    return against(stage, plan_again)


def _standing(request: Request) -> dict[str, Any]:
    row = Request.objects.select_related("subscription").get(pk=request.pk)
    key = row.subscription.stack_key
    reserved = Reservation.objects.filter(stack__key=key).values_list("amount", flat=True)
    return {
        "decision": row.decision,
        "approved": row.subscription.approved_at is not None,
        "closed": row.subscription.closed_at is not None,
        "reserved": sum(reserved),
        "resources": Resource.objects.filter(stack__key=key).count(),
        "trail": sorted(
            AuditEvent.objects.filter(subject_id=str(row.public_id))
            .exclude(action__startswith="subscription.")
            .values_list("action", flat=True)
        ),
    }


def revealed_at_once(stage: Stage) -> dict[str, Any]:
    subscription, secrets = stage.active(), []

    def look() -> None:
        shown = reveal_credential(subscription=subscription, name="writer", by=stage.actor("owner"))
        secrets.append(shown.secret_key.reveal())

    outcomes = at_once(*[look] * 5)
    return {
        "outcomes": counted(outcomes),
        "shown": len(secrets),
        "trail": _trail(subscription.authority, "credential.revealed"),
    }


def ticked_at_once(stage: Stage) -> dict[str, Any]:
    subscription = stage.active()
    Stack.objects.filter(key=subscription.stack_key).update(state="drifted", reason="NeedsApproval")
    outcomes = at_once(*[planning.tick] * 3)
    repairs = Request.objects.filter(subscription=subscription, kind=RequestKind.REPAIR)
    found = {"outcomes": counted(outcomes), "repairs": repairs.count()}
    Stack.objects.filter(key=subscription.stack_key).update(state="ready", reason="")
    return found


def agreements_at_once(stage: Stage) -> list[dict[str, Any]]:
    """Three schedulers at agreements of which one ends soon and one's grace is over; one dies while it tells."""
    found = []
    for left in (20, -31):
        row = stage.active()
        last = today() + timedelta(days=left)
        Subscription.objects.filter(pk=row.pk).update(agreed_until=last, writes_until=last + timedelta(days=30))
        told: list[int] = []

        def tell(reminder: Reminder, told: list[int] = told) -> None:
            if not told:
                told.append(0)
                raise SystemExit  # this one dies in the middle
            told.append(reminder.pk)

        agreeing.tell_reminder = tell  # type: ignore[assignment]
        rounds = [at_once(*[agreeing.tick] * 3) for _ in range(3)]
        Reminder.objects.filter(subscription=row, told_at=None).update(tell_due=row.created_at)
        rounds.append(at_once(*[agreeing.tick] * 3))
        found.append(
            {
                "bad": [o for outcomes in rounds for o in outcomes if o.startswith("!!")],
                "reminders": Reminder.objects.filter(subscription=row).count(),
                "told": len(told) - 1,
                "expiries": Request.objects.filter(subscription=row, kind=RequestKind.EXPIRE).count(),
            }
        )
        Subscription.objects.filter(pk=row.pk).update(agreed_until=None, writes_until=None)
    return found


def told_at_once(stage: Stage) -> dict[str, Any]:
    """Three schedulers at an alert that stayed open for three days and at the week's mails; one dies in each."""
    row = stage.active()
    Subscription.objects.exclude(pk=row.pk).update(leave_requested_at=row.created_at)
    long_ago = row.created_at - timedelta(days=3)
    Alert.objects.create(subscription=row, kind=AlertKind.LATE, archive="backup", began_at=long_ago)
    escalating.DIGEST_HOUR = 0  # type: ignore[misc]
    found: dict[str, Any] = {}
    for name, model, tick in (
        ("escalations", Escalation, escalating.tick),
        ("digests", Digest, escalating.digest),
    ):
        told: list[int] = []

        def tell(one: Any, told: list[int] = told) -> None:
            told.append(one.pk)
            if len(told) == 1:
                raise SystemExit  # this one dies in the middle

        escalating.tell_escalation = escalating.tell_digest = tell  # type: ignore[assignment]
        rounds = [at_once(*[tick] * 3) for _ in range(3)]
        model.objects.filter(told_at=None).update(tell_due=row.created_at)  # type: ignore[attr-defined]
        rounds.append(at_once(*[tick] * 3))
        found[name] = {
            "bad": [o for outcomes in rounds for o in outcomes if o.startswith("!!")],
            "rows": model.objects.count(),  # type: ignore[attr-defined]
            "told": len(told) - 1,
        }
    Subscription.objects.exclude(pk=row.pk).update(leave_requested_at=None)
    return found


def countered_and_decided(stage: Stage) -> list[dict[str, Any]]:
    """The town accepts other terms in the moment of the yes to the former ones: one of the two, whole."""
    found = []
    for _round in range(ROUNDS):
        request = stage.planned()
        counter(request=request, terms={**TERMS, "quota_gib": 20}, text="Less.", by=stage.actor("approver"))
        request.refresh_from_db()
        told = digest_of(request)
        outcomes = at_once(
            lambda r=request: stage.approve(r, "approver"),
            lambda r=request, d=told: accept_counter(request=r, counter_digest=d, by=stage.actor("owner")),
        )
        row = Request.objects.get(pk=request.pk)
        found.append({"outcomes": outcomes, "quota": row.terms["quota_gib"], **_standing(request)})
    return found


def planned_at_once(stage: Stage) -> dict[str, Any]:
    asked = stage.ask(stage.authority())
    outcomes = at_once(*[lambda: planning.make_plan(asked.pk)] * 4)
    plans = Stack.objects.get(key=asked.subscription.stack_key).plans
    return {"outcomes": counted(outcomes), "plans": plans.count()}


def last_gib(stage: Stage) -> dict[str, Any]:
    """Room for seven of twenty towns on the tightest site; all approve together."""
    requests = [stage.planned(quota_gib=1) for _ in range(TOWNS)]
    tight = CapacityRow.objects.get(site=simulated.SITES[1])
    CapacityRow.objects.filter(pk=tight.pk).update(total=tight.used + 7)
    outcomes = at_once(*[lambda r=r: stage.approve(r, "approver") for r in requests])
    rows = CapacityRow.objects.all()
    return {
        "outcomes": counted(outcomes),
        "sentences": sorted(outcome for outcome in outcomes if outcome != "done"),
        "approved": Request.objects.filter(pk__in=[r.pk for r in requests], decision="approved").count(),
        "oversold": sum(max(0, row.used - row.total) for row in rows),
        "used": {row.site: row.used for row in rows},
        "total": {row.site: row.total for row in rows},
        "reserved": {row.site: sum(row.reservations.values_list("amount", flat=True)) for row in rows},
        "free_on_the_tight_one": 7 - (CapacityRow.objects.get(pk=tight.pk).used - tight.used),
    }


def proven_at_once(stage: Stage) -> dict[str, Any]:
    row = stage.active()
    told: dict[str, Any] = {"archive": "backup", "kind": "readable", "passed": True, "seconds": 1, "evidence": {}}
    outcomes = at_once(*[lambda: enter(subscription=row, at=now(), **told)] * 6)
    numbers = Verification.objects.filter(subscription=row).order_by("number").values_list("number", flat=True)
    return {"outcomes": counted(outcomes), "numbers": list(numbers), "holds": check_ledger().holds}


def _trail(authority: LocalAuthority, action: str) -> int:
    return AuditEvent.objects.filter(authority=authority, action=action).count()


SCENES: Final[dict[str, Callable[[Stage], Any]]] = {
    "asked_at_once": asked_at_once,
    "planned_at_once": planned_at_once,
    "approved_by_two": approved_by_two,
    "approved_and_withdrawn": approved_and_withdrawn,
    "approved_and_rejected": approved_and_rejected,
    "approved_and_planned_again": approved_and_planned_again,
    "revealed_at_once": revealed_at_once,
    "ticked_at_once": ticked_at_once,
    "agreements_at_once": agreements_at_once,
    "told_at_once": told_at_once,
    "countered_and_decided": countered_and_decided,
    "proven_at_once": proven_at_once,
    "last_gib": last_gib,
    "drilled_at_once": lambda stage: drilled_at_once(stage, at_once),
}


def main() -> None:
    doorbell.deliver = lambda task, id, queue: None
    provider = simulated.MemoryProvider()
    surroundings.open_platform = lambda platform: provider  # type: ignore[assignment, return-value]
    call_command("migrate", verbosity=0)
    with override_settings(REGION_FILE=simulated.write_region_file(Path(os.environ["MCLOUD_DATA_DIR"]))):
        capacity.load_totals()
        stage = Stage()
        found = {name: scene(stage) for name, scene in SCENES.items()}
    audit.tick()
    found["chain_holds"] = audit.verify_chain().holds
    assert not transaction.get_connection().in_atomic_block
    print(json.dumps(found))  # noqa: T201 - the answer of a program


if __name__ == "__main__":
    main()
