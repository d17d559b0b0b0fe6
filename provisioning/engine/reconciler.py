"""Bring one stack closer to what was approved. The ten steps:

 1. claim the stack, or leave it to its holder;
 2. take the next resource that can move: dependencies ready, not blocked, look due, breaker closed;
 3. renew the claim when it ages; never start a call longer than what is left of it;
 4. in progress with a handle: poll;
 5. read the row's version and the stack's generation, then observe;
 6. decide (`decide.py`);
 7. commit the intent, with its secrets, only if version, claim, lease and generation still hold;
 8. hold the clock against the lease once more, then act, outside any transaction;
 9. always record the outcome, and look again rather than believe it;
10. nothing can move, or the budget is spent: release, saying when to look next.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import DatabaseError

from provisioning import vault
from provisioning.domain.checkpoint import reach
from provisioning.domain.conditions import State, condition
from provisioning.domain.errors import AlreadyExists, PermanentError, ProviderError, TemporaryError
from provisioning.domain.handler import Handler, Provider, Target
from provisioning.domain.observation import Absent, InProgress, Observation, Outcome, Present
from provisioning.domain.secrets import Secret, generate
from provisioning.engine import breaker, claims, guard, lasting, late, trouble
from provisioning.engine.claims import Claim
from provisioning.engine.decide import TRIES, Act, decide
from provisioning.engine.outside import outside
from provisioning.engine.summary import summarise
from provisioning.engine.targets import Scene, was_sent
from provisioning.models import Resource, Stack, clock
from provisioning.signals import doorbell, stack_moved

log = logging.getLogger(__name__)

BUDGET_S: Final = 20.0  # then somebody else's stack is due
SHORT_WAIT: Final = timedelta(seconds=2)  # a look due sooner is waited for inside the claim


@dataclass(frozen=True)
class Surroundings:
    """What a worker brings along. `serves`: the platforms it may call (None: all)."""

    installation: str
    provider: Callable[[str], Provider | None]
    queue_of: Callable[[str], str]
    serves: frozenset[str] | None = None
    pause: Callable[[float], None] = lambda seconds: None

    def may_call(self, platform: str) -> bool:
        """This worker serves the platform."""
        return self.serves is None or platform in self.serves


def reconcile(stack_id: int, around: Surroundings) -> bool:
    """Work on the stack until nothing can move. False when somebody else holds it."""
    claim = claims.take(stack_id)  # 1
    if claim is None:
        return False
    reach("claimed")
    began, checked, health = clock.monotonic(), dict[str, int](), breaker.health()
    while True:
        if claim.reread:
            scene = Scene.of(stack_id, around.installation)
            if scene.stack.claim_token != claim.token:
                return False  # whoever lost it would look again and again, and write nothing
            claim.wanted, claim.reread = scene.stack.wanted, False
        health = health if health.is_fresh() else breaker.health()
        row, wait = scene.next_due(clock.now(), health.open)  # 2
        elsewhere = around.queue_of(row.platform) if row and not around.may_call(row.platform) else ""
        spent = clock.monotonic() - began > BUDGET_S
        if wait and wait <= SHORT_WAIT and not spent:
            around.pause(wait.total_seconds())
            claim.reread = True
        elif row is None or elsewhere or spent:
            if _let_go(claim, scene, health.open):
                if elsewhere:
                    doorbell.ring_stack(stack_id, elsewhere)
                return True
            if not claims.renew(claim):
                return False
            claim.reread = True
        elif claim.ages() and not claims.renew(claim):  # 3
            return False
        elif not _Step(claim, scene, row, around, checked).run(shaky=row.platform in health.shaky):
            health = breaker.health()


def _let_go(claim: Claim, scene: Scene, away: frozenset[str]) -> bool:
    """10: the earliest look over the rows that can move by themselves. False: woken meanwhile, or claim lost."""
    reach("releasing")
    rows, now = scene.rows.values(), clock.now()
    trouble.tell(claim, [r for r in rows if r.platform in away], now)
    looks = [trouble.worth_asking(r, away, now) for r in rows if r.next_look and scene.can_move(r)]
    summary = summarise([*rows, *scene.gone])
    if not claims.release(claim, min(looks, default=None), trouble.columns(summary)):
        return False
    if (scene.stack.state, scene.stack.reason) != (summary.state, summary.reason):
        stack_moved.send(sender=Stack, stack_key=scene.stack.key)
    return True


@dataclass
class _Step:
    """One resource's turn, steps 4 to 9."""

    claim: Claim
    scene: Scene
    row: Resource
    around: Surroundings
    checked: dict[str, int]  # platform -> generation at which the guard let writes through, in this claim
    before: dict[str, Any] = field(default_factory=dict)  # what the intent committed in this turn replaced

    def run(self, *, shaky: bool) -> bool:
        """`shaky`: calls to this platform failed lately: an answer is worth writing down. False: one failed now."""
        provider = self.around.provider(self.row.platform)
        if provider is None:
            self._say(State.BLOCKED, "PlatformRemoved")
            return True
        try:
            self._look_and_act(provider, provider.handlers[self.row.kind])
        except AlreadyExists as error:  # the next look says whose it is, or what else changed under this call
            self._failed(TemporaryError(error.message))
        except ProviderError as error:
            self._failed(error)
            return False
        except DatabaseError:
            raise
        except Exception:  # ours: it must hold up neither this stack's claim nor other stacks
            log.exception("A defect met stack %s, %s.", self.row.stack.key, self.row.name)
            self._say(State.BLOCKED, "Defect")
        else:
            if shaky:
                breaker.answered(self.row.platform)
        return True

    def _look_and_act(self, provider: Provider, handler: Handler) -> None:
        target = self.scene.target(self.row)
        seen = self._observe(handler, target)  # 4, 5
        if seen is None:
            return
        reach("observed")
        declared = target.spec.declared() if target.spec else {}
        decision = decide(  # 6
            self.row, self.row.declares, declared, seen, clock.now(), has_secret=bool(target.secrets)
        )
        if not isinstance(decision, Act):
            claims.write_look(self.claim, self.row, **decision.changes)
            return
        if not self._may_write(provider):
            self._say(State.BLOCKED, "DatabaseRestored", clock.now() + timedelta(seconds=30))
            return
        self._act(handler, target, decision)

    def _observe(self, handler: Handler, target: Target) -> Observation | None:
        """None when a handle's answer already settled what to write; else what is there now."""
        row = self.row
        if target.spec is None and not was_sent(row):
            return Absent()  # nothing was ever sent for it, and nobody could say what to look for
        if not self.row.handle:
            return outside(lambda: handler.observe(target))
        try:
            seen = outside(lambda: handler.poll(target))
        except PermanentError:
            if self.row.attempts + 1 >= TRIES:
                raise
            again = {"handle": "", "intent": Resource.Intent.NONE, "attempts": self.row.attempts + 1}
            claims.write_look(self.claim, self.row, **again, next_look=clock.now())
            return None
        if isinstance(seen, InProgress):
            return seen
        assert isinstance(seen, Present | Absent)
        found: dict[str, Any] = {}
        if isinstance(seen, Present) and not row.external_id:
            found = {"external_id": seen.external_id, "ever_seen": True}
        claims.write_look(self.claim, self.row, handle="", next_look=clock.now(), **found)
        return None

    def _may_write(self, provider: Provider) -> bool:
        if self.checked.get(self.row.platform) != self.row.stack.generation:
            if not outside(lambda: guard.may_write(self.row.platform, provider)):
                return False
            self.checked[self.row.platform] = self.row.stack.generation
        return True

    def _act(self, handler: Handler, target: Target, act: Act) -> None:
        now, fresh, kind = clock.now(), dict[str, Secret](), self.row.declares
        intent = {} if act.only_id else {"intent": act.verb, "intent_at": now}
        if act.verb == "create" and kind.secret_recoverable:
            fresh = {f: generate(f) for f in kind.secrets if f not in target.secrets}
        before = {name: getattr(self.row, name) for name in ("intent", "intent_at", "attempts")}
        says = {**trouble.columns(condition(State.PROGRESSING, _NOW[act.verb])), "next_look": now}
        also = partial(self._succeed, act, target.full_name)
        if not claims.commit_intent(self.claim, self.row, {**says, **intent, **act.changes}, fresh, also):  # 7
            self.checked.clear()
            return
        self.before = before
        reach(f"intent {act.verb}")
        target = replace(self.scene.target(self.row, fresh), hold=partial(lasting.hold, self.claim))
        if act.only_id:
            target = replace(target, external_id=act.only_id)
        if not self.claim.has_time():  # 8
            return
        outcome = self._send(handler, target, act)
        reach(f"sent {act.verb}")
        claims.record(self.claim, self.row, outcome, target.full_name, _PAST[act.verb], act.after)  # 9
        reach(f"recorded {act.verb}")

    def _succeed(self, act: Act, former_name: str) -> None:
        """A next incarnation starts clean: a secret shown once was the former one's, which is to be removed."""
        if "incarnation" in act.changes and not self.row.declares.secret_recoverable:
            vault.forget(self.row)
            self.claim.reread = True
        if act.successor_of:
            claims.make_orphan(self.row, act.successor_of, former_name, purge=False)

    def _send(self, handler: Handler, target: Target, act: Act) -> Outcome:
        with late.looked_for(self.claim, self.row, act.verb):
            if act.verb == "update":
                return outside(lambda: handler.update(target, act.after))
            return outside(lambda: handler.create(target) if act.verb == "create" else handler.delete(target))

    def _failed(self, error: ProviderError) -> None:
        breaker.failed(self.row.platform, error)
        if isinstance(error, TemporaryError):
            # One that did not leave takes its intent back; what was sent before it may still be under way.
            taken_back = {n: was for n, was in self.before.items() if error.unsent or n == "attempts"}
            claims.write_look(self.claim, self.row, **trouble.later(self.row, error, clock.now()), **taken_back)
            return
        self._say(State.BLOCKED if error.reason in _WAITS else State.FAILED, error.reason, detail=error.message)

    def _say(self, state: State, reason: str, next_look: datetime | None = None, detail: str = "") -> None:
        said = trouble.columns(condition(state, reason, detail))
        claims.write_look(self.claim, self.row, **said, next_look=next_look)


_NOW: Final = {"create": "Creating", "update": "Updating", "delete": "Deleting"}
_PAST: Final = {"create": "CreateSent", "update": "UpdateSent", "delete": "DeleteSent"}
_WAITS: Final = frozenset({"NotEmpty", "InUse", "Locked"})
