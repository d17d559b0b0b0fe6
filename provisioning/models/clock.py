"""One clock for leases, looks and schedules: the database's. A worker's own wall clock decides nothing.

`monotonic` is the process's and is used only to hold an outside call against what is left of a lease.
Tests replace `clock.source` by a fake.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from django.db import connection


class Source(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """An aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, and go on while the process is stopped."""
        ...


class DatabaseSource:
    """Reads the database's clock, and carries it forward by the monotonic clock for a moment.

    A worker asks for the time a hundred times for one subscription; asking the database each time would cost more
    than the work. Two seconds of a monotonic clock drift by microseconds, and a stopped process sees them pass.
    """

    CARRY_S: Final = 2.0

    def __init__(self) -> None:
        self._read: tuple[float, datetime] | None = None

    def now(self) -> datetime:
        """The time of this moment, not of the transaction's start. SQLite's is the machine's own."""
        if connection.vendor == "sqlite":
            return datetime.now(UTC)
        began, read = self.monotonic(), self._read
        if read is not None and began - read[0] < self.CARRY_S:
            return read[1] + timedelta(seconds=began - read[0])
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            value: datetime = cursor.fetchone()[0]
        # From after the question: carried from before it, the time would run ahead by as long as that took, and the
        # next reading would step back.
        self._read = (self.monotonic(), value)
        return value

    def monotonic(self) -> float:
        """CLOCK_MONOTONIC."""
        return time.monotonic()


class Clock:
    """Holds the source, so that whoever imported `clock` sees a replacement too."""

    def __init__(self) -> None:
        self.source: Source = DatabaseSource()

    def now(self) -> datetime:
        """Now, by the source."""
        return self.source.now()

    def monotonic(self) -> float:
        """Seconds, by the source."""
        return self.source.monotonic()


clock = Clock()
