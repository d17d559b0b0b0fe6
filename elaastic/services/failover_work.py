"""A worker's part of a failover: begin what waits, write into the request what was brought, note an end."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from elaastic.levels import Mode
from elaastic.levels.started import Started
from elaastic.models import Decision, Failover, RecoveryPoint, Request
from elaastic.services.pinning import keep_pinned, unpin
from provisioning.domain.course import Course
from provisioning.domain.errors import OperationOpen
from provisioning.selectors.operations import OperationView
from provisioning.selectors.operations import operations as operations_by_key
from provisioning.services import operations
from provisioning.services.clock import now
from provisioning.signals import doorbell
from tenants.models import Actor
from tenants.services import audit

log = logging.getLogger(__name__)


def begin(row: Failover) -> None:
    """Now, or once what is open on the reserve is cleaned up."""
    course = Course.parse(row.course)
    try:
        with transaction.atomic():
            operations.begin(key=row.operation_key, host=row.subscription.stack_key, kind="failover", course=course)
            Failover.objects.filter(pk=row.pk).update(begun_at=now())
    except OperationOpen:
        log.info("Failover %s waits until the reserve is free.", row.public_id)


def tick() -> None:
    """Begin what had to wait, ask for the plan once the images are there, write down what ended."""
    open_ = Failover.objects.filter(settled_at=None).select_related("subscription__authority", "request")
    rows = list(open_.order_by("pk"))
    if not rows:
        return
    keep_pinned(RecoveryPoint.objects.filter(failovers__in=rows))
    seen = operations_by_key(row.operation_key for row in rows)
    for row in rows:
        try:
            _carry_on(row, seen.get(row.operation_key))
        except Exception:
            log.exception("Failover %s was not carried on; it is tried again.", row.public_id)


def _carry_on(row: Failover, seen: OperationView | None) -> None:
    asked, over = row.request, _is_over(row)
    if seen is None:
        _settle(row) if over else begin(row)
    elif seen.ended_at is not None:
        _settle(row, nothing_starts=asked.decision == Decision.OPEN)
    elif over and not seen.stopping:
        operations.stop(row.operation_key)
    elif not over and seen.place > 0 and not seen.verdict and asked.plan_due is None and not asked.plan_digest:
        _ask_for_plan(row, seen)


def _is_over(row: Failover) -> bool:
    """It was called off or refused; or it was carried out, and its machines are to go."""
    if row.request.decision == Decision.APPROVED:
        return not Mode.parse(row.subscription.mode).failed_over
    return row.request.decision != Decision.OPEN


def _ask_for_plan(row: Failover, seen: OperationView) -> None:
    started = tuple(_started(seen))
    mode = replace(Mode.parse(row.subscription.mode), failed_over=started)
    with transaction.atomic():
        waits = Request.objects.filter(pk=row.request_id, decision=Decision.OPEN, plan_due=None, plan_digest="")
        if waits.update(mode=mode.as_json(), plan_due=now()):
            doorbell.ring("elaastic.tasks.make_plan", row.request_id)


def _started(seen: OperationView) -> Iterable[Started]:
    groups = {step.machine: step.group for step in seen.course.steps}
    for machine in seen.course.machines:
        found = seen.found.of(machine.name)
        if not found.left_out:
            source = machine.source
            yield Started(
                machine.name, groups[machine.name], found.file, source.sha512, source.form, found.size,
                seen.course.place.zone, machine.system, found.stores,
            )  # fmt: skip


def _settle(row: Failover, *, nothing_starts: bool = False) -> None:
    with transaction.atomic():
        if not Failover.objects.filter(pk=row.pk, settled_at=None).update(settled_at=now()):
            return
        unpin(row.points.all())
        if nothing_starts:
            mine = Request.objects.filter(pk=row.request_id, decision=Decision.OPEN)
            mine.update(decision=Decision.WITHDRAWN, decided_at=now(), plan_due=None)
            record(row, "failover.nothing_starts", Actor(row.asked_by), {})


def record(row: Failover, action: str, by: Actor, told: Mapping[str, Any]) -> None:
    """One event of the trail."""
    audit.record(
        by=by,
        action=action,
        subject_type="subscription",
        subject_id=row.subscription.public_id,
        authority=row.subscription.authority,
        after={"failover": str(row.public_id), **told},
    )
