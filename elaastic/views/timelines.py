"""Timelines: what people decided and what the platforms did, each a past-tense line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from elaastic.models import Decision, Request, RequestKind
from elaastic.views import words
from provisioning.selectors.stacks import EventView

_BAD: Final = frozenset(
    {
        "Refused", "Forbidden", "TaskFailed", "SecretLost", "DoesNotStick", "DoesNotGo", "DoesNotFinish",
        "NameTaken", "NotThere", "QuotaExceeded", "NoHost", "ImageRefused", "ContentDiffers", "FileMissing",
        "TooLarge", "NoNumbers", "NoZone", "FirewallOff", "NoBackupStorage", "Encrypted", "NoIndex", "Unmarked",
    }
)  # fmt: skip
_WARN: Final = frozenset(
    {
        "PlatformUnavailable", "BackupServerAway", "PlatformBusy", "Vanished", "NeedsApproval", "AmbiguousCreate",
        "DatabaseRestored",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line, as `_timeline.html` wants it."""

    at: datetime
    text: str
    tone: str = "info"
    who: str = ""


def request_timeline(request: Request, plan_made_at: datetime | None) -> list[Entry]:
    """Asked, plan ready, decided, applied: newest first."""
    asker = str(request.requested_by or request.preapproved_by or _("the portal"))
    asked = (
        _("The portal asked for a repair.") if request.kind == RequestKind.REPAIR else _("The request was sent.")
    )
    entries = [Entry(request.created_at, asked, who=asker)]
    if plan_made_at:
        entries.append(Entry(plan_made_at, _("The plan was made.")))
    if request.decided_at:
        entries.append(_decision(request, request.decided_at))
    if request.applied_at:
        entries.append(Entry(request.applied_at, _("Everything that was approved is in place."), "good"))
    return sorted(entries, key=lambda e: e.at, reverse=True)


def _decision(request: Request, at: datetime) -> Entry:
    who = str(request.decided_by) if request.decided_by else ""
    sentences = {
        Decision.APPROVED: (_("The request was approved."), "good"),
        Decision.REJECTED: (_("The request was rejected: %(why)s") % {"why": request.note}, "bad"),
        Decision.WITHDRAWN: (_("The request was withdrawn."), "warn"),
    }
    text, tone = sentences.get(Decision(request.decision), (_("The request was superseded."), "info"))
    return Entry(at, text, tone, who)


def event_entries(events: Iterable[EventView]) -> list[Entry]:
    """A stack's events, newest first."""
    found = [Entry(e.at, words.event_sentence(e.resource, e.reason, e.message), _tone(e.reason)) for e in events]
    return found[::-1]


def _tone(reason: str) -> str:
    if reason in _BAD:
        return "bad"
    return "warn" if reason in _WARN else "info"
