"""Operations: begun, carried on by whichever worker has the claim, stopped, and always cleaned up.

A worker that is killed leaves a claim that runs out; the next one begins the stage again, and every stage looks
before it acts. The verdict is written once; from then on there is only cleaning up.
"""

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from provisioning.domain.checkpoint import reach
from provisioning.domain.course import PEOPLE, Course
from provisioning.domain.errors import NotFound, OperationOpen
from provisioning.domain.findings import Findings
from provisioning.models import Operation, Resource, Stack, clock
from provisioning.operations.export import EXPORT
from provisioning.operations.failover import FAILOVER
from provisioning.operations.moment import Again, Answer, Judged, Moment
from provisioning.operations.stages import STAGES, Stages, carry_on
from provisioning.services import stacks
from provisioning.services.grounds import LEASE, ClaimLost, Ground
from provisioning.signals import stack_moved

log = logging.getLogger(__name__)

RENEW_S: Final = 15.0
# One turn; then another operation has its own.
_TURN_S: Final = 20.0
Verdict = Operation.Verdict
# Where machines of each system start: the name and kind of the host's resource, whose output is called as its kind.
_PLACES: Final = {"openstack": ("reserve", "project"), "proxmox": ("pool", "pool")}


def begin(*, key: str, host: str, kind: str, course: Course) -> None:
    """Ask for one. NotFound without a host; OperationOpen while it has another one that is not all cleaned up."""
    within = Stack.objects.filter(key=host).first()
    if within is None:
        raise NotFound(f"There is no stack {host}.")
    moment = clock.now()
    try:
        with transaction.atomic():
            stacks.create_stack(key, Stack.Purpose.OPERATION)
            Operation.objects.create(
                stack=Stack.objects.get(key=key), host=within, kind=kind, course=_placed(course, within).as_json(),
                entered_at=moment, begun_at=moment, due_at=moment,
            )  # fmt: skip
    except IntegrityError as error:
        raise OperationOpen("Another operation of this subscription is still under way.") from error


def _placed(course: Course, host: Stack) -> Course:
    """Inside what the host holds, which the platforms alone know by its id. NotFound where it does not stand."""
    places: dict[str, Any] = {}
    for system, (name, kind) in _PLACES.items():
        row = Resource.objects.filter(stack=host, name=name, kind=f"{system}.{kind}").first()
        places[kind] = str(row.outputs.get(kind, "")) if row else ""
        if course.on(system) and not places[kind]:
            raise NotFound(f"The subscription's place on {system} does not stand yet.")
    return replace(course, place=replace(course.place, **places))


def stop(key: str) -> bool:
    """No more of it is tried, and everything is cleaned up; False when there is a verdict already."""
    open_ = Operation.objects.filter(stack__key=key, verdict=Verdict.OPEN)
    return bool(open_.update(stop_asked_at=clock.now(), due_at=clock.now()))


def stop_all(host: str) -> bool:
    """Of whatever is open on that stack's reserve; whether something was."""
    open_ = Operation.objects.filter(host__key=host, ended_at=None).exclude(kind=Operation.EXPORT)
    open_.filter(verdict=Verdict.OPEN, stop_asked_at=None).update(stop_asked_at=clock.now(), due_at=clock.now())
    return open_.exists()


def tick_off(key: str, step: int, by: str) -> bool:
    """Somebody did what the plan asks of people now. `step` counts the course's steps.

    NotFound where that is nothing for people, or not its turn; False when there is a verdict already.
    """
    for _try in range(20):
        row = Operation.objects.filter(stack__key=key, verdict=Verdict.OPEN).first()
        if row is None:
            return False
        if step not in _asked_now(row):
            raise NotFound("There is nothing of this number to do now.")
        found = Findings.parse(row.found)
        if str(step) in found.done:
            return True
        done = {**found.done, str(step): {"at": clock.now().isoformat(), "by": by}}
        mine = Operation.objects.filter(pk=row.pk, place=row.place, found=row.found)
        if mine.update(found=replace(found, done=done).as_json(), due_at=clock.now()):
            return True
    return False


def ended_keys() -> "QuerySet[Operation, str]":
    """Of all that have ended, as a subquery."""
    return Operation.objects.filter(ended_at__isnull=False).values_list("stack__key", flat=True)


def _asked_now(row: Operation) -> list[int]:
    course = Course.parse(row.course)
    stage = course.stages[row.place]
    return [n for n, step in enumerate(course.steps) if step.kind == PEOPLE == stage.kind and step in stage.steps]


