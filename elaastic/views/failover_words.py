"""What a failover says to people: how far it is, how far a machine is, why one is left out."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy

from elaastic.selectors.failovers import FailoverState
from elaastic.views.drill_words import MACHINES as DRILLED
from elaastic.views.drill_words import Text

NOW: Final[Mapping[str, Text]] = {
    FailoverState.WAITING: gettext_lazy(
        "A drill was under way: it is being stopped and cleaned up first. It takes a minute or two, by itself."
    ),
    FailoverState.BRINGING: gettext_lazy("The images are being brought from your archive."),
    FailoverState.PLANNING: gettext_lazy("The images are here; the plan is being made and carried out."),
    FailoverState.STARTING: gettext_lazy("The machines start, group after group, and the portal waits for each."),
    FailoverState.STANDING: gettext_lazy("Every machine that was started has answered."),
    FailoverState.REMOVING: gettext_lazy("The region has agreed: the machines are being removed."),
    FailoverState.ENDED: gettext_lazy("The machines are off the reserve, which is free again."),
    FailoverState.CALLED_OFF: gettext_lazy("Nothing was started, and nothing is left of it."),
}
BADGES: Final[Mapping[str, tuple[str, str]]] = {
    FailoverState.WAITING: ("mc-info", "clock"),
    FailoverState.BRINGING: ("mc-info", "refresh"),
    FailoverState.PLANNING: ("mc-info", "refresh"),
    FailoverState.STARTING: ("mc-info", "refresh"),
    FailoverState.STANDING: ("mc-good", "check-circle"),
    FailoverState.REMOVING: ("mc-info", "refresh"),
    FailoverState.ENDED: ("mc-idle", "minus-circle"),
    FailoverState.CALLED_OFF: ("mc-idle", "minus-circle"),
}
# How far a machine is -> (word, colour, icon).
MACHINES: Final[Mapping[str, tuple[Text, str, str]]] = {
    **DRILLED,
    "brought": (gettext_lazy("Its image was brought"), "mc-info", "refresh"),
    "answered": (gettext_lazy("Runs, and has answered"), "mc-good", "check-circle"),
    "left_out": (gettext_lazy("Not started"), "mc-warn", "warning-circle"),
    "stuck": (gettext_lazy("Has stopped"), "mc-bad", "close-circle"),
    "removed": (gettext_lazy("Removed"), "mc-idle", "minus-circle"),
}
# Why a machine is not started, and what to do.
LEFT_OUT: Final[Mapping[str, Text]] = {
    "no_image": gettext_lazy("No usable image of it has arrived."),
    "form": gettext_lazy(
        "Its images are of a form or a size that the portal does not start (qcow2 and raw, on Proxmox vmdk too, up "
        "to 128 GiB): ask the region to do it by hand."
    ),
    "ContentDiffers": gettext_lazy("Its image is no longer what had arrived: ask the region to look at it."),
    "ImageGone": gettext_lazy("Its image is no longer in the archive."),
    "NoSize": gettext_lazy(
        "The platform has no size of machine with exactly its processors and memory: ask the region to make one."
    ),
    "NoStore": gettext_lazy(
        "No storage of the platform takes its image, or its disk: ask the region to make room."
    ),
}
OTHERWISE: Final = gettext_lazy("Its image could not be brought: ask the region to look at it.")
