"""What workers do for requests: make the plan, notice the end of the work, ask for repairs.

Each is a row with a time, claimed by compare-and-swap; a worker killed in between leaves a row that is due again.
"""

import logging
import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q, QuerySet

from elaastic.levels import LEVELS, Mode
from elaastic.models import Decision, Request, RequestKind, Subscription
from elaastic.services.asking import ask
from elaastic.services.deciding import approve_preapproved
from elaastic.services.placing import place
from provisioning.domain.conditions import State
from provisioning.domain.errors import ProvisioningRefused, StackBusy
from provisioning.domain.manifest import Placement
from provisioning.selectors.stacks import plan as plan_view
from provisioning.selectors.stacks import resources, stacks, stacks_in
from provisioning.services import stacks as provisioning_stacks
from provisioning.services.clock import now
from provisioning.signals import doorbell
from tenants.models import Actor
from tenants.models.errors import DomainError

log = logging.getLogger(__name__)

# A worker that dies while it makes a plan loses it for so long; making one takes well under a second a resource.
PATIENCE: Final = timedelta(seconds=30)
TRY_AGAIN: Final = timedelta(seconds=5)
# What does not fit today may fit when somebody leaves: look again, without hurry.
TRY_AGAIN_FULL: Final = timedelta(minutes=5)
AT_ONCE: Final = 20
# A repair that a person refused is asked for again when the stack still differs after this.
REPAIR_AGAIN: Final = timedelta(hours=24)
_UNFORESEEN: Final = "Making the plan failed in a way nobody foresaw; the workers' log of this minute says how."


def tick() -> None:
    """One look at everything of this app that is due."""
    due = list(Request.objects.filter(decision="", plan_due__lte=now()).values_list("pk", flat=True)[: AT_ONCE * 5])
    random.shuffle(due)
    for request_id in due[:AT_ONCE]:
        make_plan(request_id)
    carry_out_preapproved()
    drop_former_keys()
    settle()
    for key in stacks_in([State.DRIFTED]).values_list("key", flat=True):
        ask_repair(key)


def make_plan(request_id: int) -> None:
    """Choose the placement, write the manifest, look, and save the plan."""
    request = Request.objects.select_related("subscription__authority").filter(pk=request_id, decision="").first()
    if request is None or request.plan_due is None:
        return
    mine = Request.objects.filter(pk=request.pk, plan_due=request.plan_due, decision="")
    moment = now() + PATIENCE
    if request.plan_due > now() or not mine.update(plan_due=moment):
        return
    claimed = Request.objects.filter(pk=request.pk, plan_due=moment, decision="")
    try:
        placement = place(request)
        if placement is None:
            _could_not(claimed, "NoRoom", "", TRY_AGAIN_FULL)
            return
        plan_id = _propose(request, placement)
    except DatabaseError:
        raise  # the row is due again by itself, and nothing can be written now
    except StackBusy as error:
        _could_not(claimed, "StackBusy", error.message, TRY_AGAIN)
        return
    except ProvisioningRefused as error:
        _could_not(claimed, "Refused", error.message, TRY_AGAIN_FULL)
        return
    except Exception:
        # A defect of ours: it is told, and does not keep the other requests of this tick waiting.
        log.exception("The plan of request %s could not be made.", request.public_id)
        _could_not(claimed, "Refused", _UNFORESEEN, TRY_AGAIN_FULL)
        return
    made = plan_view(plan_id)
    assert made is not None
    claimed.update(
        plan_id=plan_id, plan_digest=made.digest, plan_due=None, planning_problem="", planning_message=""
    )


def _propose(request: Request, placement: Placement) -> int:
    subscription = request.subscription
    blueprint = LEVELS[request.level].blueprint
    assert blueprint is not None
    provisioning_stacks.create_stack(subscription.stack_key)
    manifest = blueprint(request.terms, placement, Mode.parse(request.mode))
    given_up = _given_up(request, {r.name for r in manifest.resources})
    if request.kind == RequestKind.PURGE:
        manifest = replace(manifest, needs=())
    return provisioning_stacks.propose_plan(subscription.stack_key, manifest, placement, given_up)


def _given_up(request: Request, wanted: set[str]) -> list[str]:
    """What would be kept and shall go: everything at a purge, keys that were replaced, ways in that were closed,
    machines that had failed over.
    """
    only = _GIVES_UP.get(RequestKind(request.kind), frozenset())
    if not only and request.kind != RequestKind.PURGE:
        return []
    rows = resources(request.subscription.stack_key)
    return [row.name for row in rows if row.name not in wanted and (row.kind in only or not only)]


_GIVES_UP: Final[dict[RequestKind, frozenset[str]]] = {
    RequestKind.KEYS: frozenset({"ceph.key"}),
    RequestKind.CHANGE: frozenset({"ceph.door"}),
    RequestKind.FAIL_BACK: frozenset({"openstack.server", "proxmox.guest"}),
}


