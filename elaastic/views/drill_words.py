"""What a drill says to people: the stages, how far a machine is, why it did not pass."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisioning.domain import course

Text = str | Promise
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400

STAGES: Final[Mapping[str, Text]] = {
    course.IMAGES: gettext_lazy("The images are being brought from the archive to the platform."),
    course.PAUSE: gettext_lazy("Group %(group)s waits, as the plan says."),
    course.PEOPLE: gettext_lazy("Group %(group)s waits for people: do what is written below, then say so."),
    course.START: gettext_lazy("The machines of group %(group)s are being started."),
    course.CHECK: gettext_lazy("The machines of group %(group)s run; the portal waits for their answer."),
    course.CLEAN: gettext_lazy("Everything that was started is being removed."),
}

# how far -> (word, colour, icon)
MACHINES: Final[Mapping[str, tuple[Text, str, str]]] = {
    "waiting": (gettext_lazy("Waits for its image"), "mc-idle", "clock"),
    "imported": (gettext_lazy("Its image is there"), "mc-info", "refresh"),
    "asked": (gettext_lazy("Is being started"), "mc-info", "refresh"),
    "started": (gettext_lazy("Runs, and has not answered yet"), "mc-info", "refresh"),
    "answered": (gettext_lazy("Came back"), "mc-good", "check-circle"),
    "at_fault": (gettext_lazy("Did not come back"), "mc-bad", "close-circle"),
    "not_reached": (gettext_lazy("Was not reached"), "mc-idle", "minus-circle"),
}

# reason -> why, and what to do; the engine's own reasons have theirs in `words`.
REASONS: Final[Mapping[str, Text]] = {
    "ContentDiffers": gettext_lazy(
        "The image of %(machine)s is no longer what had arrived. Upload it again, and tell the region."
    ),
    "ImageRefused": gettext_lazy(
        "The image of %(machine)s is damaged: the platform does not take it for a disk. Upload a new one."
    ),
    "NoAnswer": gettext_lazy(
        "%(machine)s started and did not say within its time what the plan expects. Read its console below: either "
        "the image is bad, or the plan expects another text."
    ),
    "AgentSilent": gettext_lazy(
        "%(machine)s started, and the agent inside it did not answer within its time. Either nothing boots from "
        "the image, or no guest agent is installed in it: install it at home, and upload a new image."
    ),
    "PortClosed": gettext_lazy(
        "%(machine)s started, and the port that the plan expects was not open within its time. Read below what was "
        "answered: either the image is bad, or the plan expects another port."
    ),
    "PageMissing": gettext_lazy(
        "%(machine)s started, and the page that the plan expects did not come within its time. Read below what was "
        "answered: either the image is bad, or the plan expects another page."
    ),
    "CannotAsk": gettext_lazy(
        "In %(machine)s there is no program that could ask for the port or the page (curl, bash or wget). This "
        "says nothing about the backup; install curl at home, or have the agent alone checked."
    ),
    "ImageGone": gettext_lazy(
        "The image of %(machine)s is no longer in the archive. Nothing was shown; begin another drill."
    ),
    "NoSize": gettext_lazy(
        "The platform has no size of machine with exactly the processors and memory of %(machine)s. This says "
        "nothing about the backup; the region must add one."
    ),
    "NoStore": gettext_lazy(
        "The platform has no storage with room for %(machine)s. This says nothing about the backup; the region "
        "must make room."
    ),
    "NoHost": gettext_lazy(
        "The platform had no host for %(machine)s. This says nothing about the backup; the region must make room."
    ),
    "TooSlow": gettext_lazy(
        "The platform did not get ready in time. This says nothing about the backup; the region was busy or ill."
    ),
    "SpoolFull": gettext_lazy(
        "The region's worker had no room for the image of %(machine)s. This says nothing about the backup; the "
        "region must make room."
    ),
    "SwitchedOff": gettext_lazy(
        "%(machine)s was switched off meanwhile. This says nothing about the backup; try again."
    ),
    "SiteDown": gettext_lazy(
        "The site went down while the machines were starting. This says nothing about the backup; try again later."
    ),
    "Vanished": gettext_lazy(
        "Somebody removed %(machine)s from the platform meanwhile. This says nothing about the backup; try again."
    ),
}


def duration(seconds: int) -> str:
    """As people read a stop-watch: the two largest units."""
    if seconds < _MINUTE:
        return _("%(s)s s") % {"s": seconds}
    if seconds < _HOUR:
        return _("%(m)s min %(s)s s") % {"m": seconds // _MINUTE, "s": seconds % _MINUTE}
    if seconds < _DAY:
        return _("%(h)s h %(m)s min") % {"h": seconds // _HOUR, "m": seconds % _HOUR // _MINUTE}
    return _("%(d)s days %(h)s h") % {"d": seconds // _DAY, "h": seconds % _DAY // _HOUR}
