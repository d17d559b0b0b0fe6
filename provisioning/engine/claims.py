"""Owning a stack for a while, and writing down what is about to be done before it is done.

Every statement here is a compare-and-swap that counts its rows: `select_for_update` does nothing on
SQLite, and a lock held across an outside call is a lock held for ever.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.observation import Outcome
from provisioning.domain.secrets import Secret
from provisioning.engine.statements import add, prepared, swap
from provisioning.models import Event, Resource, Stack, clock
from provisioning.signals import doorbell

# A claim outlives the longest outside call (30 s) by as much again; a dead worker's stack waits this long.
LEASE: Final = timedelta(seconds=60)
LONGEST_CALL_S: Final = 30.0


@dataclass
class Claim:
    """`token` proves the claim in every WHERE; `safe_until` is on the process's monotonic clock. `wanted`: how many
    wakes the rows in memory know of. `reread`: they are not to be gone by any longer: one was moved, came or went.
    """

    stack_id: int
    token: uuid.UUID
    safe_until: float
    wanted: int = 0
    reread: bool = True

    def has_time(self) -> bool:
        """Enough of the lease is left for one more outside call."""
        return clock.monotonic() + LONGEST_CALL_S < self.safe_until

    def ages(self) -> bool:
        """A quarter of the lease is gone: renew it. Each turn would be a commit more for every look."""
        return clock.monotonic() + 0.75 * LEASE.total_seconds() > self.safe_until


def take(stack_id: int) -> Claim | None:
    """Claim the stack, or None when somebody holds it; the holder will see that `wanted` moved."""
    now, began, token = clock.now(), clock.monotonic(), uuid.uuid4()
    free = Q(claim_expires_at__isnull=True) | Q(claim_expires_at__lte=now)
    taken = Stack.objects.filter(free, pk=stack_id).update(
        claim_token=token, claim_expires_at=now + LEASE, rung=False
    )
    return Claim(stack_id, token, began + LEASE.total_seconds()) if taken else None


def renew(claim: Claim) -> bool:
    """A fresh lease, or False when the claim was lost."""
    now, began = clock.now(), clock.monotonic()
    mine = Stack.objects.filter(pk=claim.stack_id, claim_token=claim.token, claim_expires_at__gt=now)
    if not mine.update(claim_expires_at=now + LEASE):
        return False
    claim.safe_until = began + LEASE.total_seconds()
    return True


def release(claim: Claim, next_look: datetime | None, summary: dict[str, str]) -> bool:
    """Let go. False when somebody woke the stack since its rows were read: there is more to do then, and what was
    summed up may be older than an approval. False as well when the claim was lost.
    """
    mine = Stack.objects.filter(pk=claim.stack_id, claim_token=claim.token, wanted=claim.wanted)
    return bool(mine.update(claim_token=None, claim_expires_at=None, next_look=next_look, **summary))


def wake(stack_id: int, *, resources: Q | None = None) -> None:
    """Somebody must look at this stack now: the row says so, and the bell rings on commit.

    The stack's own row first, as approval takes it: the other way round the two would wait for each other.
    """
    now = clock.now()
    with transaction.atomic():
        Stack.objects.filter(pk=stack_id).update(wanted=F("wanted") + 1, next_look=now)
        if resources is not None:
            Resource.objects.filter(resources, stack_id=stack_id).update(next_look=now)
        doorbell.ring_stack(stack_id)


def note(
    stack_id: int, resource: str, reason: str, message: str = "", detail: dict[str, Any] | None = None
) -> None:
    """One line of the stack's timeline."""
    what = {"resource": resource, "reason": reason, "message": message, "detail": detail or {}}
    add(Event, stack_id=stack_id, at=clock.now(), **what)


def write_look(claim: Claim, row: Resource, **changes: Any) -> bool:
    """What a look showed. Nothing was done, so the version is checked but does not move.

    Who lost the claim writes nothing: whoever holds the stack by now has looked later than he did.
    """
    if not swap(Resource, changes, _HELD, _token(claim), id=row.pk, version=row.version):
        claim.reread = True
        return False
    if (reason := changes.get("reason")) and reason != row.reason:
        note(row.stack_id, row.name, reason, changes.get("message", ""))
    vars(row).update(changes)
    return True


