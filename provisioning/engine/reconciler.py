"""Bring one stack closer to what was approved. The ten steps:

 1. claim the stack, or leave it to its holder;
 2. take the next resource that can move: dependencies ready, not blocked, look due, breaker closed;
 3. renew the claim; never start a call longer than what is left of it;
 4. in progress with a handle: poll;
 5. read the row's version and the stack's generation, then observe;
 6. decide (`decide.py`);
 7. commit the intent, with its secrets, only if version, claim, lease and generation still hold;
 8. hold the clock against the lease once more, then act, outside any transaction;
 9. always record the outcome, and look again rather than believe it;
10. nothing can move, or the budget is spent: release, saying when to look next.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import connection

from provisioning import vault
from provisioning.domain.checkpoint import reach
from provisioning.domain.conditions import State, condition
from provisioning.domain.errors import AlreadyExists, PermanentError, ProviderError, TemporaryError
from provisioning.domain.handler import Handler, Provider, Target
from provisioning.domain.observation import Absent, InProgress, Observation, Outcome, Present
from provisioning.domain.secrets import Secret, generate
from provisioning.engine import breaker, claims, guard
from provisioning.engine.claims import Claim
from provisioning.engine.decide import TRIES, Act, decide
from provisioning.engine.summary import summarise
from provisioning.engine.targets import Scene
from provisioning.models import Resource, Stack, clock
from provisioning.signals import doorbell, stack_moved

log = logging.getLogger(__name__)
T = TypeVar("T")

BUDGET_S: Final = 20.0  # then somebody else's stack is due
SHORT_WAIT: Final = timedelta(seconds=2)  # a look due sooner is waited for inside the claim
LONGEST_BACKOFF_S: Final = 900.0
TELL_AFTER: Final = timedelta(minutes=10)  # a platform down so long is worth a person's attention


@dataclass(frozen=True)
class Surroundings:
    """What a worker brings along. `serves`: the platforms it may call (None: all)."""

    installation: str
    provider: Callable[[str], Provider | None]
    queue_of: Callable[[str], str]
    serves: frozenset[str] | None = None
    pause: Callable[[float], None] = lambda seconds: None


def reconcile(stack_id: int, around: Surroundings) -> bool:
    """Work on the stack until nothing can move. False when somebody else holds it."""
    claim = claims.take(stack_id)  # 1
    if claim is None:
        return False
    reach("claimed")
    began, checked = clock.monotonic(), dict[str, int]()
    elsewhere = ""
    while clock.monotonic() - began < BUDGET_S:
        stack = Stack.objects.get(pk=stack_id)
        scene = Scene(around.installation, {r.name: r for r in _rows(stack)})
        row, wait = _next(scene)  # 2
        if row is None:
            if wait is None or wait > SHORT_WAIT:
                break
            around.pause(wait.total_seconds())
            continue
        if around.serves is not None and row.platform not in around.serves:
            elsewhere = around.queue_of(row.platform)
            break
        if not claims.renew(claim):  # 3
            return False
        _Step(claim, stack, scene, row, around, checked).run()
    _release(claim, elsewhere)
    return True


def _rows(stack: Stack) -> list[Resource]:
    rows = list(stack.resources.exclude(state=State.GONE).order_by("pk"))
    for row in rows:
        row.stack = stack
    return rows


def _next(scene: Scene) -> tuple[Resource | None, timedelta | None]:
    """The most urgent due row, those not at rest first; else how long until the earliest look."""
    now, away = clock.now(), breaker.open_platforms()
    movable = [r for r in scene.rows.values() if r.next_look and r.platform not in away and scene.can_move(r)]
    due = [r for r in movable if r.next_look and r.next_look <= now]
    if due:
        return min(due, key=lambda r: (r.condition_is_rest, r.next_look, r.pk)), None
    unrest = [r.next_look - now for r in movable if r.next_look and not r.condition_is_rest]
    return None, min(unrest, default=None)


def _release(claim: Claim, elsewhere: str) -> None:
    """10: the earliest look over the rows that can move by themselves."""
    reach("releasing")
    stack = Stack.objects.get(pk=claim.stack_id)
    rows = _rows(stack)
    scene = Scene("", {r.name: r for r in rows})
    looks = [r.next_look for r in rows if r.next_look and scene.can_move(r)]
    summary = summarise(list(stack.resources.all()))
    moved = (stack.state, stack.reason) != (summary.state, summary.reason)
    claims.release(
        claim,
        min(looks, default=None),
        {"state": summary.state, "reason": summary.reason, "message": summary.message},
    )
    if elsewhere:
        doorbell.ring_stack(claim.stack_id, elsewhere)
    if moved:
        stack_moved.send(sender=Stack, stack_key=stack.key)


@dataclass
class _Step:
    """One resource's turn, steps 4 to 9."""

    claim: Claim
    stack: Stack
    scene: Scene
    row: Resource
    around: Surroundings
    checked: dict[str, int]  # platform -> generation at which the guard let writes through, in this claim

    def run(self) -> None:
        provider = self.around.provider(self.row.platform)
        if provider is None:
            self._say(State.BLOCKED, "PlatformRemoved")
            return
        try:
            self._look_and_act(provider, provider.handlers[self.row.kind])
        except ProviderError as error:
            self._failed(error)
        else:
            breaker.answered(self.row.platform)

    def _look_and_act(self, provider: Provider, handler: Handler) -> None:
        target = self.scene.target(self.row)
        seen = self._observe(handler, target)  # 4, 5
        if seen is None:
            return
        reach("observed")
        kind = self.row.declares
        declared = target.spec.declared()
        decision = decide(self.row, kind, declared, seen, clock.now(), has_secret=bool(target.secrets))  # 6
        if not isinstance(decision, Act):
            claims.write_look(self.row, **decision.changes)
            return
        if not self._may_write(provider):
            self._say(State.BLOCKED, "DatabaseRestored", clock.now() + timedelta(seconds=30))
            return
        self._act(handler, target, decision)

    def _observe(self, handler: Handler, target: Target) -> Observation | None:
        """None when a handle's answer already settled what to write; else what is there now."""
        if not self.row.handle:
            return _outside(lambda: handler.observe(target))
        try:
            seen = _outside(lambda: handler.poll(target))
        except PermanentError:
            if self.row.attempts + 1 >= TRIES:
                raise
            again = {"handle": "", "intent": Resource.Intent.NONE, "attempts": self.row.attempts + 1}
            claims.write_look(self.row, **again, next_look=clock.now())
            return None
        if isinstance(seen, InProgress):
            return seen
        found = {"external_id": seen.external_id, "ever_seen": True} if isinstance(seen, Present) else {}
        assert isinstance(seen, Present | Absent)
        claims.write_look(self.row, handle="", next_look=clock.now(), **found)
        return None

    def _may_write(self, provider: Provider) -> bool:
        if self.checked.get(self.row.platform) != self.stack.generation:
            if not _outside(lambda: guard.may_write(self.row.platform, provider)):
                return False
            self.checked[self.row.platform] = self.stack.generation
        return not guard.held(self.row.platform)

    def _act(self, handler: Handler, target: Target, act: Act) -> None:
        now, fresh = clock.now(), dict[str, Secret]()
        intent = {} if act.only_id else {"intent": act.verb, "intent_at": now}
        if act.verb == "create":
            fresh = {f: generate(f) for f in self.row.declares.secrets if f not in target.secrets}
        if act.successor_of:
            claims.make_orphan(self.row, act.successor_of, target.full_name, purge=False)
            vault.forget(self.row)
            act = replace(act, changes={**act.changes, "external_id": ""})
        busy = condition(State.PROGRESSING, {"create": "Creating", "update": "Updating"}.get(act.verb, "Deleting"))
        says = {"state": busy.state, "reason": busy.reason, "message": busy.message, "next_look": now}
        if not claims.commit_intent(  # 7
            self.claim, self.row, self.stack.generation, {**says, **intent, **act.changes}, fresh
        ):
            return
        reach(f"intent {act.verb}")
        target = self.scene.target(self.row, {**target.secrets, **fresh} or None)
        if act.only_id:
            target = replace(target, external_id=act.only_id)
        if not self.claim.has_time():  # 8
            return
        outcome = self._send(handler, target, act)
        reach(f"sent {act.verb}")
        claims.record(self.claim, self.row, self.stack.generation, outcome, target.full_name)  # 9
        claims.note(self.row.stack_id, self.row.name, _PAST[act.verb], detail={"after": act.after})
        reach(f"recorded {act.verb}")

    def _send(self, handler: Handler, target: Target, act: Act) -> Outcome:
        if act.verb == "create":
            try:
                return _outside(lambda: handler.create(target))
            except AlreadyExists as error:  # the next look says whose it is, and it may need a moment to show
                raise TemporaryError(error.message) from error
        if act.verb == "update":
            return _outside(lambda: handler.update(target, act.after))
        return _outside(lambda: handler.delete(target))

    def _failed(self, error: ProviderError) -> None:
        breaker.failed(self.row.platform, error)
        if isinstance(error, TemporaryError):
            self._try_later(error)
            return
        self._say(State.BLOCKED if error.reason in _WAITS else State.FAILED, error.reason, detail=error.message)

    def _try_later(self, error: TemporaryError) -> None:
        now = clock.now()
        since = self.row.trouble_since or now
        ceiling = min(LONGEST_BACKOFF_S, 2.0 ** min(self.row.failures + 1, 10))
        wait = error.retry_after or random.uniform(0.2, ceiling)  # noqa: S311  (full jitter, not a secret)
        long = now - since >= TELL_AFTER
        what = condition(State.BLOCKED if long else State.PROGRESSING, error.reason, error.message)
        unsent = {"intent": Resource.Intent.NONE} if error.unsent else {}
        claims.write_look(
            self.row,
            state=what.state,
            reason=what.reason,
            message=what.message,
            trouble_since=since,
            failures=self.row.failures + 1,
            next_look=now + timedelta(seconds=wait),
            **unsent,
        )

    def _say(self, state: State, reason: str, next_look: datetime | None = None, detail: str = "") -> None:
        what = condition(state, reason, detail)
        changes: dict[str, Any] = {"state": what.state, "reason": what.reason, "message": what.message}
        claims.write_look(self.row, **changes, next_look=next_look)


_PAST: Final = {"create": "CreateSent", "update": "UpdateSent", "delete": "DeleteSent"}
_WAITS: Final = frozenset({"NotEmpty", "InUse"})


def _outside(call: Callable[[], T]) -> T:
    """An outside call inside a transaction would hold its locks, and forget what happened when it rolls back."""
    if connection.in_atomic_block and not getattr(connection, "_mcloud_test_atomic", False):
        raise RuntimeError("An outside call was made inside a database transaction.")
    return call()
