"""Mails about what was said and decided: handed over by workers, each by one, again when no server took it."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet

from elaastic.models import Message, Request
from elaastic.notifications import tell_decision, tell_message
from provisioning.services.clock import now

log = logging.getLogger(__name__)

AT_ONCE: Final = 200
# A mail server that does not answer is asked again after this; a worker that dies while it tells costs as much.
TELL_AGAIN: Final = timedelta(minutes=5)
Row = TypeVar("Row", bound=Model)


def tick() -> None:
    """Everybody who has yet to be told of a message or a decision."""
    rows = Message.objects.select_related("subscription__authority", "request__requested_by__accountable", "author")
    hand_over(rows, tell_message)
    decided = Request.objects.select_related("subscription__authority", "requested_by__accountable", "decided_by")
    hand_over(decided, tell_decision)


def hand_over(rows: "QuerySet[Row]", tell: Callable[[Row], None]) -> None:
    """Tell what is due, by the columns `tell_due` and `told_at`: whoever moves `tell_due` has it."""
    moment = now()
    for row in rows.filter(tell_due__lte=moment).order_by("pk")[:AT_ONCE]:
        known: Any = row
        mine = rows.model._default_manager.filter(pk=row.pk, tell_due=known.tell_due)
        if not mine.update(tell_due=moment + TELL_AGAIN):
            continue
        try:
            tell(row)
        except OSError as error:  # the mail server; a later look tries again
            log.warning("Nobody could be told of %s %s: %s", type(row).__name__, row.pk, error)
            continue
        rows.model._default_manager.filter(pk=row.pk).update(told_at=now(), tell_due=None)
