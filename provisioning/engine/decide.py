"""From what was seen to what to do: one pure function, the only place where the rules of step 6 stand.

Nothing here writes, asks or waits. The answer is `Note` (what the row shall say, and when to look again) or
`Act` (a verb, and the columns that are committed with the intent before the verb is sent).
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from provisioning.domain.conditions import Condition, State, condition
from provisioning.domain.observation import Absent, InProgress, Many, Observation, Present
from provisioning.domain.plan import difference
from provisioning.kinds.base import Kind, Repeat
from provisioning.models import Resource

TRIES: Final = 3
REMOVALS: Final = 8  # each waits twice as long: four minutes, for what a far side only starts to remove when told
Wish, Intent = Resource.Wish, Resource.Intent
# What a far side is still at after so long it hardly ever finishes; the longest import of the labs takes minutes.
LONGEST: Final = timedelta(hours=2)
# A far side may need a moment to show what it answered; each further try waits twice as long.
RECHECK_S: Final = 0.5
_UNDER_WAY: Final[dict[str, str]] = {Intent.UPDATE: "Updating", Intent.DELETE: "Deleting"}
_CALM: Final[dict[str, Any]] = {"trouble_since": None, "failures": 0, "attempts": 0}


@dataclass(frozen=True)
class Note:
    """Columns to write; no call follows."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class Act:
    """`verb` is create, update or delete; `changes` go into the intent; `after` are the fields of an update."""

    verb: str
    changes: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    only_id: str = ""  # delete exactly this one, a double of ours
    successor_of: str = ""  # its secret was lost: this id goes to an orphan row, and the next one is made


Decision = Note | Act


def _said(what: Condition, **more: Any) -> Note:
    return Note({"state": what.state, "reason": what.reason, "message": what.message, **more})


def _look_later(kind: Kind, now: datetime) -> datetime:
    """Spread, so that what was created together is not looked at together for ever."""
    return now + timedelta(seconds=kind.look_s * random.uniform(0.8, 1.2))  # noqa: S311


def decide(
    row: Resource,
    kind: Kind,
    declared: dict[str, Any],
    seen: Observation,
    now: datetime,
    *,
    has_secret: bool = True,
) -> Decision:
    """What the observation means for this row at this moment.

    `declared` is the resolved spec's; `has_secret` says whether the vault holds what the far side showed once.
    """
    if isinstance(seen, InProgress):
        later = now + timedelta(seconds=seen.poll_after)
        going_on = condition(State.PROGRESSING, _UNDER_WAY.get(row.intent, "Creating"))
        if row.intent_at and now - row.intent_at > LONGEST:
            going_on = condition(State.BLOCKED, "DoesNotFinish", f"Its id there is {seen.handle}.")
        return _said(going_on, handle=seen.handle, next_look=later)
    if isinstance(seen, Many):
        return _many(row, kind, seen)
    if isinstance(seen, Present) and row.orphan and seen.external_id != row.external_id:
        seen = Absent()
    if isinstance(seen, Present) and not seen.ours and not row.orphan:
        if row.wish == Wish.PRESENT:
            return _said(condition(State.BLOCKED, "NameTaken", f"Its id is {seen.external_id}."))
        seen = Absent()  # for us: what is not ours is neither kept nor removed
    if isinstance(seen, Present):
        if not kind.secret_recoverable and not has_secret and row.wish == Wish.PRESENT:
            fresh = {"incarnation": row.incarnation + 1, "external_id": "", "handle": ""}
            return Act("create", fresh, successor_of=seen.external_id)
        return _present(row, kind, declared, seen, now)
    return _absent(row, kind, now)


def _many(row: Resource, kind: Kind, seen: Many) -> Decision:
    double = next((id for id in seen.ids if id in seen.empty and id != (row.external_id or seen.ids[0])), "")
    if kind.repeat == Repeat.HARMLESS and double:
        return Act("delete", {"external_id": row.external_id or seen.ids[0]}, only_id=double)
    return _said(condition(State.BLOCKED, "AmbiguousCreate", f"Candidates: {', '.join(seen.ids)}."))


