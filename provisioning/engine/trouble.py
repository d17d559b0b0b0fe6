"""A call that did not succeed and may the next time: what the row says meanwhile, and when it is tried again."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

from provisioning.domain.conditions import State, condition
from provisioning.domain.errors import TemporaryError
from provisioning.models import Resource

LONGEST_BACKOFF_S: Final = 900.0
TELL_AFTER: Final = timedelta(minutes=10)  # a platform down so long is worth a person's attention


def later(row: Resource, error: TemporaryError, now: datetime) -> dict[str, Any]:
    """The columns to write. Full jitter, doubled with each failure, unless the platform said when to come back."""
    since = row.trouble_since or now
    ceiling = min(LONGEST_BACKOFF_S, 2.0 ** min(row.failures + 1, 10))
    wait = error.retry_after or random.uniform(0.2, ceiling)  # noqa: S311  (full jitter, not a secret)
    long = now - since >= TELL_AFTER
    what = condition(State.BLOCKED if long else State.PROGRESSING, error.reason, error.message)
    return {
        "state": what.state,
        "reason": what.reason,
        "message": what.message,
        "trouble_since": since,
        "failures": row.failures + 1,
        "next_look": now + timedelta(seconds=wait),
    }
