"""What must hold after every drill, whatever struck it. Read past the portal's own code, as `auditor` does.

It has ended, with a verdict that the fault allows; nothing of it is on the cloud, and nothing else there was
touched or asked to go; no file, no pin and no row of it is left; the ledger has one line a machine, and none of a
drill that could not be tested.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.auditor import Expected, of_the_cloud
from tests.faults.rehearsal import Rehearsal
from tests.faults.stage import Stage

PASSED: Final = frozenset({"passed"})
# Whatever the platforms do, it is never the backup's fault.
OF_THE_PLATFORM: Final = frozenset({"passed", "not_tested"})
# Whoever signs in leaves one.
_COMES_AND_GOES: Final = frozenset({"token"})
_ID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")

Things = Mapping[str, Mapping[str, dict[str, Any]]]


def things(stage: Stage) -> Things:
    """All that the simulated OpenStack has, by kind and id; the portal's own marks come and go."""
    raw = sqlite3.connect(f"file:{stage.folder / 'region' / 'region.sqlite3'}?mode=ro", uri=True, timeout=20)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    try:
        for kind, id, doc in raw.execute("SELECT kind, id, doc FROM things"):
            thing = json.loads(doc)
            if kind not in _COMES_AND_GOES and not str(thing.get("name")).startswith("portal-marks"):
                found.setdefault(kind, {})[id] = thing
    finally:
        raw.close()
    return found


@dataclass
class DrillRehearsal(Rehearsal):
    """`allowed`: the verdicts that the present case may come to."""

    before: Things = field(default_factory=dict)
    allowed: frozenset[str] = PASSED

    def look_before(self) -> None:
        """The town's own half is to stay as it stands."""
        super().look_before()
        rows = self.stage.database.rows(
            "SELECT r.name, r.state FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id"
            f" WHERE s.key = '{self.stack}'"
        )
        held = self.stage.database.rows(
            "SELECT v.amount FROM provisioning_reservation v JOIN provisioning_stack s ON s.id = v.stack_id"
            f" WHERE s.key = '{self.stack}' ORDER BY v.row_id"
        )
        was = self.expected
        reserved = tuple(amount for (amount,) in held)
        self.expected = Expected(dict(rows), reserved, was.bystanders, None, 0, was.trail)
        self.before = things(self.stage)

    def wrong(self, came_to: Mapping[str, Any], acts: int = 0) -> list[str]:
        """The town's own as ever, and the drill."""
        return [*super().wrong(came_to, acts), *_audit(self)]

    def conclude(self, case: str, acts: int = 0, allowed: frozenset[str] = PASSED) -> list[str]:
        """Run to rest and audit."""
        self.allowed = allowed
        try:
            return super().conclude(case, acts)
        finally:
            self.allowed = PASSED


def _audit(at: DrillRehearsal) -> Iterable[str]:
    stage = at.stage
    ((verdict, reason, message, ended, settled, claimed),) = stage.database.rows(
        "SELECT o.verdict, o.reason, o.message, o.ended_at, d.settled_at, o.claim_token"
        " FROM provisioning_operation o JOIN provisioning_stack s ON s.id = o.stack_id"
        " JOIN elaastic_drill d ON d.operation_key = s.key"
    )
    if not (ended and settled):  # whoever died having written the end still holds what nobody wants any more
        yield f"It does not end: {verdict} {reason}, ended {ended}, settled {settled}, claimed by {claimed}."
    if verdict not in at.allowed:
        yield f"The verdict is {verdict} {reason}: {message}"
    yield from _ledger(stage, verdict)
    yield from _left(stage)
    yield from _cloud(at)


def _ledger(stage: Stage, verdict: str) -> Iterable[str]:
    """A line a machine when all came back; what could not be tested shows nothing."""
    lines = stage.database.rows("SELECT evidence, passed FROM elaastic_verification WHERE kind = 'booted'")
    told = sorted((json.loads(e)["machine"] if isinstance(e, str) else e["machine"], p) for e, p in lines)
    if told != ([("dns", True), ("web", True)] if verdict == "passed" else []):
        yield f"The ledger says {told} of a drill that {verdict}."


def _left(stage: Stage) -> Iterable[str]:
    rows = stage.database.rows(
        "SELECT r.name, r.state FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id"
        " WHERE s.id IN (SELECT stack_id FROM provisioning_operation) AND r.state <> 'gone'"
    )
    yield from (f"Its row {name} is {state}." for name, state in rows)
    held = stage.database.rows(
        "SELECT v.amount FROM provisioning_reservation v JOIN provisioning_stack s ON s.id = v.stack_id"
        " WHERE s.id IN (SELECT stack_id FROM provisioning_operation)"
    )
    if held:
        yield f"It still holds {held}."
    if stage.database.rows("SELECT id FROM elaastic_recoverypoint WHERE pinned_until IS NOT NULL"):
        yield "Its images are still pinned."
    yield from (f"It left the file {file.name}." for file in stage.spooled())


def _cloud(at: DrillRehearsal) -> Iterable[str]:
    """What was there is there, unchanged; nothing else is; and nobody asked for any of it to go."""
    now = things(at.stage)
    for kind in sorted(set(now) | set(at.before)):
        mine, was = now.get(kind, {}), at.before.get(kind, {})
        yield from (f"It left a {kind}: {mine[id]}" for id in set(mine) - set(was))
        yield from (f"A {kind} is gone that was not its own: {was[id]}" for id in set(was) - set(mine))
        yield from (f"A {kind} was changed: {was[id]}" for id in set(was) & set(mine) if was[id] != mine[id])
    foreign = {id for kind in at.before.values() for id in kind}
    for call in at.stage.calls():
        if call["method"] == "DELETE" and of_the_cloud(call) and set(_ID.findall(call["path"])) <= foreign:
            yield f"A foreign delete on the wire: {call}"
