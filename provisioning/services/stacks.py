"""Stacks: made, planned, approved, retried, adopted."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from provisioning.domain.conditions import State
from provisioning.domain.errors import NotFound, PlanStale, ProvisioningRefused
from provisioning.domain.manifest import Manifest, Placement
from provisioning.domain.names import check_part
from provisioning.engine import approval, claims, guard, planner
from provisioning.models import Plan, Resource, Stack, clock
from provisioning.services import capacity
from provisioning.services.surroundings import surroundings
from provisioning.signals import stack_moved

# A plan older than this describes yesterday's world (design: architecture, Approval).
PLAN_AGE: Final = timedelta(hours=24)


def create_stack(key: str, purpose: str = Stack.Purpose.SUBSCRIPTION) -> None:
    """A stack of that key, empty; nothing happens when it exists."""
    Stack.objects.get_or_create(key=check_part(key), defaults={"purpose": purpose})


def _stack(key: str) -> Stack:
    stack = Stack.objects.filter(key=key).first()
    if stack is None:
        raise NotFound(f"There is no stack {key}.")
    return stack


def _woken(key: str) -> Stack:
    """The stack, due and with its row locked until the act ends: everybody takes it before its resources."""
    stack = _stack(key)
    claims.wake(stack.pk)
    return stack


def propose_plan(key: str, manifest: Manifest, placement: Placement, purge: Iterable[str] = ()) -> int:
    """Look, and save what would change; the plan's id. A worker's job: it asks the platforms."""
    return planner.propose(_stack(key), manifest, placement, surroundings(), purge).pk


def approve_plan(plan_id: int, digest: str) -> None:
    """The yes, in one transaction: capacity reserved, generation moved, rows written, workers woken.

    PlanStale when anything that the plan was computed from moved; CapacityExhausted when it no longer fits.
    """
    with transaction.atomic():
        plan = Plan.objects.select_related("stack").get(pk=plan_id)
        stack = plan.stack
        locked = Stack.objects.filter(pk=stack.pk, generation=plan.generation).update(
            generation=F("generation") + 1
        )
        if not locked or plan.digest != digest or plan.state != Plan.State.PROPOSED:
            raise PlanStale("The plan you were shown is no longer the newest; look at the new one.")
        if clock.now() - plan.created_at > PLAN_AGE:
            raise PlanStale("The plan is older than 24 hours; a new one is being made.")
        if dict(stack.resources.values_list("name", "version")) != plan.row_versions:
            raise PlanStale("The resources changed since the plan was made; a new one is being made.")
        manifest = Manifest.parse(plan.manifest)
        capacity.reserve(stack, manifest.needs)
        approval.apply(stack, plan)
        Stack.objects.filter(pk=stack.pk).update(
            manifest=plan.manifest, placement=plan.placement, state=State.PENDING, reason="", message=""
        )
        Plan.objects.filter(stack=stack, state=Plan.State.APPROVED).update(state=Plan.State.SUPERSEDED)
        Plan.objects.filter(pk=plan.pk).update(state=Plan.State.APPROVED)
        # What is given up counts as well: a database from before this yes must not go on writing there.
        for platform in sorted({r.platform for r in stack.resources.exclude(state=State.GONE)}):
            guard.advance(platform)
        claims.note(stack.pk, "", "PlanApproved")
        claims.wake(stack.pk)


def retry(key: str, resource: str = "") -> int:
    """Try again what failed or is blocked: the whole stack, or one resource. How many rows were freed.

    Raises NotFound when there is no such stack, or no such resource in it.
    """
    with transaction.atomic():
        stack = _woken(key)
        if resource and not stack.resources.filter(name=resource).exists():
            raise NotFound("There is no such resource in this stack.")
        rows = stack.resources.filter(state__in=[State.FAILED, State.BLOCKED])
        if resource:
            rows = rows.filter(name=resource)
        ambiguous = rows.filter(reason="AmbiguousCreate")
        ambiguous.update(intent=Resource.Intent.NONE)  # the person says: it was not made
        freed = rows.update(
            state=State.PENDING,
            reason="",
            message="",
            attempts=0,
            failures=0,
            trouble_since=None,
            version=F("version") + 1,
            next_look=clock.now(),
        )
        claims.note(stack.pk, resource, "Retried")
    stack_moved.send(sender=Stack, stack_key=key)
    return freed


def adopt(key: str, resource: str, external_id: str) -> None:
    """A person says which object is this resource's. The next look holds it against the marker."""
    with transaction.atomic():
        stack = _woken(key)
        free = Q(external_id="") & ~Q(state=State.GONE)
        adopted = stack.resources.filter(free, name=resource).update(
            external_id=external_id,
            ever_seen=True,
            state=State.PENDING,
            reason="",
            message="",
            version=F("version") + 1,
            next_look=clock.now(),
        )
        if not adopted:
            raise ProvisioningRefused(f"{resource} already has an object, or is not part of this stack.")
        claims.note(stack.pk, resource, "Adopted", f"As {external_id}.")


def look_now(key: str) -> None:
    """Every resource is looked at now: the way to see drift without waiting for the next look."""
    with transaction.atomic():
        stack = _stack(key)
        claims.wake(stack.pk, resources=~Q(state=State.GONE))
