"""The region's yes and no. A yes reserves capacity, moves the stack and wakes the workers, or changes nothing."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from elaastic.levels import LEVELS, Mode
from elaastic.models import Decision, Request, RequestKind, Subscription
from elaastic.models.errors import (
    CapacityExhausted,
    OwnRequest,
    PlanNotReady,
    PlanStale,
    RequestClosed,
)
from elaastic.permissions import is_on_its_side
from elaastic.services.agreeing import agreed
from elaastic.services.asking import must_be_verified
from elaastic.services.patience import patiently
from elaastic.services.placing import place
from elaastic.services.recovery_plans import write_first_plan
from provisioning.domain import errors as provisioning_errors
from provisioning.selectors.stacks import plan as plan_view
from provisioning.services.clock import now
from provisioning.services.stacks import approve_plan
from provisioning.signals import doorbell
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid
from tenants.permissions import may_decide
from tenants.services import audit
from tenants.services.checking import check_text

# A nightly job that nobody looked at for a week still finds its key.
KEYS_OVERLAP: Final = timedelta(days=7)


# What a suspended body does not get; everything else goes on, repairs above all.
_MAKES_NEW: Final = frozenset({RequestKind.START, RequestKind.CHANGE})


def approve_request(*, request: Request, plan_digest: str, by: Actor, note: str = "") -> None:
    """Approve exactly the plan that was shown. Raises Forbidden, OwnRequest, RequestClosed, PlanNotReady,
    PlanStale (a new plan is then on its way), AuthorityNotVerified, CapacityExhausted, Busy.
    """
    check_text("note", note, lines=True)
    try:
        patiently(lambda: _approve(request, plan_digest, by, note))
    except provisioning_errors.PlanStale as error:
        _plan_again(request)
        raise PlanStale from error
    except PlanStale:
        raise
    except provisioning_errors.CapacityExhausted as error:
        if not _fits_elsewhere(request):
            raise CapacityExhausted(error.message) from error
        _plan_again(request)
        raise PlanStale from error


def approve_preapproved(request: Request) -> None:
    """The yes that was given with the ask: a worker's, in the name of the person who may do it alone.

    Raises what `approve_request` raises; then the request waits for an approver like any other.
    """
    person = request.preapproved_by
    assert person is not None
    with transaction.atomic():
        _carry_out(request, request.plan_digest, Actor(person), "")


def _approve(request: Request, plan_digest: str, by: Actor, note: str) -> None:
    _may_decide(request, by)
    _carry_out(request, plan_digest, by, note)


def _carry_out(request: Request, plan_digest: str, by: Actor, note: str) -> None:
    row = Request.objects.select_related("subscription__authority").get(pk=request.pk)
    if row.decision:
        raise RequestClosed
    if row.plan_id is None or row.plan_due is not None:
        raise PlanNotReady
    if row.plan_digest != plan_digest:
        raise PlanStale
    if row.kind in _MAKES_NEW:
        must_be_verified(row.subscription.authority)
    moment = now()
    open_ = Request.objects.filter(pk=row.pk, decision=Decision.OPEN, plan_digest=plan_digest)
    if not open_.update(
        decision=Decision.APPROVED, decided_by=by.user, decided_at=moment, note=note, question_at=None,
        tell_due=moment,
    ):  # fmt: skip
        raise RequestClosed
    plan = plan_view(row.plan_id)
    assert plan is not None
    approve_plan(row.plan_id, plan_digest)
    _bring_into_force(row, plan.placement.as_json(), moment)
    _record(row, by, "request.approved", note, plan_digest)


def _bring_into_force(row: Request, placement: dict[str, Any], moment: datetime) -> None:
    """What was decided, in the columns of the subscription."""
    changes: dict[str, Any] = {"level": row.level, "terms": row.terms, "mode": row.mode, "placement": placement}
    changes["approved_at"] = row.subscription.approved_at or moment
    if row.kind == RequestKind.END:
        kept = timedelta(days=row.terms["retention_days"])
        changes |= {"leave_requested_at": moment, "kept_until": moment + kept}
    if row.kind in (RequestKind.START, RequestKind.RENEW):
        changes |= agreed(row)
    if row.kind in (RequestKind.SUSPEND, RequestKind.RESUME, RequestKind.EXPIRE, RequestKind.RENEW):
        since = row.subscription.suspended_at or moment
        changes["suspended_at"] = None if Mode.parse(row.mode).writes else since
    if row.kind == RequestKind.KEYS:
        both = any(len(serials) > 1 for serials in Mode.parse(row.mode).keys.values())
        changes["keys_until"] = moment + KEYS_OVERLAP if both else None
    Subscription.objects.filter(pk=row.subscription_id).update(**changes)
    if LEVELS[row.level].natures:
        write_first_plan(Subscription.objects.get(pk=row.subscription_id))


def reject_request(*, request: Request, by: Actor, note: str) -> None:
    """Say no, and why: the reason is what the authority reads."""
    if not note.strip():
        raise Invalid(errors={"note": [_("Say why: the authority reads this.")]})
    check_text("note", note, lines=True)
    patiently(lambda: _reject(request, by, note))


def _reject(request: Request, by: Actor, note: str) -> None:
    _may_decide(request, by)
    moment = now()
    open_ = Request.objects.filter(pk=request.pk, decision=Decision.OPEN)
    decided = {"decided_by": by.user, "decided_at": moment, "note": note, "question_at": None, "tell_due": moment}
    if not open_.update(decision=Decision.REJECTED, plan_due=None, **decided):
        raise RequestClosed
    if request.kind == RequestKind.START:
        Subscription.objects.filter(pk=request.subscription_id).update(closed_at=moment)
    _record(request, by, "request.rejected", note, request.plan_digest)


def _may_decide(request: Request, by: Actor) -> None:
    if not may_decide(by):
        raise Forbidden
    if is_on_its_side(by, request):
        raise OwnRequest


def _plan_again(request: Request) -> None:
    """Not in the refused transaction: that one is rolled back."""
    with transaction.atomic():
        Request.objects.filter(pk=request.pk, decision=Decision.OPEN).update(plan_due=now())
        doorbell.ring("elaastic.tasks.make_plan", request.pk)


def _fits_elsewhere(request: Request) -> bool:
    """What was filled up since may have its place on other sites; what lives somewhere stays there."""
    row = Request.objects.select_related("subscription__authority").get(pk=request.pk)
    planned = plan_view(row.plan_id) if row.plan_id is not None else None
    return planned is not None and place(row) not in (None, planned.placement)


def _record(request: Request, by: Actor, action: str, note: str, digest: str) -> None:
    audit.record(
        by=by,
        action=action,
        subject_type="request",
        subject_id=request.public_id,
        authority=request.subscription.authority,
        after={"note": note, "plan_digest": digest},
    )
