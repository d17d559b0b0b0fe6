"""The rows that are the truth."""

from provisioning.models.capacity import CapacityRow, Reservation
from provisioning.models.clock import clock
from provisioning.models.metering import ArchiveSample
from provisioning.models.plan import Plan
from provisioning.models.platform import Mark, OrphanSighting, PlatformState
from provisioning.models.stack import Event, Resource, Stack, StoredSecret
from provisioning.models.timetable import TimedWork

__all__ = [
    "ArchiveSample",
    "CapacityRow",
    "Event",
    "Mark",
    "OrphanSighting",
    "Plan",
    "PlatformState",
    "Reservation",
    "Resource",
    "Stack",
    "StoredSecret",
    "TimedWork",
    "clock",
]
