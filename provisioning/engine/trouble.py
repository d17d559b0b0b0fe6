"""A call that did not succeed and may the next time: what the row says meanwhile, and when it is tried again."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from provisioning.domain.conditions import AWAY, Condition, State, condition
from provisioning.domain.errors import StillAtWork, TemporaryError
from provisioning.engine import claims
from provisioning.engine.claims import Claim
from provisioning.models import Resource

LONGEST_BACKOFF_S: Final = 900.0
QUIET: Final = timedelta(seconds=15)
TELL_AFTER: Final = timedelta(minutes=10)  # a platform down so long is worth a person's attention


def columns(what: Condition) -> dict[str, Any]:
    """A condition as the columns of a row."""
    return {"state": what.state, "reason": what.reason, "message": what.message}


def later(row: Resource, error: TemporaryError, now: datetime) -> dict[str, Any]:
    """The columns to write. Full jitter, doubled with each failure, unless the platform said when to come back."""
    if isinstance(error, StillAtWork):
        going_on = condition(State.PROGRESSING, error.reason, error.message)
        left = {"left_objects": error.left_objects, "left_bytes": error.left_bytes, "left_at": now}
        return {**columns(going_on), **left, "trouble_since": None, "failures": 0, "next_look": now}
    since = row.trouble_since or now
    ceiling = min(LONGEST_BACKOFF_S, 2.0 ** min(row.failures + 1, 10))
    wait = error.retry_after or random.uniform(0.2, ceiling)  # noqa: S311  (full jitter, not a secret)
    long = now - since >= TELL_AFTER
    return {
        **columns(condition(State.BLOCKED if long else State.PROGRESSING, error.reason, error.message)),
        "trouble_since": since,
        "failures": row.failures + 1,
        "next_look": now + timedelta(seconds=wait),
    }


def worth_asking(row: Resource, away: frozenset[str], now: datetime) -> datetime:
    """When the row's stack is looked at next. While its platform is away only the probe asks, and the breaker
    brings back what waits; a claim every second would be work for nothing.
    """
    assert row.next_look is not None
    return max(row.next_look, now + QUIET) if row.platform in away else row.next_look


def tell(claim: Claim, waiting: Iterable[Resource], now: datetime) -> None:
    """Nobody looks while the breaker is open, and a person must be told all the same when it takes long."""
    for row in waiting:
        if row.state == State.PROGRESSING and row.trouble_since and now - row.trouble_since >= TELL_AFTER:
            told = columns(condition(State.BLOCKED, "PlatformUnavailable"))
            if row.reason in AWAY:  # it says already what is away
                told |= {"reason": row.reason, "message": row.message}
            if claims.write_look(claim, row, **told):
                row.state, row.reason, row.message = told["state"], told["reason"], told["message"]