def _could_not(claimed: QuerySet[Request], problem: str, message: str, wait: timedelta) -> None:
    claimed.update(planning_problem=problem, planning_message=message, plan_due=now() + wait)


def settle() -> None:
    """Notice what came to rest: first activation, applied requests, and drift that wants a repair."""
    approved = Request.objects.filter(decision=Decision.APPROVED, applied_at=None)
    waiting = Q(activated_at__isnull=True, approved_at__isnull=False) | Q(requests__in=approved)
    rows = list(Subscription.objects.filter(waiting, closed_at=None).distinct())
    # Read before the stacks: a yes that comes in between is about work that a stack seen ready has not done.
    asked: dict[int, list[int]] = {}
    for request_id, subscription_id in approved.values_list("pk", "subscription_id"):
        asked.setdefault(subscription_id, []).append(request_id)
    found = stacks(s.stack_key for s in rows)
    for subscription in rows:
        stack = found.get(subscription.stack_key)
        if stack is not None and stack.condition.state in _SETTLED:
            _stands(subscription, asked.get(subscription.pk, []), gone=stack.condition.state == State.GONE)


_SETTLED: Final = frozenset({State.READY, State.RETAINED, State.GONE})


def _stands(subscription: Subscription, requests: list[int], *, gone: bool) -> None:
    moment = now()
    with transaction.atomic():
        mine = Subscription.objects.filter(pk=subscription.pk)
        mine.filter(activated_at=None).update(activated_at=moment)
        if gone:
            mine.filter(leave_requested_at__isnull=False, ended_at=None).update(ended_at=moment)
        Request.objects.filter(pk__in=requests, applied_at=None).update(applied_at=moment)


def carry_out_preapproved() -> None:
    """What one person may do alone needs no second yes, if the plan holds nothing but that."""
    planned = Request.objects.filter(decision="", preapproved_by__isnull=False, plan_due=None, planning_problem="")
    for request in planned.exclude(plan_digest="").select_related("subscription__authority", "preapproved_by"):
        open_ = Request.objects.filter(pk=request.pk, decision="", plan_digest=request.plan_digest)
        assert request.plan_id is not None
        made = plan_view(request.plan_id)
        if made is None or any(change["kind"] not in _ALONE[request.kind] for change in made.changes):
            open_.update(planning_problem="NeedsApprover")
            continue
        try:
            approve_preapproved(request)
        except (DomainError, ProvisioningRefused):
            open_.update(plan_due=now())


_USERS: Final = frozenset({"ceph.user", "openstack.user", "proxmox.user"})
# What a preapproved request may touch; anything more in its plan (a drift, say) is an approver's to read.
_ALONE: Final[dict[str, frozenset[str]]] = {
    RequestKind.SUSPEND: _USERS,
    RequestKind.RESUME: _USERS,
    RequestKind.EXPIRE: _USERS,
    RequestKind.KEYS: frozenset({"ceph.key"}),
    RequestKind.FAIL_OVER: frozenset(
        {
            *("openstack.image", "openstack.port", "openstack.router", "openstack.server", "openstack.user"),
            *("proxmox.guest", "proxmox.image", "proxmox.network"),
        }
    ),
}


def drop_former_keys() -> None:
    """Both keys worked for a while, so that nobody's backup stopped; now the former one goes."""
    due = Subscription.objects.filter(keys_until__lte=now(), closed_at=None, leave_requested_at=None)
    for subscription in due.exclude(requests__decision="").select_related("authority"):
        last = subscription.requests.filter(kind=RequestKind.KEYS, decision=Decision.APPROVED).first()
        assert last is not None and last.decided_by is not None
        mode = Mode.parse(subscription.mode)
        newest = {name: serials[:1] for name, serials in mode.keys.items()}
        with suppress(IntegrityError), transaction.atomic():
            ask(subscription, RequestKind.KEYS, Actor(last.decided_by), mode=replace(mode, keys=newest), alone=True)


def ask_repair(stack_key: str) -> None:
    """The portal asks on its own behalf: reality no longer has its approved shape, and a person decides."""
    live = Subscription.objects.filter(
        stack_key=stack_key, approved_at__isnull=False, closed_at=None, ended_at=None
    )
    subscription = live.first()
    if subscription is None or _asked_already(subscription):
        return
    try:
        with transaction.atomic():
            request = Request.objects.create(
                subscription=subscription,
                kind=RequestKind.REPAIR,
                level=subscription.level,
                terms=subscription.terms,
                mode=subscription.mode,
                requested_by=None,
                plan_due=now(),
            )
            doorbell.ring("elaastic.tasks.make_plan", request.pk)
    except IntegrityError:
        return  # one is open already: its plan will show the difference too


def _asked_already(subscription: Subscription) -> bool:
    """A request is open, or a person said no to a repair not long ago."""
    refused = Q(kind=RequestKind.REPAIR, decision=Decision.REJECTED, decided_at__gt=now() - REPAIR_AGAIN)
    return subscription.requests.filter(Q(decision=Decision.OPEN) | refused).exists()
