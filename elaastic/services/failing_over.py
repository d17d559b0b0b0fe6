"""Failing over: the recovery plan for real, on the town's own reserve. The agreement has approved it beforehand.

1. Somebody who acts for the town asks (`fail_over`). An open drill is stopped; another open request gives way.
2. An operation brings the images to the workers' disk (`provisioning.operations.failover`).
3. `failover_work.tick` writes into the request what was brought; the plan is made, and a worker carries it out
   alone when it holds nothing but the machines. The operation goes on watching until all have answered.
4. An approver reads it afterwards (`review_failover`). It ends by a request of its own (`fail_back`), which an
   approver decides: with it the machines go, and what they wrote. `exporting` brings that home before.

A plan that no longer fits, a suspension or an agreement that has run out are formalities that night: it goes on,
and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elaastic.levels import Mode
from elaastic.levels.level2_terms import NATURES
from elaastic.levels.recovery import fitted, steps
from elaastic.models import (
    Decision,
    Failover,
    RecoveryPlan,
    RecoveryPoint,
    Request,
    RequestKind,
    Subscription,
)
from elaastic.models.errors import (
    AlreadyReviewed,
    ExportOpen,
    FailedOver,
    NotFailedOver,
    NothingToStart,
    NotInForce,
    OwnRequest,
    RequestClosed,
    RequestOpen,
)
from elaastic.permissions import may_ask
from elaastic.selectors.exports import open_export
from elaastic.selectors.recovery import machines, points, usable
from elaastic.selectors.recovery_plans import plan_in_force, why_moved
from elaastic.selectors.startable import startable
from elaastic.services import failover_work
from elaastic.services.asking import ask
from elaastic.services.courses import machine_from, new_key, place_of
from elaastic.services.failover_work import record
from elaastic.services.pinning import pin
from provisioning.domain.course import WATCH, Course, Step
from provisioning.domain.errors import NotFound as NotThere
from provisioning.services import operations
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid
from tenants.permissions import may_decide
from tenants.services import audit
from tenants.services.checking import check_text

# These say what the region does to the town just now: they do not give way, and take a second or two.
_GO_FIRST: Final = frozenset({RequestKind.SUSPEND, RequestKind.RESUME, RequestKind.EXPIRE})


@dataclass(frozen=True)
class Start:
    """What can start now: the newest image of each machine from which it could, and why the others cannot."""

    plan: RecoveryPlan
    document: Mapping[str, Any]
    stale: bool
    points: Mapping[str, RecoveryPoint]
    left_out: Mapping[str, str]


def what_would_start(subscription: Subscription) -> Start:
    """From rows. Raises NotFound without a plan. One that no longer fits is fitted, as its editing page would."""
    plan = plan_in_force(subscription)
    found: dict[str, RecoveryPoint] = {}
    left_out: dict[str, str] = {}
    for machine in machines(subscription):
        name = machine["name"]
        there = usable(points(subscription, name))
        point = startable(there, NATURES[machine["nature"]]).first()
        if point is None:
            left_out[name] = "form" if there.exists() else "no_image"
        else:
            found[name] = point
    document = fitted(plan.document, subscription.terms)
    return Start(plan, document, bool(why_moved(plan)), found, left_out)


def fail_over(*, subscription: Subscription, by: Actor) -> Request:
    """Start the machines for real. Raises Forbidden, NotInForce, NotFound (no plan), FailedOver, NothingToStart,
    RequestOpen (a suspension is being carried out).
    """
    if not may_ask(by, subscription):
        raise Forbidden
    _check_may_begin(subscription)
    start = what_would_start(subscription)
    if not start.points:
        raise NothingToStart(_("No machine has an image from which the portal could start it now."))
    try:
        with transaction.atomic():
            return _ask(subscription, start, by)
    except IntegrityError as error:
        raise RequestOpen from error
    except NotThere as error:
        raise NotInForce from error


def _check_may_begin(row: Subscription) -> None:
    if not row.activated_at or row.leave_requested_at or row.ended_at or row.closed_at:
        raise NotInForce
    if Mode.parse(row.mode).failed_over or row.requests.filter(decision="", kind=RequestKind.FAIL_OVER).exists():
        raise FailedOver


def _ask(subscription: Subscription, start: Start, by: Actor) -> Request:
    gave_way = _give_way(subscription, by)
    moment = now()
    asked = ask(subscription, RequestKind.FAIL_OVER, by, alone=True)
    # Its plan is made when the images are there.
    Request.objects.filter(pk=asked.pk).update(plan_due=None)
    row = Failover.objects.create(
        subscription=subscription, request=asked, plan_version=start.plan.version, was_stale=start.stale,
        course=_course(subscription, start).as_json(), left_out=dict(start.left_out),
        operation_key=new_key("o"), asked_by=by.user, asked_at=moment,
    )  # fmt: skip
    row.points.set(start.points.values())
    pin(RecoveryPoint.objects.filter(failovers=row))
    stopped = operations.stop_all(subscription.stack_key)
    told = {"plan_version": start.plan.version, "plan_stale": start.stale, "left_out": dict(start.left_out)}
    record(row, "failover.begun", by, {**told, "stopped_a_drill": stopped, "gave_way": gave_way})
    failover_work.begin(row)
    return Request.objects.select_related("subscription__authority").get(pk=asked.pk)


def _give_way(subscription: Subscription, by: Actor) -> str:
    """The open request, if there is one: it can be asked for again. RequestOpen for those that go first."""
    open_ = subscription.requests.filter(decision="").first()
    if open_ is None:
        return ""
    if open_.kind in _GO_FIRST:
        raise RequestOpen(request=str(open_.public_id))
    mine = Request.objects.filter(pk=open_.pk, decision=Decision.OPEN)
    if not mine.update(decision=Decision.SUPERSEDED, decided_at=now(), plan_due=None, question_at=None):
        raise RequestOpen
    audit.record(
        by=by, action="request.superseded", subject_type="request", subject_id=open_.public_id,
        authority=subscription.authority,
    )  # fmt: skip
    return str(open_.public_id)


def _course(row: Subscription, start: Start) -> Course:
    terms = {machine["name"]: machine for machine in machines(row)}
    watched = [
        Step(WATCH, step.group, step.machine, step.seconds, step.text, check=step.check)
        for step in steps(start.document)
        if step.kind == "check" and step.machine in start.points
    ]
    found = tuple(machine_from(terms[name], point) for name, point in start.points.items())
    systems = {machine.system for machine in found}
    return Course(row.terms["lan"], place_of(row, systems), found, tuple(watched), real=True)


def call_off(*, failover: Failover, by: Actor) -> None:
    """Before anything was made: nothing will be. Raises Forbidden, RequestClosed."""
    if not may_ask(by, failover.subscription):
        raise Forbidden
    with transaction.atomic():
        mine = Request.objects.filter(pk=failover.request_id, decision=Decision.OPEN)
        if not mine.update(decision=Decision.WITHDRAWN, decided_at=now(), plan_due=None, question_at=None):
            raise RequestClosed
        operations.stop(failover.operation_key)
        record(failover, "failover.called_off", by, {})


def fail_back(*, subscription: Subscription, by: Actor) -> Request:
    """Ask that the machines go, with all that they wrote. An approver decides. Raises Forbidden, NotInForce,
    NotFailedOver, ExportOpen (what is being brought home comes first), RequestOpen.
    """
    if not may_ask(by, subscription):
        raise Forbidden
    if subscription.ended_at or subscription.closed_at:
        raise NotInForce
    mode = Mode.parse(subscription.mode)
    if not mode.failed_over:
        raise NotFailedOver
    if open_export(subscription) is not None:
        raise ExportOpen
    try:
        with transaction.atomic():
            return ask(subscription, RequestKind.FAIL_BACK, by, mode=replace(mode, failed_over=()))
    except IntegrityError as error:
        open_ = subscription.requests.filter(decision="").first()
        raise RequestOpen(request=str(open_.public_id) if open_ else None) from error


def review_failover(*, failover: Failover, review: str, by: Actor) -> None:
    """What the region found, afterwards. Raises Forbidden, OwnRequest, Invalid, NotFailedOver, AlreadyReviewed."""
    if not may_decide(by):
        raise Forbidden
    if by.user.pk == failover.asked_by_id or failover.subscription.authority_id in by.user.roles_by_authority:
        raise OwnRequest
    if not review.strip():
        raise Invalid(errors={"text": [_("Say what you found: the authority reads this.")]})
    check_text("text", review, lines=True)
    with transaction.atomic():
        if failover.request.decision != Decision.APPROVED:
            raise NotFailedOver
        open_ = Failover.objects.filter(pk=failover.pk, reviewed_at=None)
        if not open_.update(reviewed_at=now(), reviewed_by=by.user, review=review.strip()):
            raise AlreadyReviewed
        record(failover, "failover.reviewed", by, {"review": review.strip()})
