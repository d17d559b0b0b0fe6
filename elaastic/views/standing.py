"""How a subscription stands, as its page shows it and refreshes it: the parts, the next step, the credentials."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.freshness import Archive, Freshness, archives_watched
from elaastic.models import RequestState, Subscription, SubscriptionState
from elaastic.selectors.subscriptions import Overview, live_subscription, state_of
from elaastic.views import words
from provisioning.domain.conditions import AT_REST, NEEDS_HUMAN, Condition, State
from provisioning.selectors.capacity import platforms
from provisioning.selectors.stacks import ResourceView, resources
from provisioning.services.clock import now

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
    move: str
    said: str
    external_id: str
    kind: str
    next_look: datetime | None


@dataclass(frozen=True)
class NextStep:
    """The one next thing, whose it is, and where it is done. `tone` is a callout's colour."""

    title: str
    text: str
    tone: str = "info"
    url: str = ""
    label: str = ""


@dataclass(frozen=True)
class Standing:
    """Everything on the page that can move by itself."""

    seen: Overview
    parts: tuple[Part, ...]
    ready: int
    step: NextStep
    archives: tuple[Archive, ...]
    every_s: int
    digest: str


def badge(state: str) -> tuple[str, str, Any]:
    """(colour class, icon, word) of a subscription's or request's state."""
    colour, _space, icon = BADGES.get(state, "mc-idle clock").partition(" ")
    return colour, icon, getattr(state, "label", state)


def standing(seen: Overview, *, may_act: bool) -> Standing:
    """Six queries at most, whatever the number of parts."""
    rows = resources(seen.subscription.stack_key)
    parts = tuple(part(row) for row in rows if not row.orphan)
    archives = tuple(archives_watched(seen.subscription))
    step = next_step(seen, archives, may_act=may_act)
    told = [(p.name, p.condition) for p in parts]
    open_request = seen.open_request
    return Standing(
        seen=seen,
        parts=parts,
        ready=sum(1 for p in parts if p.condition.state in (State.READY, State.RETAINED)),
        step=step,
        archives=archives,
        every_s=_pause(seen),
        digest=_digest(seen.state, told, seen.credentials, step, open_request and state_of(open_request)),
    )


def _digest(*told: Any) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _pause(seen: Overview) -> int:
    """0 at rest: nothing more happens until somebody acts."""
    asked = seen.open_request
    if asked is not None and state_of(asked) == RequestState.PLANNING:
        return _AT_WORK_S
    if not seen.subscription.approved_at or seen.subscription.closed_at or seen.subscription.ended_at:
        return 0
    if seen.condition.state in NEEDS_HUMAN:
        return _TRYING_S if words.whose_move(seen.condition) == "nobody" else 0
    activated = seen.subscription.activated_at is not None
    return 0 if seen.condition.state in AT_REST and activated else _AT_WORK_S


def part(row: ResourceView) -> Part:
    """One resource's row in words."""
    waiting = row.condition.state == State.PENDING and not row.condition.reason
    now = _("It waits for its turn.") if waiting else words.explain(row.condition)
    if row.condition.state == State.READY:
        now = _("It stands as approved.")
    move = "" if row.condition.state in AT_REST else words.whose_move(row.condition)
    return Part(
        name=row.name,
        title=words.resource_title(row.name),
        condition=row.condition,
        now=now,
        move=str(words.MOVES[move]) if move in ("region", "authority") else "",
        said=words.platform_said(row.condition),
        external_id=row.external_id,
        kind=row.kind,
        next_look=row.next_look,
    )


def next_step(seen: Overview, archives: Iterable[Archive] = (), *, may_act: bool) -> NextStep:
    """The order of the questions is the rule: a decision, then what is being built, then what is to be done."""
    row = seen.subscription
    if seen.open_request is not None and not row.approved_at:
        return _while_asked(seen)
    if seen.state == SubscriptionState.REJECTED:
        return _once_rejected(row, may_act=may_act)
    if seen.state == SubscriptionState.ENDED:
        return NextStep(_("This subscription has ended."), _("Nothing is to be done."), "idle")
    if seen.condition.state in NEEDS_HUMAN:
        return _while_stuck(seen)
    if seen.state == SubscriptionState.LEAVING:
        return _while_leaving(seen.subscription)
    if seen.state in (SubscriptionState.APPROVED, SubscriptionState.PROVISIONING, SubscriptionState.CHANGING):
        return NextStep(
            _("The region said yes: your space is being prepared."),
            _("You need not do anything. It usually takes less than a minute; you may close this page."),
        )
    if seen.state == SubscriptionState.SUSPENDED:
        return NextStep(
            _("The subscription is suspended."), _("Nothing new is written; you can still restore."), "warn"
        )
    late = next((archive for archive in archives if archive.state == Freshness.LATE), None)
    return _once_active(seen, late, may_act=may_act)


