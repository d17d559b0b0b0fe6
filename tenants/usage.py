"""How much of the API a caller used in the present minute, counted in the database.

One statement a call, so that any number of web processes agree; the minute is the database's.
"""

from dataclasses import dataclass
from typing import Final

from django.db import connection

# 225 authorities are onboarded in a minute or two at this rate; a loop gone mad is stopped all the same.
CALLS_PER_MINUTE: Final = 6000
# Nobody who is not signed in has more to ask than levels, estimates and the state of the service.
ANONYMOUS_CALLS_PER_MINUTE: Final = 600

_SECONDS: Final = {
    "sqlite": "CAST(strftime('%%s', 'now') AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM statement_timestamp()) AS BIGINT)",
}
_COUNT: Final = """
INSERT INTO tenants_callcount (caller, minute, calls) VALUES (%s, {seconds} / 60, 1)
ON CONFLICT (caller) DO UPDATE SET
    calls = CASE WHEN tenants_callcount.minute = excluded.minute THEN tenants_callcount.calls + 1 ELSE 1 END,
    minute = excluded.minute
RETURNING calls, 60 - {seconds} %% 60
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the headers say: calls a minute, calls left in it, seconds until the next one begins."""

    limit: int
    used: int
    reset_s: int

    @property
    def remaining(self) -> int:
        """Never below zero."""
        return max(0, self.limit - self.used)

    @property
    def exhausted(self) -> bool:
        """The call that reads this is one too many."""
        return self.used > self.limit


def present_minute() -> int:
    """Minutes since 1970, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_SECONDS[connection.vendor]} / 60", [])
        return int(cursor.fetchone()[0])


def count_call(caller: str, *, limit: int) -> Allowance:
    """Count one call of `caller` (a name of at most 80 characters) and say what is left."""
    statement = _COUNT.format(seconds=_SECONDS[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute(statement, [caller])
        used, reset_s = cursor.fetchone()
    return Allowance(limit, int(used), int(reset_s))
