"""The database's clock, moved on by hand: a wait of a minute costs nothing, and all processes agree about it."""

from datetime import datetime, timedelta

from provisioning.models.clock import DatabaseSource
from tests.faults.offset import Offset


class Shifted(DatabaseSource):
    """What the portal takes for the time. Monotonic stays the machine's: a stop is longer than it seems."""

    def __init__(self, offset: Offset) -> None:
        super().__init__()
        self.offset = offset

    def now(self) -> datetime:
        """The database's, and the offset."""
        return super().now() + timedelta(seconds=self.offset.seconds)

    def skip(self, seconds: float) -> None:
        """Let that much time pass."""
        self.offset.seconds += max(0.0, seconds)
