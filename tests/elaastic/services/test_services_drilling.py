"""Drills: who may begin which, from what; one at a time; what of them stands in the ledger. Machines in memory."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from elaastic.levels.level2_terms import DEFAULTS
from elaastic.models import Drill, DrillState, PointState, RecoveryPoint, Request, Subscription, VerificationKind
from elaastic.models.errors import CannotStart, DrillEnded, DrillOpen, NothingToStart, NotInForce
from elaastic.selectors.drills import view
from elaastic.selectors.recovery import pinned
from elaastic.selectors.recovery_plans import plan_in_force
from elaastic.services import drilling
from elaastic.services.asking import request_subscription
from elaastic.services.changing import leave
from elaastic.services.recovery_plans import save_plan
from provisioning.domain.course import LARGEST
from provisioning.domain.manifest import Desired, Manifest
from provisioning.models import Operation
from provisioning.services import fetching, operations
from provisioning.services.clock import now
from provisioning.services.grounds import ClaimLost, Ground
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden, Invalid, NotFound
from tests.elaastic.machines import TERMS_2, WEB
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Town

FILES = DEFAULTS["machines"][0]
LONGEST = "files-of-the-land-registry-000"
MAIL = {**WEB, "name": "mail", "boot_group": 2}
CONTENT = b"an image"


@pytest.fixture
def row(town: Town, hybrid: MemoryProvider, settings: Any, tmp_path: Path, brings: None) -> Subscription:
    """A town with `web` and, after it, `mail`; everything stands."""
    settings.SPOOL_DIR = tmp_path / "spool"
    return stands(town, WEB, MAIL)


def stands(town: Town, *machines: Any) -> Subscription:
    """A town with these machines, active."""
    terms = {**TERMS_2, "machines": list(machines)}
    asked = request_subscription(authority=town.world.home, level=2, terms=terms, by=town.world["owner"].actor)
    workers_make_plans()
    request = Request.objects.get(pk=asked.pk)
    town.approve(request)
    workers_bring_everything_up()
    return Subscription.objects.select_related("authority").get(pk=request.subscription_id)


@pytest.fixture
def brings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What lies in the archive is brought at once; how it really is, tests/elaastic/intake shows."""

    def fetch(stack: str, archive: str, key: str, version: str, to: Path, sha512: str, *, through: Any) -> int:
        return to.write_bytes(b"".join(through([CONTENT])))

    monkeypatch.setattr(fetching, "fetch", fetch)
    yield


def point(row: Subscription, machine: str, form: str = "qcow2", keyed: str = "", **more: Any) -> RecoveryPoint:
    moment = now() - timedelta(hours=5)
    return RecoveryPoint.objects.create(
        subscription=row, machine=machine, archive="images", key=keyed or f"{machine}/disk", version="v1", etag="e",
        size=len(CONTENT), arrived_at=moment, noted_at=moment, state=PointState.USABLE, form=form,
        sha512=hashlib.sha512(CONTENT).hexdigest(), **more,
    )  # fmt: skip


def carried_on(town: Town, until: Callable[[], bool]) -> None:
    """What was removed is looked at twice, some time apart."""
    for _turn in range(60):
        town.later.passed += timedelta(minutes=Operation.objects.exclude(verdict="").count())
        Operation.objects.update(due_at=now())
        operations.carry_on_next()
        workers_bring_everything_up()
        drilling.tick()
        if until():
            return
    raise AssertionError(list(Operation.objects.values()))


def ended(town: Town, drill: Drill) -> DrillState:
    carried_on(town, lambda: Drill.objects.get(pk=drill.pk).settled_at is not None)
    return view(drill).state


def begun(town: Town, row: Subscription, machine: str = "", who: str = "owner") -> Drill:
    return drilling.begin_drill(subscription=row, machine=machine, by=town.world[who].actor)


