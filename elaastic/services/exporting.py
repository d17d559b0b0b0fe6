"""Bringing home what the machines of a failover have written: asked for here, carried out by workers.

The machines run on meanwhile: each image is what its disk would be after a power cut (ADR 37). It may be asked for
any number of times; the last time belongs right before the machines go.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from django.db import transaction

from elaastic.levels import Mode
from elaastic.models import Export, Failover, Subscription
from elaastic.models.errors import ExportEnded, ExportOpen, NotFailedOver, NotInForce
from elaastic.permissions import may_ask
from elaastic.selectors.exports import ExportView, views
from elaastic.selectors.failovers import failovers_of
from elaastic.selectors.recovery import images_archive
from elaastic.services.failover_work import record
from elaastic.services.intake import note_images
from provisioning.domain.course import CARRY, TAKE, Course, Source, Step
from provisioning.domain.errors import NotFound as NotThere
from provisioning.domain.errors import OperationOpen
from provisioning.services import operations
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import Forbidden

log = logging.getLogger(__name__)
_AT_ONCE: Final = 50


def begin_export(*, subscription: Subscription, by: Actor) -> Export:
    """Of every machine that stands. Raises Forbidden, NotInForce, NotFailedOver, ExportOpen."""
    if not may_ask(by, subscription):
        raise Forbidden
    if subscription.ended_at or subscription.closed_at:
        raise NotInForce
    names = {one.name for one in Mode.parse(subscription.mode).failed_over}
    over = failovers_of(subscription).first()
    if not names or over is None:
        raise NotFailedOver
    key, moment = f"x{uuid.uuid4().hex[:9]}", now()
    stem = f"failback-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        with transaction.atomic():
            made = Export.objects.create(failover=over, operation_key=key, asked_by=by.user, asked_at=moment)
            operations.begin(
                key=key, host=subscription.stack_key, kind="export", course=_course(over, names, subscription, stem)
            )
            record(over, "export.begun", by, {"export": str(made.public_id), "machines": sorted(names)})
    except OperationOpen as error:
        raise ExportOpen from error
    except NotThere as error:
        raise NotInForce from error
    return made


def _course(over: Failover, names: set[str], row: Subscription, stem: str) -> Course:
    """The failover's, for what of it stands; each to an object of its own under the machine's name."""
    course, archive = Course.parse(over.course), images_archive(row)
    going = tuple(
        replace(one, source=Source(archive, f"{one.name}/{stem}", "", 0, "", one.source.form))
        for one in course.machines
        if one.name in names
    )
    steps = tuple(Step(kind, group, one.name) for group, kind in ((1, TAKE), (2, CARRY)) for one in going)
    return replace(course, machines=going, steps=steps, real=False)


def stop_export(*, export: Export, by: Actor) -> None:
    """No more is brought, and what was made on the platform goes; what came home stays. Raises Forbidden,
    ExportEnded.
    """
    if not may_ask(by, export.failover.subscription):
        raise Forbidden
    with transaction.atomic():
        if not operations.stop(export.operation_key):
            raise ExportEnded
        record(export.failover, "export.stopped", by, {"export": str(export.public_id)})


def tick() -> None:
    """What has ended is written into the trail, once; and what came home becomes a recovery point."""
    rows = Export.objects.filter(settled_at=None, operation_key__in=operations.ended_keys())
    people = ("asked_by", "failover__subscription__authority")
    for seen in views(rows.select_related(*people).order_by("pk")[:_AT_ONCE]):
        try:
            _settle(seen)
        except Exception:
            log.exception("The end of export %s was not written down; it is tried again.", seen.export.public_id)


def _settle(seen: ExportView) -> None:
    export, told = seen.export, _told(seen)
    with transaction.atomic():
        if not Export.objects.filter(pk=export.pk, settled_at=None).update(settled_at=now()):
            return
        said = {"export": str(export.public_id), "state": str(seen.state), "machines": told}
        record(export.failover, "export.ended", Actor(export.asked_by), said)
    if any(one["stored_at"] for one in told.values()):
        note_images(export.failover.subscription)  # or the next listing does, minutes later


def _told(seen: ExportView) -> Mapping[str, dict[str, Any]]:
    names = [machine.name for machine in seen.operation.course.machines]
    fields = ("key", "bytes", "sha512", "stored_at", "left_out")
    return {name: {field: getattr(seen.found(name), field) for field in fields} for name in names}
