"""What the children do, one function each: people's acts through services, and the workers' loop until it rests."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from elaastic.levels import LEVELS
from elaastic.levels.level1 import blueprint
from elaastic.models import Drill, Failover, Request, Subscription
from elaastic.selectors.placing import keep_placement
from elaastic.services.asking import request_subscription
from elaastic.services.changing import suspend
from elaastic.services.deciding import approve_request
from elaastic.services.keys import revoke
from elaastic.services.operating import retry_stack
from mcloud_portal import sweeper
from provisioning import vault
from provisioning.domain.conditions import AT_REST, State
from provisioning.domain.manifest import Manifest, Placement
from provisioning.engine.targets import Scene
from provisioning.models import Operation, Plan, PlatformState, Resource, Stack, TimedWork, clock
from provisioning.services import stacks, surroundings, upkeep
from provisioning.signals import doorbell
from tenants.models import Actor, LocalAuthority, User
from tenants.services import audit
from tests.faults.offset import Offset
from tests.faults.shifted import Shifted

TERMS: Final[dict[str, Any]] = {**LEVELS[1].defaults, "quota_gib": 100}
COPY: Final = {"copies/first": b"the town's registers " * 50}
# Time that may pass, and looks that may be taken, until everything rests: more is a loop without end.
LONGEST: Final = timedelta(hours=3)
MOST_LOOKS: Final = 400
FAR: Final = timedelta(days=30)
_ONLY_LOOKED_AT: Final = AT_REST | {State.DRIFTED}


def begin(*, rings: bool = False) -> Shifted:
    """In every child first: the moved clock, waits that cost nothing, and no broker unless it is asked for."""
    source = clock.source
    if not isinstance(source, Shifted):
        clock.source = source = Shifted(Offset(Path(os.environ["FAULTS_CLOCK"])))
        surroundings.time = SimpleNamespace(sleep=source.skip)  # type: ignore[assignment]  # the engine's own waits
    doorbell.deliver = None if rings else lambda *_: None
    return source


# -- people --------------------------------------------------------------------------------------------------------


def furnish() -> None:
    """An empty portal with its people, capacity rows, and the timetable put off: cases bring their own upkeep."""
    from tests.personas import make_world

    begin()
    call_command("migrate", verbosity=0)
    call_command("load_capacity")
    make_world()
    rest(put_off=True)


def order(authority: str = "home", terms: dict[str, Any] | None = None, *, rings: bool = False) -> None:
    """A person asks, a worker plans, another person says yes."""
    ask(authority, terms, rings=rings)
    say_yes(rings=rings)


def ask(
    authority: str = "home", terms: dict[str, Any] | None = None, *, level: int = 1, rings: bool = False
) -> None:
    """A person asks and a worker plans."""
    begin(rings=rings)
    by = {"home": "owner@comune.example", "other": "stranger@comune.example"}[authority]
    request_subscription(
        authority=LocalAuthority.objects.get(membership__user__email=by, state="verified"),
        level=level,
        terms=terms or TERMS,
        by=_actor(by),
    )
    sweeper.run_once()


def say_yes(*, rings: bool = False) -> None:
    """Another person says yes to what is open."""
    begin(rings=rings)
    planned = Request.objects.get(decision="")
    approve_request(request=planned, plan_digest=planned.plan_digest, by=_actor("approver@region.example"))
    deadline = time.monotonic() + 5
    while rings and doorbell._rings.qsize() and time.monotonic() < deadline:
        time.sleep(0.01)  # the thread that rings dies with this process


def change(manifest_terms: dict[str, Any]) -> None:
    """Other terms for the same subscription: planned and approved."""
    begin()
    subscription = _subscription()
    placement = keep_placement(LEVELS[1], manifest_terms, Placement.parse(subscription.placement))
    assert placement is not None
    _approve(blueprint(manifest_terms, placement), placement)


def end(purge: Sequence[str] = ()) -> None:
    """Nothing is wanted any more; what bears data is kept unless it is named."""
    begin()
    _approve(Manifest("level1/1"), Placement.parse(_subscription().placement), purge)


def renew(key: str) -> None:
    """The authority says that a key has leaked: the next one, and the former ends now."""
    begin()
    revoke(subscription=_subscription(), name=key, by=_actor("owner@comune.example"))


def pause() -> None:
    """An operator stops the writing."""
    begin()
    suspend(subscription=_subscription(), by=_actor("operator@region.example"))


def back_up(archives: Sequence[str], content: Mapping[str, bytes] = COPY) -> None:
    """The authority's own tool puts a copy into each archive, with the key that it was given."""
    import boto3

    begin()
    subscription = _subscription()
    row = Resource.objects.get(stack__key=subscription.stack_key, name="writer-key")
    key = vault.read([row.pk])[row.pk]
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=surroundings.region().platforms[0].endpoints["data"],
        aws_access_key_id=key["access_key"].reveal(),
        aws_secret_access_key=key["secret_key"].reveal(),
        region_name="us-east-1",
    )
    for archive in archives:
        for key, body in content.items():
            client.put_object(Bucket=archive, Key=key, Body=body)


