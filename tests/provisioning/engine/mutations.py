"""Seeded bugs: one rule taken out at a time, in memory, so that a test can show that somebody notices.

A mutation is (where, what stands there, what stands there instead). The function keeps its identity; only its
code is exchanged, so that whoever imported it sees the mutant too.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutation:
    """`rule` in words; `place` is `module:function` or `module:Class.method` under `provisioning`."""

    rule: str
    place: str
    old: str
    new: str


def function_at(place: str) -> FunctionType:
    """The function that a place names, past any decorator that kept it."""
    module, _, path = place.partition(":")
    found: Any = import_module(f"provisioning.{module}")
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(found, FunctionType), place
    return found


@contextmanager
def applied(mutation: Mutation) -> Iterator[None]:
    """The engine without that rule, for as long as the block lasts."""
    function = function_at(mutation.place)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(mutation.old) == 1, (
        f"{mutation.rule}: {mutation.place} no longer says {mutation.old!r} once"
    )
    scope: dict[str, Any] = {}
    mutant = "from __future__ import annotations\n" + source.replace(mutation.old, mutation.new)
    exec(compile(mutant, f"<without: {mutation.rule}>", "exec"), function.__globals__, scope)
    former, function.__code__ = function.__code__, scope[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = former


_M = Mutation
CLAIMS, DECIDE, LOOP, PLAN, YES = "engine.claims:", "engine.decide:", "engine.reconciler:", "engine.planner:", ""
MUTATIONS: tuple[Mutation, ...] = (
    # -- the intent --------------------------------------------------------------------------------------------
    _M("row version in the intent", CLAIMS + "commit_intent", "pk=row.pk, version=row.version", "pk=row.pk"),
    _M("row version in a look", CLAIMS + "write_look", "pk=row.pk, version=row.version", "pk=row.pk"),
    _M("claim token in the intent", CLAIMS + "commit_intent", "            claim_token=claim.token,\n", ""),
    _M("lease in the intent", CLAIMS + "commit_intent", "            claim_expires_at__gt=now,\n", ""),
    _M("generation in the intent", CLAIMS + "commit_intent", "            generation=generation,\n", ""),
    _M("secrets stored with the intent", CLAIMS + "commit_intent", "if secrets:", "if False:"),
    _M("one holder a stack", CLAIMS + "take", "filter(free, pk=stack_id)", "filter(pk=stack_id)"),
    _M("lost claims are noticed", CLAIMS + "renew", "claim_token=claim.token, claim_expires_at__gt=now", ""),
    _M("lease held against the clock", LOOP + "_Step._act", "if not self.claim.has_time():", "if False:"),
    _M("wanted in release", CLAIMS + "release", "mine.filter(wanted=claim.wanted)", "mine"),
    _M("release by token", CLAIMS + "release", "pk=claim.stack_id, claim_token=claim.token", "pk=claim.stack_id"),
    # -- the record --------------------------------------------------------------------------------------------
    _M(
        "always record",
        CLAIMS + "record",
        "        changes = _merge(",
        "        if moved:\n            return\n        changes = _merge(",
    ),
    _M(
        "an id is kept once",
        CLAIMS + "_merge",
        "if outcome.external_id and not current.external_id:",
        "if outcome.external_id:",
    ),
    _M(
        "an outcome of a former incarnation is an orphan",
        CLAIMS + "record",
        "current.incarnation != row.incarnation",
        "False",
    ),
    _M("an id opens a tombstone", CLAIMS + "_merge", "current.state == State.GONE", "False"),
    _M(
        "look again when the world moved",
        CLAIMS + "record",
        "    if moved:\n        wake",
        "    if False:\n        wake",
    ),
    _M("orphan rows of data need a purge", CLAIMS + "make_orphan", "of.declares.bears_data and not purge", "False"),
    _M(
        "a secret goes only to its own object",
        CLAIMS + "record",
        "outcome.secrets and (not current.external_id or current.external_id == outcome.external_id)",
        "outcome.secrets",
    ),
    # -- the decision ------------------------------------------------------------------------------------------
    _M("ours by marker", DECIDE + "decide", "not seen.ours and not row.orphan", "False"),
    _M("grace", DECIDE + "_absent", "now < (grace := _grace(row, kind))", "now < (grace := now)"),
    _M(
        "grace before teardown",
        DECIDE + "_absent",
        "row.wish != Wish.PRESENT or kind.repeat != Repeat.UNIQUE",
        "kind.repeat != Repeat.UNIQUE",
    ),
    _M("settle: two looks", DECIDE + "_absent", "if now < settled:", "if False:"),
    _M("vanished asks", DECIDE + "_absent", 'if known and "recreate" not in row.permit:', "if False:"),
    _M(
        "ambiguous create asks",
        DECIDE + "_absent",
        "row.intent == Intent.CREATE and kind.repeat == Repeat.ASK",
        "False",
    ),
    _M(
        "an id once recorded makes absent mean vanished",
        DECIDE + "_absent",
        "known = row.ever_seen or bool(row.external_id)",
        'known = row.state == "ready"',
    ),
    _M("data is not deleted without purge", DECIDE + "_present", "kind.bears_data and not row.purge", "False"),
    _M("a recreation clears the id", DECIDE + "_next_incarnation", '"external_id": "", ', ""),
    _M(
        "incarnation of a recreation",
        DECIDE + "_next_incarnation",
        "kind.bears_data or not kind.secret_recoverable",
        "False",
    ),
    _M(
        "a lost secret makes a successor",
        DECIDE + "decide",
        "not kind.secret_recoverable and not has_secret and row.wish == Wish.PRESENT",
        "False",
    ),
    _M(
        "a difference needs a permit",
        DECIDE + "_differs",
        "not permitted and not set(after) <= kind.protects",
        "False",
    ),
    _M(
        "what protects is re-asserted",
        DECIDE + "_differs",
        "not permitted and not set(after) <= kind.protects",
        "not permitted",
    ),
    _M(
        "the double goes, not the recorded one",
        DECIDE + "_many",
        "id != (row.external_id or seen.ids[0])",
        "id != seen.ids[-1]",
    ),
    _M(
        "an orphan row deletes its own id only",
        DECIDE + "decide",
        "row.orphan and seen.external_id != row.external_id",
        "False",
    ),
    _M("an update that does not stick stops", DECIDE + "_differs", "row.attempts >= TRIES", "False"),
    _M(
        "a found object ends the intent",
        DECIDE + "_present",
        "**_CALM, intent=Intent.NONE, permit=[], next_look=later",
        "**_CALM, permit=[], next_look=later",
    ),
    _M(
        "a permit is used up",
        DECIDE + "_present",
        "intent=Intent.NONE, permit=[], next_look=later",
        "intent=Intent.NONE, next_look=later",
    ),
    # -- the loop ----------------------------------------------------------------------------------------------
    _M(
        "no write without the guard",
        LOOP + "_Step._may_write",
        "return not guard.held(self.row.platform)",
        "return True",
    ),
    _M(
        "the guard compares",
        "engine.guard:may_write",
        "if unknown :=",
        "if False and (unknown := ()) or not (unknown :=",
    ),
    _M(
        "a secret shown once is not made up",
        LOOP + "_Step._act",
        'act.verb == "create" and kind.secret_recoverable',
        'act.verb == "create"',
    ),
    _M("the next incarnation forgets the secret", LOOP + "_Step._succeed", "vault.forget(self.row)", "pass"),
    _M(
        "the former token is removed",
        LOOP + "_Step._succeed",
        "claims.make_orphan(self.row, act.successor_of, former_name, purge=False)",
        "pass",
    ),
    _M(
        "unsent takes back its own intent only",
        LOOP + "_Step._unsent",
        'dict(zip(("intent", "intent_at"), self.before, strict=True)) if self.before else {}',
        '{"intent": ""}',
    ),
    _M(
        "the name is taken: look, do not fail",
        LOOP + "_Step._send",
        "raise TemporaryError(error.message) from error",
        "raise",
    ),
    _M("a task that failed is tried again", LOOP + "_Step._observe", "self.row.attempts + 1 >= TRIES", "True"),
    _M(
        "dependencies first",
        "engine.targets:Scene.can_move",
        "return all(self._stands(self.rows.get(name), row) for name in self.needs(row))",
        "return True",
    ),
    _M(
        "dependents go first",
        "engine.targets:Scene.can_move",
        "return row.orphan or not self.dependents(row)",
        "return True",
    ),
    # -- the census --------------------------------------------------------------------------------------------
    _M("two sightings", "engine.census:_consider", "now - sighting.first_seen < LEASE or ", ""),
    _M("the census reports data only", "engine.census:_consider", "KINDS[seen.kind].bears_data or ", ""),
    _M(
        "the row's candidate is no orphan",
        "engine.census:_consider",
        "if row and row.state != State.GONE and not row.external_id:",
        "if False:",
    ),
    _M("the census removes what nobody knows", "engine.census:_consider", "if row is not None:", "if False:"),
    _M(
        "the census knows its own installation", "engine.census:take", "marker.installation != installation or ", ""
    ),
    # -- plans and approval ------------------------------------------------------------------------------------
    _M(
        "a delete of data is final",
        "engine.approval:_want",
        "row.intent == Intent.DELETE and kind.bears_data",
        "False",
    ),
    _M(
        "a data name is never used again",
        "engine.approval:_reopen",
        "kind.bears_data or not kind.secret_recoverable",
        "False",
    ),
    _M("a reopened token starts without a secret", "engine.approval:_reopen", "vault.forget(row)", "pass"),
    _M(
        "approval moves every row's version",
        "engine.approval:apply",
        'version=F("version") + 1, absent_since=None',
        "absent_since=None",
    ),
    _M(
        "data is retained",
        "engine.retention:_retains",
        "return row.retain or row.declares.bears_data",
        "return False",
    ),
    _M("retain spreads", "engine.retention:kept", "while more:", "while False:"),
    _M("an open intent is a difference", PLAN + "_changed", "if row.intent:", "if False:"),
    _M("a wish to go is a difference", PLAN + "_changed", "if row.wish != Wish.PRESENT:", "if False:"),
    _M(
        "plans are made at rest",
        PLAN + "propose",
        "if any(r.state in _AT_WORK and scene.can_move(r) for r in rows.values()):",
        "if False:",
    ),
    _M("digest", "services.stacks:approve_plan", "plan.digest != digest or ", ""),
    _M(
        "row versions of the plan",
        "services.stacks:approve_plan",
        'if dict(stack.resources.values_list("name", "version")) != plan.row_versions:',
        "if False:",
    ),
    _M(
        "generation of the plan",
        "services.stacks:approve_plan",
        "filter(pk=stack.pk, generation=plan.generation)",
        "filter(pk=stack.pk)",
    ),
    _M(
        "age of the plan",
        "services.stacks:approve_plan",
        "if clock.now() - plan.created_at > PLAN_AGE:",
        "if False:",
    ),
    _M("an approval advances the marks", "services.stacks:approve_plan", "guard.advance(platform)", "pass"),
    _M(
        "capacity is taken conditionally",
        "services.capacity:reserve",
        'row.filter(used__lte=F("total") - more)',
        "row",
    ),
    _M("max(old, new) is held", "services.capacity:reserve", "if more <= 0:", "if more == 0:"),
    _M(
        "a surplus is of the same generation",
        "services.capacity:release_surplus",
        "if not same.update(generation=stack.generation):",
        "if False:",
    ),
    _M("a look needs the claim", CLAIMS + "write_look", "filter(Exists(held), ", "filter("),
    _M("a secret is shown once", "services.secrets:reveal", "pk=row.pk, revealed_at__isnull=True", "pk=row.pk"),
    _M("no call inside a transaction", LOOP + "_outside", "if connection.in_atomic_block and", "if False and"),
)
