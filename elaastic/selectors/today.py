"""Which day it is where the agreements are kept: the database's clock, on an Italian calendar."""

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from provisioning.services.clock import now

ROME: Final = ZoneInfo("Europe/Rome")


def today() -> date:
    """The day in Italy."""
    return now().astimezone(ROME).date()
