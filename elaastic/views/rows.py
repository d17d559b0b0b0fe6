"""Rows of the region's lists: requests and stacks with the authority they are about, at a constant cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from elaastic.levels import LEVELS
from elaastic.levels.archives import copies_of
from elaastic.models import Request, Subscription
from elaastic.selectors.subscriptions import state_of
from elaastic.views import words
from elaastic.views.condition_words import explain, whose_move
from elaastic.views.standing import badge
from provisioning.selectors.stacks import StackView


@dataclass(frozen=True)
class RequestRow:
    """One request of a list."""

    request: Request
    state: str
    badge: tuple[str, str, Any]
    what: str


@dataclass(frozen=True)
class StackRow:
    """One stack of a list; `subscription` is None for a stack that is none's."""

    stack: StackView
    subscription: Subscription | None
    now: str
    move: str

    @property
    def waits(self) -> bool:
        """For a person at the region."""
        return self.stack.condition.state in ("failed", "blocked", "drifted") and self.move != "nobody"


def request_rows(rows: Iterable[Request]) -> list[RequestRow]:
    """With their states and what is asked in a few words."""
    return [RequestRow(r, state_of(r), badge(state_of(r)), in_short(r)) for r in rows]


def in_short(request: Request) -> str:
    """`Level 1 – Base, 500 GiB on 3 sites`."""
    terms = request.terms
    numbers = (copies_of(terms, archive) for archive in terms.get("archives", ()))
    return _("Level %(level)s, %(space)s on %(copies)s sites") % {
        "level": f"{request.level} – {_(LEVELS[request.level].name)}",
        "space": words.gib(terms.get("quota_gib", 0)),
        "copies": max(numbers, default="?"),
    }


def stack_rows(stacks: Sequence[StackView]) -> list[StackRow]:
    """One query for all the subscriptions."""
    keys = [s.key for s in stacks]
    known = {s.stack_key: s for s in Subscription.objects.filter(stack_key__in=keys).select_related("authority")}
    return [StackRow(s, known.get(s.key), explain(s.condition), whose_move(s.condition)) for s in stacks]