def _present(row: Resource, kind: Kind, declared: dict[str, Any], seen: Present, now: datetime) -> Decision:
    known: dict[str, Any] = {
        "external_id": row.external_id or seen.external_id,
        "ever_seen": True,
        "seen": dict(seen.attributes),
        "outputs": dict(seen.outputs),
        "absent_since": None,
    }
    later = _look_later(kind, now)
    if row.wish == Wish.RETAINED:
        return _said(Condition(State.RETAINED), **known, **_CALM, intent=Intent.NONE, next_look=later)
    if row.wish == Wish.ABSENT:
        if kind.bears_data and not row.purge:
            return Note({**known, "wish": Wish.RETAINED, "next_look": now})
        if row.intent == Intent.DELETE and (soon := _recheck(row)) > now:
            return _said(condition(State.PROGRESSING, "Deleting"), next_look=soon)
        if row.attempts >= REMOVALS:
            return _said(condition(State.BLOCKED, "DoesNotGo"), external_id=known["external_id"])
        gone = {"external_id": known["external_id"], "absent_since": None, "attempts": row.attempts + 1}
        return Act("delete", gone)
    before, after = difference(declared, seen.attributes)
    if not after:
        return _said(Condition(State.READY), **known, **_CALM, intent=Intent.NONE, permit=[], next_look=later)
    return _differs(row, kind, known, before, after, now)


def _differs(
    row: Resource, kind: Kind, known: dict[str, Any], before: dict[str, Any], after: dict[str, Any], now: datetime
) -> Decision:
    """A difference is mended when the approved plan permits it, or when every field of it protects."""
    mended = after
    if not {"create", "recreate", "update"} & set(row.permit):
        mended = _protecting(kind, before, after)
    if not mended:
        fields = ", ".join(f"{name} is {before[name]!r}, approved {after[name]!r}" for name in sorted(after))
        return _said(condition(State.DRIFTED, "NeedsApproval", fields), **known, next_look=_look_later(kind, now))
    if row.intent == Intent.UPDATE and (soon := _recheck(row)) > now:
        return _said(condition(State.PROGRESSING, "Updating"), next_look=soon)
    if row.attempts >= TRIES:
        return _said(condition(State.BLOCKED, "DoesNotStick", f"Fields: {', '.join(sorted(after))}."), **known)
    return Act("update", {**known, "attempts": row.attempts + 1}, after=mended)


def _protecting(kind: Kind, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What may be re-asserted without a plan: nothing that shortens what lasts, nothing beside other fields."""
    if not set(after) <= kind.protects:
        return {}
    return {n: v for n, v in after.items() if n not in kind.lasts or before[n] is None or before[n] < v}


def _absent(row: Resource, kind: Kind, now: datetime) -> Decision:
    waits = row.wish != Wish.PRESENT or kind.repeat != Repeat.UNIQUE  # a name taken once may be sent twice
    if waits and row.intent == Intent.CREATE and row.intent_at and now < (grace := _grace(row, kind)):
        return _said(condition(State.PROGRESSING, "Creating"), next_look=grace)
    known = row.ever_seen or bool(row.external_id)
    if known or row.wish != Wish.PRESENT:
        settled = (row.absent_since or now) + timedelta(seconds=kind.settle_s)
        if now < settled:
            since = row.absent_since or now
            reason = "Deleting" if row.wish == Wish.ABSENT else "Confirming"
            return _said(condition(State.PROGRESSING, reason), absent_since=since, next_look=settled)
    if row.wish == Wish.ABSENT or (row.wish == Wish.RETAINED and not known):  # what never was is not kept
        return _said(
            Condition(State.GONE), **_CALM, gone_at=now, external_id="", intent=Intent.NONE, next_look=None
        )
    if row.wish == Wish.RETAINED:
        return _said(condition(State.BLOCKED, "Vanished"))
    if known and "recreate" not in row.permit:
        return _said(condition(State.DRIFTED, "Vanished"), next_look=_look_later(kind, now))
    if known:
        return Act("create", _next_incarnation(row, kind))
    if row.intent == Intent.CREATE and kind.repeat == Repeat.ASK:
        return _said(condition(State.BLOCKED, "AmbiguousCreate"))
    return Act("create")


def _grace(row: Resource, kind: Kind) -> datetime:
    assert row.intent_at is not None
    return row.intent_at + timedelta(seconds=kind.grace_s)


def _recheck(row: Resource) -> datetime:
    """When the effect of the last update or delete is looked at before it is sent again."""
    assert row.intent_at is not None
    return row.intent_at + timedelta(seconds=RECHECK_S * 2 ** min(row.attempts, 8))


def _next_incarnation(row: Resource, kind: Kind) -> dict[str, Any]:
    """An approved re-creation starts clean; what bears data never takes an old name again."""
    permit = [p for p in row.permit if p != "recreate"] + ["create"]
    fresh = {"external_id": "", "handle": "", "ever_seen": False, "absent_since": None, "permit": permit}
    if kind.bears_data or not kind.secret_recoverable:
        fresh["incarnation"] = row.incarnation + 1
    return fresh
