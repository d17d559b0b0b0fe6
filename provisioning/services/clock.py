"""The one clock, for those above."""

from datetime import datetime

from provisioning.models import clock


def now() -> datetime:
    """The database's time."""
    return clock.now()
