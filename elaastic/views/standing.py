"""How a subscription stands, as its page shows it and refreshes it: the parts, the next step, the credentials."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.freshness import Archive, Freshness, Machine, Watched, archives_watched, machines_of, worst
from elaastic.models import DrillState, RequestState, SubscriptionState
from elaastic.selectors.drills_due import DrillDue
from elaastic.selectors.subscriptions import Overview, state_of
from elaastic.views import words
from elaastic.views.condition_words import MOVES, explain, platform_said, whose_move
from elaastic.views.next_step import NextStep, next_step
from provisioning.domain.conditions import AT_REST, NEEDS_HUMAN, Condition, State
from provisioning.selectors.capacity import platforms
from provisioning.selectors.stacks import Left, ResourceView, resources

# state of a subscription -> the Condition state whose badge has its colour and icon
BADGES: Final[Mapping[str, str]] = {
    SubscriptionState.REQUESTED: "mc-idle clock",
    SubscriptionState.APPROVED: "mc-info refresh",
    SubscriptionState.PROVISIONING: "mc-info refresh",
    SubscriptionState.ACTIVE: "mc-good check-circle",
    SubscriptionState.CHANGING: "mc-info refresh",
    SubscriptionState.SUSPENDED: "mc-warn warning-circle",
    SubscriptionState.LEAVING: "mc-warn warning-circle",
    SubscriptionState.ENDED: "mc-idle minus-circle",
    SubscriptionState.REJECTED: "mc-idle minus-circle",
    Freshness.FRESH: "mc-good check-circle",
    Freshness.WAITING: "mc-idle clock",
    Freshness.UNKNOWN: "mc-warn warning-circle",
    Freshness.LATE: "mc-bad close-circle",
    DrillState.RUNNING: "mc-info refresh",
    DrillState.CLEANING: "mc-info refresh",
    DrillState.PASSED: "mc-good check-circle",
    DrillState.BACKUP_BAD: "mc-bad close-circle",
    DrillState.NOT_TESTED: "mc-warn warning-circle",
    DrillState.STOPPED: "mc-idle minus-circle",
    RequestState.PLANNING: "mc-info refresh",
    RequestState.AWAITING_DECISION: "mc-idle clock",
    RequestState.MORE_INFORMATION: "mc-warn warning-circle",
    RequestState.APPLIED: "mc-good check-circle",
    RequestState.SUPERSEDED: "mc-idle minus-circle",
    RequestState.WITHDRAWN: "mc-idle minus-circle",
}
# Seconds between two looks of the page. What tries again by itself is looked at less often; the rest rests.
_AT_WORK_S: Final = 1
_TRYING_S: Final = 5


@dataclass(frozen=True)
class Part:
    """One resource in plain words."""

    name: str
    title: str
    condition: Condition
    now: str
    left: str
    move: str
    said: str
    external_id: str
    kind: str
    next_look: datetime | None


@dataclass(frozen=True)
class Standing:
    """Everything on the page that can move by itself."""

    seen: Overview
    parts: tuple[Part, ...]
    ready: int
    step: NextStep
    archives: tuple[Archive, ...]
    machines: tuple[Machine, ...]
    every_s: int
    digest: str


def badge_of(seen: Overview) -> tuple[str, str, Any]:
    """Of a subscription: *active and verified* once a restore was shown to work."""
    colour, icon, word = badge(seen.state)
    verified = seen.state == SubscriptionState.ACTIVE and seen.subscription.verified_at
    return (colour, icon, _("Active and verified")) if verified else (colour, icon, word)


def light_badge(watched: Iterable[Watched], drill: DrillDue | None) -> tuple[str, str, Any]:
    """The traffic light, with its word: a colour alone says nothing to many."""
    state = worst(watched)
    if state == Freshness.FRESH and drill is not None and drill.due:
        return ("mc-warn", "warning-circle", _("A drill has fallen due"))
    return badge(state) if state else ("mc-idle", "minus-circle", _("No copy is expected"))


def badge(state: str) -> tuple[str, str, Any]:
    """(colour class, icon, word) of a subscription's or request's state."""
    colour, _space, icon = BADGES.get(state, "mc-idle clock").partition(" ")
    return colour, icon, getattr(state, "label", state)


def standing(seen: Overview, *, may_act: bool) -> Standing:
    """Six queries at most, and two more where there are machines, whatever the number of parts."""
    rows = resources(seen.subscription.stack_key)
    parts = tuple(part(row) for row in rows if not row.orphan)
    archives = tuple(archives_watched(seen.subscription))
    images = tuple(machines_of([seen.subscription]).get(seen.subscription.pk, ()))
    step = next_step(seen, (*archives, *images), may_act=may_act)
    told = [(p.name, p.condition, p.left) for p in parts]
    open_request = seen.open_request
    return Standing(
        seen=seen,
        parts=parts,
        ready=sum(1 for p in parts if p.condition.state in (State.READY, State.RETAINED)),
        step=step,
        archives=archives,
        machines=images,
        every_s=_pause(seen),
        digest=_digest(
            seen.state,
            told,
            seen.credentials,
            step,
            archives,
            [(m.name, m.state, m.newest_at, m.looked_at, m.refused, m.looking) for m in images],
            seen.subscription.look_due is None,
            open_request and state_of(open_request),
        ),
    )


def _digest(*told: Any) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _pause(seen: Overview) -> int:
    """0 at rest: nothing more happens until somebody acts."""
    asked = seen.open_request
    if asked is not None and state_of(asked) == RequestState.PLANNING:
        return _AT_WORK_S
    if seen.subscription.look_due is not None:
        return _AT_WORK_S
    if not seen.subscription.approved_at or seen.subscription.closed_at or seen.subscription.ended_at:
        return 0
    if seen.condition.state in NEEDS_HUMAN:
        return _TRYING_S if whose_move(seen.condition) == "nobody" else 0
    activated = seen.subscription.activated_at is not None
    return 0 if seen.condition.state in AT_REST and activated else _AT_WORK_S


def part(row: ResourceView) -> Part:
    """One resource's row in words."""
    waiting = row.condition.state == State.PENDING and not row.condition.reason
    now = _("It waits for its turn.") if waiting else explain(row.condition)
    if row.condition.state == State.READY:
        now = _("It stands as approved.")
    move = "" if row.condition.state in AT_REST else whose_move(row.condition)
    return Part(
        name=row.name,
        title=words.resource_title(row.name),
        condition=row.condition,
        now=now,
        left=_left(row.left) if row.left else "",
        move=str(MOVES[move]) if move in ("region", "authority") else "",
        said=platform_said(row.condition),
        external_id=row.external_id,
        kind=row.kind,
        next_look=row.next_look,
    )


def _left(left: Left) -> str:
    """How much of a removal lies ahead, and when that was counted."""
    said = {
        "objects": words.number(left.objects),
        "space": words.size(left.bytes),
        "at": date_format(localtime(left.at), "d/m/Y, H:i:s"),
    }
    return _("Left on %(at)s: %(space)s in %(objects)s objects, earlier versions included.") % said


def platform_trouble(seen: Overview) -> bool:
    """Does a platform of this subscription not answer, or wait for the region? From rows; no cloud is asked."""
    used = set(seen.subscription.placement.get("platforms", {}).values())
    return any(p.id in used and (p.held or not p.reachable) for p in platforms())