def commit_intent(
    claim: Claim,
    row: Resource,
    changes: dict[str, Any],
    secrets: dict[str, Secret],
    also: Callable[[], None] = lambda: None,
) -> bool:
    """Write down what is about to be sent. False: something moved, start again at the top.

    The WHEREs hold row version, claim token, unexpired lease, generation and the guard; secrets go to the
    vault in the same transaction, so that what is sent can always be sent again. So does whatever `also` writes.
    """
    now = clock.now()
    with transaction.atomic():
        # The stack's own row first, and held until the end. One WHERE over both tables would not do: PostgreSQL
        # does not look at the other table again after it waited for an approval that moves the generation.
        as_meant: dict[str, Any] = {
            "id": claim.stack_id, "claim_token": claim.token, "claim_expires_at__gt": now,
            "generation": row.stack.generation,
        }  # fmt: skip
        held = swap(Stack, {"claim_token": claim.token}, _LET_THROUGH, row.platform, **as_meant)
        moved = {**changes, "version": row.version + 1}
        if not (held and swap(Resource, moved, id=row.pk, version=row.version)):
            claim.reread = True
            return False
        also()
        if secrets:
            vault.store(row, secrets)
    vars(row).update(moved)
    return True


def record(claim: Claim, row: Resource, outcome: Outcome, full_name: str, sent: str, after: dict[str, Any]) -> None:
    """Always record what an act answered, whoever holds the stack by now. `sent`: the timeline's word for the act.

    An id is kept once and never overwritten: a second one, or one for another incarnation, becomes a row of its own
    that asks for its removal; an id on a tombstone opens it again. Next time we look rather than believe.
    """
    with transaction.atomic():
        note(row.stack_id, row.name, sent, detail={"after": after})
        changes = {**_merge(row, outcome), "version": row.version + 1}
        as_sent = {"id": row.pk, "version": row.version}
        if not outcome.secrets and swap(Resource, changes, _HELD, _token(claim), **as_sent):
            vars(row).update(changes)
            return  # nobody moved anything since the intent
        claim.reread = True
        current = Resource.objects.select_related("stack").defer("stack__manifest").get(pk=row.pk)
        stack = current.stack
        moved = stack.claim_token != claim.token or stack.generation != row.stack.generation
        if outcome.external_id and current.incarnation != row.incarnation:
            make_orphan(current, outcome.external_id, full_name, purge=False)
            return
        if moved:
            wake(row.stack_id, resources=Q(pk=row.pk))
        changes = _merge(current, outcome)
        if outcome.secrets and (not current.external_id or current.external_id == outcome.external_id):
            vault.store(current, dict(outcome.secrets))
        if changes or moved:
            Resource.objects.filter(pk=row.pk).update(version=F("version") + 1, **changes)
        if outcome.external_id and current.external_id not in ("", outcome.external_id):
            make_orphan(current, outcome.external_id, full_name, purge=False)


def _token(claim: Claim) -> Any:
    return prepared(Stack, "claim_token", claim.token)


# A resource's stack is this claim's still; nobody stopped the writing to the platform since the plan.
_HELD: Final = "EXISTS (SELECT 1 FROM provisioning_stack s WHERE s.id = stack_id AND s.claim_token = %s)"
_LET_THROUGH: Final = "NOT EXISTS (SELECT 1 FROM provisioning_platformstate WHERE platform=%s AND held_at NOTNULL)"


def _merge(current: Resource, outcome: Outcome) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if outcome.external_id and not current.external_id:
        changes.update(external_id=outcome.external_id, ever_seen=True)
    if outcome.handle and not current.handle:
        changes.update(handle=outcome.handle)
    if changes and current.state == State.GONE:
        changes.update(state=State.PENDING, reason="", gone_at=None, absent_since=None, next_look=clock.now())
    return changes


def make_orphan(of: Resource, external_id: str, full_name: str, *, purge: bool) -> None:
    """A row whose only wish is that this id be gone. Data gets one only when a plan asked for its end."""
    if of.declares.bears_data and not purge:
        note(of.stack_id, of.name, "OrphanWithData", f"{external_id} holds data and is only reported.")
        return
    same = Resource.objects.filter(platform=of.platform, kind=of.kind, external_id=external_id)
    if same.exclude(state=State.GONE).exists():
        return
    Resource.objects.create(
        stack_id=of.stack_id,
        name=f"~{uuid.uuid4().hex[:16]}",
        kind=of.kind,
        platform=of.platform,
        spec=of.spec,
        wish=Resource.Wish.ABSENT,
        permit=["delete"],
        purge=purge,
        orphan=True,
        external_id=external_id,
        ever_seen=True,
        exact_name=full_name,
        next_look=clock.now(),
    )
    wake(of.stack_id)