def test_a_plan_that_comes_back_is_in_the_ledger_a_machine_a_line(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    for name in ("web", "mail"):
        point(row, name)
        hybrid.consoles[name] = "Debian GNU/Linux\nlogin: "
    drill = begun(town, row)
    assert pinned(row).count() == 2
    assert ended(town, drill) == DrillState.PASSED
    seen = view(drill)
    assert seen.rto_s is not None and seen.rpo_s is not None and seen.rpo_s >= 5 * 3600
    lines = row.verifications.filter(kind=VerificationKind.BOOTED)
    assert {(line.evidence["machine"], line.passed) for line in lines} == {("web", True), ("mail", True)}
    assert not pinned(row).exists()
    assert not Operation.objects.get().stack.resources.exclude(state="gone").exists()
    drilling.tick()
    assert lines.count() == 2


def test_a_machine_that_says_nothing_is_the_only_one_blamed(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    hybrid.consoles["web"] = "login: "
    for name in ("web", "mail"):
        point(row, name)
    impatient = plan_in_force(row).document | {
        "checks": {n: [{"kind": "console", "text": "login:", "within_seconds": 10}] for n in ("web", "mail")}
    }
    by = town.world["owner"].actor
    save_plan(subscription=row, document=impatient, seen=1, by=by)
    drill = begun(town, row)
    carried_on(town, lambda: view(drill).operation.found.of("mail").started_at != "")
    town.later.passed += timedelta(minutes=1)
    assert ended(town, drill) == DrillState.BACKUP_BAD
    told = {line.evidence["machine"]: (line.passed, line.evidence["reason"]) for line in row.verifications.all()}
    assert told == {"web": (True, ""), "mail": (False, "NoAnswer")}


def test_one_machine_is_tried_by_itself(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    point(row, "mail")
    hybrid.consoles["mail"] = "login:"
    drill = begun(town, row, "mail")
    assert [m.name for m in view(drill).operation.course.machines] == ["mail"]
    assert ended(town, drill) == DrillState.PASSED


def test_machines_on_both_systems_are_tried_in_one_drill(
    town: Town, hybrid: MemoryProvider, settings: Any, tmp_path: Path, brings: None
) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    row = stands(town, {**FILES, "name": LONGEST}, {**WEB, "boot_group": 2})
    point(row, LONGEST, form="vmdk")
    point(row, "web")
    hybrid.agents.add(LONGEST)
    hybrid.consoles["web"] = "login:"
    drill = begun(town, row)
    assert ended(town, drill) == DrillState.PASSED
    seen = view(drill)
    assert seen.found(LONGEST).answered_at <= seen.found("web").asked_at
    told = {line.evidence["machine"]: line.passed for line in row.verifications.all()}
    assert told == {LONGEST: True, "web": True}
    assert not Operation.objects.get().stack.resources.exclude(state="gone").exists()


def test_what_is_too_large_is_said_before_anything_is_begun(
    town: Town, hybrid: MemoryProvider, settings: Any, tmp_path: Path, brings: None
) -> None:
    row = stands(town, FILES, WEB)
    for name, size in (("files", LARGEST + 1), ("web", LARGEST)):
        RecoveryPoint.objects.filter(pk=point(row, name).pk).update(size=size)
    with pytest.raises(CannotStart) as refused:
        begun(town, row)
    said = str(refused.value.detail)
    assert "files" in said and "128 GiB" in said and "web" not in said
    assert not Drill.objects.exists() and not Operation.objects.exists()
    assert begun(town, row, "web")


def test_who_looks_only_begins_nothing_and_stops_nothing(town: Town, row: Subscription) -> None:
    point(row, "web")
    for who in ("viewer", "stranger", "operator", "auditor"):
        with pytest.raises(Forbidden):
            begun(town, row, "web", who)
    drill = begun(town, row, "web")
    with pytest.raises(Forbidden):
        drilling.stop_drill(drill=drill, by=town.world["viewer"].actor)


def test_what_cannot_start_is_said_before_anything_is_begun(town: Town, row: Subscription) -> None:
    with pytest.raises(Invalid):
        begun(town, row, "nobody")
    with pytest.raises(NothingToStart) as refused:
        begun(town, row)
    assert "web" in str(refused.value.detail) and "mail" in str(refused.value.detail)
    point(row, "web", form="vma")
    with pytest.raises(CannotStart):
        begun(town, row, "web")
    row.suspended_at = now()
    with pytest.raises(NotInForce):
        begun(town, row, "web")
    assert not Drill.objects.exists() and not Operation.objects.exists() and not pinned(row).exists()


def test_one_at_a_time_and_the_next_once_all_is_removed(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    point(row, "web")
    first = begun(town, row, "web")
    with pytest.raises(DrillOpen):
        begun(town, row, "web")
    assert Drill.objects.count() == 1
    drilling.stop_drill(drill=first, by=town.world["owner"].actor)
    assert ended(town, first) == DrillState.STOPPED
    assert not row.verifications.exists()
    with pytest.raises(DrillEnded):
        drilling.stop_drill(drill=first, by=town.world["owner"].actor)
    begun(town, row, "web")
    told = list(
        AuditEvent.objects.filter(action__startswith="drill.").order_by("pk").values_list("action", flat=True)
    )
    assert told == ["drill.begun", "drill.stopped", "drill.begun"]


def test_people_are_waited_for(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    for name in ("web", "mail"):
        point(row, name)
        hybrid.consoles[name] = "login:"
    document = plan_in_force(row).document
    document["groups"][1]["before"] = [{"text": "Call the provider.", "who": "authority"}]
    by = town.world["owner"].actor
    save_plan(subscription=row, document=document, seen=1, by=by)
    drill = begun(town, row)
    carried_on(town, lambda: (stage := view(drill).operation.stage) is not None and stage.kind == "people")
    number = next(n for n, s in enumerate(view(drill).operation.course.steps) if s.kind == "people")
    for other in (number + 1, 99):
        with pytest.raises(NotFound):
            drilling.tick_off_step(drill=drill, step=other, by=by)
    drilling.tick_off_step(drill=drill, step=number, by=by)
    assert ended(town, drill) == DrillState.PASSED
    assert view(drill).operation.found.done[str(number)]["by"] == str(town.world["owner"].user)


def test_a_plan_that_no_longer_fits_is_adapted_first(town: Town, row: Subscription) -> None:
    point(row, "web")
    row.terms["machines"] = [WEB]
    row.save()
    with pytest.raises(CannotStart) as refused:
        begun(town, row, "web")
    assert "piano" in str(refused.value.detail) or "plan" in str(refused.value.detail)


def test_nobody_leaves_in_the_middle_and_nobody_begins_on_the_way_out(town: Town, row: Subscription) -> None:
    point(row, "web")
    drill = begun(town, row, "web")
    by = town.world["owner"].actor
    with pytest.raises(DrillOpen):
        leave(subscription=row, by=by)
    drilling.stop_drill(drill=drill, by=by)
    assert ended(town, drill) == DrillState.STOPPED
    leave(subscription=row, by=by)
    with pytest.raises(NotInForce):
        begun(town, row, "web")


def test_who_lost_the_claim_approves_nothing(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    """A worker that slept while another cleaned up leaves nothing behind."""
    point(row, "web")
    drill = begun(town, row, "web")
    operation = Operation.objects.select_related("stack", "host").get()
    sleeper = Ground(operation, uuid.uuid4(), iter)
    drilling.stop_drill(drill=drill, by=town.world["owner"].actor)
    assert ended(town, drill) == DrillState.STOPPED
    wanted = Manifest("operation/1", (Desired("lan", "openstack.network", "openstack-pesaro", {"project": "p"}),))
    with pytest.raises(ClaimLost):
        sleeper.apply(wanted)
    assert not operation.stack.resources.exists()