def carry_on_next() -> bool:
    """A turn of the operation that waits longest; whether there was one. Workers do this beside everything else."""
    claimed = _take()
    if claimed is None:
        return False
    try:
        _turn(*claimed)
    except ClaimLost:
        log.warning("The claim on operation %s was lost; its worker stops.", claimed[0])
    except Exception:
        log.exception("Operation %s was not carried on; it is tried again when its claim ends.", claimed[0])
    return True


def _take() -> tuple[int, uuid.UUID] | None:
    moment, token = clock.now(), uuid.uuid4()
    free = Q(claim_until=None) | Q(claim_until__lte=moment)
    due = Operation.objects.filter(free, ended_at=None, due_at__lte=moment)
    for pk in due.order_by("due_at", "pk").values_list("pk", flat=True)[:20]:
        if due.filter(pk=pk).update(claim_token=token, claim_until=moment + LEASE):
            return pk, token
    return None


def _turn(pk: int, token: uuid.UUID) -> None:
    """As far as it goes within its time, a step after the other."""
    began, wait = time.monotonic(), 0.0
    reach("operation taken")
    while wait <= 0 and time.monotonic() - began < _TURN_S:
        row = Operation.objects.select_related("stack", "host").get(pk=pk)
        course = Course.parse(row.course)
        if row.stop_asked_at and not row.verdict:
            _write(row, token, **_judged(course, Judged(Verdict.STOPPED, "Stopped", "", Findings({}, {}))))
            continue
        ground = Ground(row, token, _Renewing(pk, token))
        found = Findings.parse(row.found)
        moment = Moment(course, row.place, row.entered_at.isoformat(), found, ground)
        answer, trouble = carry_on(moment, _stages(course))
        stage = course.stages[row.place].kind
        reach(f"looked {stage}")
        wait = _record(row, token, course, answer, trouble)
        reach(f"{'noted' if isinstance(answer, Again) else 'recorded'} {stage}")
        if row.ended_at:
            break
    due = clock.now() + timedelta(seconds=max(wait, 0))
    mine = Operation.objects.filter(pk=pk, claim_token=token)
    mine.update(claim_token=None, claim_until=None, due_at=due)


def _stages(course: Course) -> Stages:
    if course.exports:
        return EXPORT
    return FAILOVER if course.real else STAGES


def _record(row: Operation, token: uuid.UUID, course: Course, answer: Answer, trouble: str) -> float:
    """What the step showed; seconds until the next."""
    found = answer.found.as_json()
    if isinstance(answer, Again):
        _write(row, token, found=found, trouble=trouble)
        return answer.seconds
    if isinstance(answer, Judged):
        _write(row, token, found=found, **_judged(course, answer))
        return 0.0
    last = row.place + 1 == len(course.stages)
    changes: dict[str, Any] = {"place": row.place + 1, "entered_at": clock.now(), "found": found, "trouble": ""}
    if last:
        changes["ended_at"] = clock.now()
    elif row.place + 2 == len(course.stages):
        changes |= {"verdict": Verdict.PASSED, "judged_at": clock.now()}
    _write(row, token, **changes)
    return 0.0


def _judged(course: Course, said: Judged) -> dict[str, Any]:
    """From here on there is only the last stage."""
    moment = clock.now()
    return {
        "verdict": said.verdict, "reason": said.reason, "message": said.message, "about": said.about,
        "judged_at": moment, "trouble": "", "place": len(course.stages) - 1, "entered_at": moment,
    }  # fmt: skip


def _write(row: Operation, token: uuid.UUID, **changes: Any) -> None:
    """By whoever holds the claim alone. What people ticked meanwhile is not overwritten."""
    with transaction.atomic():
        held = Operation.objects.filter(pk=row.pk, claim_token=token, claim_until__gt=clock.now())
        if not held.update(claim_until=clock.now() + LEASE):
            raise ClaimLost
        if "found" in changes:
            done = Operation.objects.values_list("found", flat=True).get(pk=row.pk).get("done", {})
            changes["found"] = {**changes["found"], "done": done}
        Operation.objects.filter(pk=row.pk).update(**changes)
    vars(row).update(changes)
    stack_moved.send(sender=Operation, stack_key=row.host.key)


class _Renewing:
    """Passes bytes on, and keeps the claim alive meanwhile."""

    def __init__(self, pk: int, token: uuid.UUID) -> None:
        self._mine = Operation.objects.filter(pk=pk, claim_token=token)

    def __call__(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        renewed = time.monotonic()
        for chunk in chunks:
            if time.monotonic() - renewed > RENEW_S:
                moment: datetime = clock.now()
                if not self._mine.filter(claim_until__gt=moment).update(claim_until=moment + LEASE):
                    raise ClaimLost
                renewed = time.monotonic()
            yield chunk
