"""What an export says to people: how far it is, how far a machine is, why one was left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.models import ExportState
from elaastic.views.drill_words import Text
from provisioning.domain import course

BADGES: Final[Mapping[str, tuple[str, str]]] = {
    ExportState.RUNNING: ("mc-info", "refresh"),
    ExportState.CLEANING: ("mc-info", "refresh"),
    ExportState.EXPORTED: ("mc-good", "check-circle"),
    ExportState.INCOMPLETE: ("mc-bad", "close-circle"),
    ExportState.STOPPED: ("mc-idle", "minus-circle"),
}
STAGES: Final[Mapping[str, Text]] = {
    course.TAKE: gettext_lazy("Images of the machines are being made, all at once."),
    course.CARRY: gettext_lazy("The images are being brought into your archive, one after the other."),
    course.CLEAN: gettext_lazy("What was made for it on the platform is being removed."),
}
# How far a machine is -> (word, colour, icon).
MACHINES: Final[Mapping[str, tuple[Text, str, str]]] = {
    "asked": (gettext_lazy("Its image is being made"), "mc-info", "refresh"),
    "taken": (gettext_lazy("Its image waits to be brought"), "mc-info", "clock"),
    "brought": (gettext_lazy("Its image is being put into the archive"), "mc-info", "refresh"),
    "stored": (gettext_lazy("In the archive"), "mc-good", "check-circle"),
    "left_out": (gettext_lazy("Not exported"), "mc-bad", "close-circle"),
    "not_reached": (gettext_lazy("Was not reached"), "mc-idle", "minus-circle"),
}
LEFT_OUT: Final[Mapping[str, Text]] = {
    "MachineGone": gettext_lazy("It did not stand when the export began."),
    "NotThere": gettext_lazy("It did not stand when the export began."),
    "TooLarge": gettext_lazy(
        "Its image is larger than the 128 GiB that the portal carries: take what it wrote home from inside the "
        "machine, or call the region."
    ),
    "QuotaExceeded": gettext_lazy("Your archive has no room for it: ask for more space, then export again."),
    "TooSlow": gettext_lazy("The platform made no image of it within an hour: try again, or call the region."),
    "PlatformUnavailable": gettext_lazy("Its platform did not answer for an hour: try again, or call the region."),
    "BackupServerAway": gettext_lazy(
        "The Backup Server by which it comes home did not answer for an hour: try again, or call the region."
    ),
    "NoBackupStorage": gettext_lazy(
        "Its platform has no way home for machines yet: ask the region to bring it home by hand."
    ),
    "Encrypted": gettext_lazy(
        "Its platform encrypts what would come home, and nobody could read it: ask the region to bring it home by "
        "hand."
    ),
    "NoIndex": gettext_lazy("It has more than one disk, or none: ask the region to bring it home by hand."),
    "TaskFailed": gettext_lazy("The platform could not make an image of it: try again, or call the region."),
}
_OTHERWISE: Final = gettext_lazy("It could not be brought into the archive: try again, or call the region.")


def why(code: str) -> str:
    """Why a machine was left out, and what to do; "" where it was not."""
    return str(LEFT_OUT.get(code, _OTHERWISE)) if code else ""


def moment(stored_at: str) -> datetime:
    """As pages show it."""
    return datetime.fromisoformat(stored_at)


def last(at: datetime | None, image: str) -> str:
    """Of one machine, before it goes."""
    if at is None:
        return _("nothing of what it wrote was exported: it goes for good.")
    said = formats.date_format(timezone.localtime(at), "d/m/Y, H:i")
    return _("exported on %(at)s as %(image)s. What it wrote since goes for good.") % {"at": said, "image": image}