def retry() -> None:
    """An operator mended the cause and says so."""
    begin()
    retry_stack(stack_key=_subscription().stack_key, by=_actor("operator@region.example"))


def _approve(manifest: Manifest, placement: Placement, purge: Sequence[str] = ()) -> None:
    plan = Plan.objects.get(pk=stacks.propose_plan(_subscription().stack_key, manifest, placement, purge))
    stacks.approve_plan(plan.pk, plan.digest)


def _subscription() -> Subscription:
    return Subscription.objects.get(authority__membership__user__email="owner@comune.example", closed_at=None)


def _actor(email: str) -> Actor:
    return Actor(user=User.objects.get(email=email), ip="127.0.0.1")


# -- workers -------------------------------------------------------------------------------------------------------


def look() -> None:
    """One look of one worker."""
    begin()
    sweeper.run_once()


def endure(minutes: int = 11, looks: int = 3) -> dict[str, Any]:
    """A few looks, a long time in which nobody looks, a few looks more: whatever comes of it."""
    source = begin()
    for skip_s in (0, *[1] * looks, minutes * 60, 1, 60, 60):
        due = _next_due(clock.now())
        if due is None:
            break
        source.skip(max(skip_s, (due - clock.now()).total_seconds()))
        work()
    return shown()


def look_until_told(seconds: int) -> None:
    """Until some row waits because its platform said for how long."""
    source = begin()
    for _ in range(MOST_LOOKS):
        if _told(seconds).exists() or (due := _next_due(clock.now())) is None:
            return
        source.skip((due - clock.now()).total_seconds())
        work()


def early(seconds: int) -> list[str]:
    """Rows that were told to wait and would be looked at before their time; [] when all obey."""
    begin()
    told = [r for r in Resource.objects.filter(failures__gt=0) if r.next_look]
    soon = clock.now() + timedelta(seconds=seconds - 5)
    return [f"{r.name} is due at {r.next_look}, it was told {seconds} s" for r in told if r.next_look < soon]


def _told(seconds: int) -> Any:
    return Resource.objects.filter(failures__gt=0, next_look__gt=clock.now() + timedelta(seconds=seconds - 5))


def rest(*, put_off: bool = False) -> dict[str, Any]:
    """Look, let time pass, look again, until nothing is left to do by itself. What it came to."""
    source = begin()
    began, looks = clock.now(), 0
    while (due := _next_due(clock.now())) is not None:
        source.skip((due - clock.now()).total_seconds())
        work()
        decide_what_waits()
        looks += 1
        if clock.now() - began > LONGEST or looks > MOST_LOOKS:
            return {**shown(), "rests": False, "chain": chain()}
    upkeep.release_surplus()
    if put_off:
        TimedWork.objects.all().delete()
        sweeper.run_once()
        TimedWork.objects.update(due_at=clock.now() + FAR)
    return {
        **shown(),
        "rests": True,
        "chain": chain(),
        "looks": looks,
        "waited_s": (clock.now() - began).total_seconds(),
    }


def work() -> None:
    """One look of one worker; and, where a drill or a failover is under way, a turn of that."""
    sweeper.run_once()
    if _something_runs():
        sweeper._run(("provisioning.services.operations.carry_on_next", "elaastic.services.drilling.tick"))


def _something_runs() -> bool:
    return any(kind.objects.filter(settled_at=None).exists() for kind in (Drill, Failover))


def decide_what_waits() -> None:
    """An approver reads what a worker may not carry out alone, because one wrong answer made its plan hold more."""
    for asked in Request.objects.filter(decision="", planning_problem="NeedsApprover"):
        approve_request(request=asked, plan_digest=asked.plan_digest, by=_actor("approver@region.example"))


