"""One clock for leases, looks and schedules: the database's. A worker's own wall clock decides nothing.

`monotonic` is the process's and is used only to hold an outside call against what is left of a lease.
Tests replace `clock.source` by a fake.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

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
    """Asks the database; SQLite's is the machine's own, which is right for one machine."""

    def now(self) -> datetime:
        """The time of this moment, not of the transaction's start."""
        if connection.vendor == "sqlite":
            return datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            value: datetime = cursor.fetchone()[0]
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