def _while_leaving(row: Subscription) -> NextStep:
    assert row.kept_until is not None
    said = {"day": date_format(row.kept_until, "d/m/Y")}
    if row.kept_until > now():
        return NextStep(
            _("Nothing new is copied; what was copied is kept until %(day)s.") % said,
            _("The restore key works until then: take away what you need."),
            "warn",
        )
    return NextStep(
        _("What was copied was kept until %(day)s, as promised.") % said,
        _("Nothing is deleted by itself: ask for the deletion when you have what you need."),
        "warn",
        reverse("purge", args=[row.public_id]),
        _("Delete what was kept…"),
    )


def _once_rejected(row: Subscription, *, may_act: bool) -> NextStep:
    title, live = _("This request did not become a subscription."), live_subscription(row.authority)
    if live is not None:
        url = reverse("subscription", args=[live.public_id])
        return NextStep(title, _("The authority has another one since."), "warn", url, _("Open the subscription"))
    text = _("Read the reason; you can ask again at any time.")
    return NextStep(title, text, "warn", reverse("ask") if may_act else "", _("Ask again"))


def _while_asked(seen: Overview) -> NextStep:
    asked = seen.open_request
    assert asked is not None
    url = reverse("request", args=[asked.public_id])
    if asked.planning_problem == "NoRoom":
        return NextStep(
            _("It does not fit at present."),
            _("The region must make room; the portal looks again every five minutes. You need not do anything."),
            "warn", url, _("See the request"),
        )  # fmt: skip
    if state_of(asked) == RequestState.PLANNING:
        return NextStep(
            _("The portal is preparing the plan."), _("It takes a few seconds."), "info", url, _("See the request")
        )
    return NextStep(
        _("It is the region's move: it reads the plan and decides."),
        _("You need not do anything. The plan is open to you too."),
        "info", url, _("See the plan"),
    )  # fmt: skip


def _while_stuck(seen: Overview) -> NextStep:
    if words.whose_move(seen.condition) == "nobody":
        return NextStep(
            _("It is us, not you: a platform of the region does not answer."),
            _("The portal goes on trying by itself; nothing that you asked for is lost. You need not do anything."),
            "warn",
        )
    return NextStep(
        _("Something has stopped, and it is the region's move."),
        _("The region's operators see it in their list. You need not do anything."),
        "warn",
    )


def _once_active(seen: Overview, late: Archive | None, *, may_act: bool) -> NextStep:
    waiting = seen.to_collect
    if waiting and may_act:
        return NextStep(
            _("Your space is ready: collect the credentials."),
            _("Each secret is shown once only. Have the place ready where you will keep it."),
            "good",
            reverse("reveal", args=[seen.subscription.public_id, waiting.name]),
            _("Collect: %(name)s") % {"name": words.CREDENTIALS[waiting.name][0]},
        )
    if waiting:
        return NextStep(
            _("Your space is ready."),
            _("The credentials are collected by somebody who acts for the authority: its owner or an operator."),
            "good",
        )
    if late is not None:
        since = date_format(localtime(late.newest_at or late.late_at), "d/m/Y, H:i")
        asks = _("Nothing new arrived in “%(archive)s” since %(since)s. Did the program run, and what did it say?")
        title = _("A copy is late: look at your backup program.")
        return NextStep(title, asks % {"archive": late.name, "since": since}, "bad")
    return NextStep(
        _("Make the first copy, then try to restore it."),
        _("A backup that was never restored is only a hope: take one file back with the restore key, today."),
        "good",
    )


def platform_trouble(seen: Overview) -> bool:
    """Does a platform of this subscription not answer, or wait for the region? From rows; no cloud is asked."""
    used = set(seen.subscription.placement.get("platforms", {}).values())
    return any(p.id in used and (p.held or not p.reachable) for p in platforms())