def _next_due(now: datetime) -> datetime | None:
    """The earliest moment at which a worker would do more than look at what stands."""
    if PlatformState.objects.filter(open_until__isnull=False).exists():
        return now + timedelta(seconds=1)  # until then nobody asks
    stacks = {stack.pk: _due(stack, now) for stack in Stack.objects.all()}
    times: list[datetime | None] = [due for due in stacks.values() if due]
    # What it is about is its own stack: as long as that moves, a turn of it would only look.
    for one in Operation.objects.filter(ended_at=None):
        times.append(max(t for t in (one.due_at, one.claim_until, stacks[one.stack_id]) if t))
    if not times and _something_runs():
        times.append(now)  # its operation is over; the next look writes down what it came to
    # A failover's has no plan before its images are there.
    alone = Request.objects.filter(decision="", preapproved_by__isnull=False).exclude(plan_digest="")
    if alone.filter(plan_due=None, planning_problem="").exists():
        times.append(now)  # the next look carries it out
    times += Request.objects.filter(decision="", plan_due__isnull=False).values_list("plan_due", flat=True)
    if not times and audit.AuditEvent.objects.filter(number__isnull=True).exists():
        times.append(now)
    return min((max(t, now) for t in times if t), default=None)


def _due(stack: Stack, now: datetime) -> datetime | None:
    if stack.claim_expires_at:
        return stack.claim_expires_at
    if _moves_by_itself(stack) or (stack.next_look and stack.next_look <= now):
        return stack.next_look
    return None


def _moves_by_itself(stack: Stack) -> bool:
    """Not what waits for a person, nor what waits for that."""
    scene = Scene.of(stack.pk, "")
    return any(r.next_look and r.state not in _ONLY_LOOKED_AT and scene.can_move(r) for r in scene.rows.values())


def let_time_pass() -> bool:
    """For workers that really run: move the clock to what is due next. True when all rests.

    Never while somebody holds a stack: that would end the lease of a worker at work.
    """
    source = begin()
    if Stack.objects.filter(claim_expires_at__gt=clock.now()).exists():
        return False
    due = _next_due(clock.now())
    if due is not None:
        source.skip((due - clock.now()).total_seconds())
    return due is None


def restless() -> dict[str, Any]:
    """For a case that does not come to rest: who holds what, and what is due when."""
    begin()
    stacks_told = Stack.objects.values_list("key", "claim_token", "claim_expires_at", "next_look", "state")
    return {
        **shown(),
        "now": str(clock.now()),
        "due": str(_next_due(clock.now())),
        "held": [[str(value) for value in row] for row in stacks_told],
        "intents": [[r.name, r.intent, str(r.next_look)] for r in Resource.objects.exclude(intent="")],
    }


def serve() -> None:
    """A real Celery worker, until it is killed."""
    from tests.faults import daemons

    daemons.serve()


def look_again() -> None:
    """Every resource of everybody is due now."""
    begin()
    for key in Stack.objects.values_list("key", flat=True):
        stacks.look_now(key)


# -- what can be seen ----------------------------------------------------------------------------------------------


def shown() -> dict[str, Any]:
    """The stacks and their rows, as a person would be told."""
    rows = Resource.objects.exclude(state="gone").select_related("stack")
    return {
        "stacks": {s.key: [s.state, s.reason, s.message] for s in Stack.objects.all()},
        "rows": {f"{r.stack.key}/{r.name}": [r.state, r.reason, r.message] for r in rows},
    }


def secrets() -> dict[str, dict[str, str]]:
    """Every secret of the vault in plain, by resource: only the auditor asks."""
    rows = {r.pk: f"{r.stack.key}/{r.name}" for r in Resource.objects.select_related("stack")}
    found = vault.read(list(rows))
    return {rows[pk]: {f: s.reveal() for f, s in kept.items()} for pk, kept in found.items() if kept}


def chain() -> dict[str, Any]:
    """Does the trail hold, and how long is it?"""
    report = audit.verify_chain()
    return {"holds": report.holds, "length": report.length, "reason": report.reason}


def facts() -> dict[str, Any]:
    """For the harness: where things are."""
    tables = connection.introspection.table_names()
    return {
        "tables": tables,
        "database": settings.DATABASES["default"]["NAME"],
        "threads": threading.active_count(),
    }
