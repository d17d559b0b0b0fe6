"""The rows that are the truth."""

from provisioning.models.capacity import CapacityRow, Reservation
from provisioning.models.clock import clock
from provisioning.models.metering import ArchiveSample, ArrivedObject
from provisioning.models.numbers import Number
from provisioning.models.operation import Operation
from provisioning.models.plan import Plan
from provisioning.models.platform import Mark, OrphanSighting, PlatformState
from provisioning.models.stack import Event, Resource, Stack, StoredSecret
from provisioning.models.timetable import TimedWork

__all__ = [
    "ArchiveSample",
    "ArrivedObject",
    "CapacityRow",
    "Event",
    "Mark",
    "Number",
    "Operation",
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
