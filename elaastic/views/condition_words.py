"""What a condition says in front of a municipal technician: a sentence, and whose move it is.

The names of the left column are stable; the sentences may be reworded.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from provisioning.domain.conditions import REASONS, Condition

# reason -> the sentence for people. The same keys as provisioning's REASONS: a test holds them together.
CONDITIONS: Final[Mapping[str, str | Promise]] = {
    "Waiting": gettext_lazy("It waits for another part to be ready."),
    "Creating": gettext_lazy("It is being created."),
    "Updating": gettext_lazy("It is being brought to its approved shape."),
    "Deleting": gettext_lazy("It is being removed, as approved."),
    "Confirming": gettext_lazy("It seems to be gone: the portal looks a second time to be sure."),
    "PlatformBusy": gettext_lazy("The platform is busy: the portal tries again by itself."),
    "PlatformUnavailable": gettext_lazy(
        "The region's platform does not answer: the portal goes on trying by itself."
    ),
    "PlatformRemoved": gettext_lazy(
        "The region file no longer names this platform: it must be put back or retired."
    ),
    "DatabaseRestored": gettext_lazy(
        "The platform knows more than the database: the report must be read and accepted."
    ),
    "AmbiguousCreate": gettext_lazy(
        "The answer to the creation was lost: the region says whether the object was made or must be made again."
    ),
    "NameTaken": gettext_lazy(
        "An object of somebody else has this name: it must be renamed or removed, then tried again."
    ),
    "Vanished": gettext_lazy("It was there and is gone: a plan that says so must be approved to make it again."),
    "NeedsApproval": gettext_lazy("It no longer has its approved shape: a repair plan waits for approval."),
    "DoesNotStick": gettext_lazy("Three corrections did not last: something else keeps changing it back."),
    "DoesNotFinish": gettext_lazy(
        "The platform has been at work on it for two hours: the region looks at it there, and removes it there if "
        "it is stuck. The portal does the rest by itself."
    ),
    "DoesNotGo": gettext_lazy(
        "Eight removals did not last: what keeps it must be found, then the removal tried again."
    ),
    "TaskFailed": gettext_lazy(
        "The platform's own task failed three times: its log must be read, then tried again."
    ),
    "Refused": gettext_lazy("The platform refused: the cause that it names must be mended, then tried again."),
    "Forbidden": gettext_lazy("The portal's credentials on this platform do not allow it: they must be mended."),
    "Emptying": gettext_lazy("Its copies are being deleted, as approved; with many of them it takes a while."),
    "Locked": gettext_lazy("It holds copies whose lock has not ended: nobody can delete them before their time."),
    "NotEmpty": gettext_lazy("It still holds data, and data is never deleted in passing."),
    "InUse": gettext_lazy("A recovery point is in use: it will be removed when the work on it ends."),
    "Defect": gettext_lazy("The portal itself has a fault here: the region must read its log, then try again."),
    "SecretLost": gettext_lazy("The vault cannot open its secret: the missing key must be put back."),
    "NotThere": gettext_lazy(
        "What it stands on is gone from the platform: the region finds out who removed it, then tries again."
    ),
    "QuotaExceeded": gettext_lazy(
        "The quota on the region's platform is full: it must be raised, or something freed, then tried again."
    ),
    "NoHost": gettext_lazy(
        "No host of the region's platform has room for this machine: room must be made, then tried again."
    ),
    "ImageRefused": gettext_lazy(
        "The file is not the disk image that it is said to be: the machine must be exported again and a good "
        "image uploaded."
    ),
    "ContentDiffers": gettext_lazy(
        "The platform holds other content than what was sent: the image must be made again."
    ),
    "FileMissing": gettext_lazy(
        "The image's file cannot be read where it should be: it must be put back, then tried again."
    ),
    "NoNumbers": gettext_lazy(
        "The region's platform has no number left for this machine or network: the region must widen its range, "
        "then try again."
    ),
    "NoZone": gettext_lazy(
        "The region's platform has no zone for isolated networks: the region must make one, then try again."
    ),
    "NobodyAnswers": gettext_lazy("Nobody answers inside the machine yet: the portal asks again by itself."),
    "FirewallOff": gettext_lazy(
        "The firewall of the region's platform is switched off, so the machine is not started: the region must "
        "switch it on, then try again."
    ),
    "BackupServerAway": gettext_lazy(
        "The Backup Server beside the region's Proxmox does not answer: the portal goes on trying by itself."
    ),
    "NoBackupStorage": gettext_lazy(
        "The region's Proxmox has no storage for backups of machines: the region must make one and name it."
    ),
    "Encrypted": gettext_lazy(
        "Backups of machines are encrypted there, and nobody could read them: the region must take the key away."
    ),
    "NoIndex": gettext_lazy("This machine does not have exactly one disk: the region must bring it home by hand."),
    "Unmarked": gettext_lazy(
        "There is a backup of this machine that does not say whose it is: the region must find out and remove it."
    ),
    "TooLarge": gettext_lazy(
        "The image's file is larger than what the portal sends at once: the region must register it by hand."
    ),
}

MOVES: Final[Mapping[str, str | Promise]] = {
    "nobody": gettext_lazy("Nobody has to do anything: the portal goes on by itself."),
    "authority": gettext_lazy("It is your move."),
    "region": gettext_lazy("It is the region's move."),
}


def explain(condition: Condition) -> str:
    """The sentence of a condition, in the reader's language; '' when there is nothing to say."""
    known = CONDITIONS.get(condition.reason)
    return str(known) if known else (condition.message if condition.reason else "")


def platform_said(condition: Condition) -> str:
    """What the far side answered, without the reason's own sentence: for the region's people."""
    sentence = REASONS.get(condition.reason, ("", ""))[1]
    said = condition.message
    return said.partition(sentence)[2].strip() if sentence and sentence in said else said


def whose_move(condition: Condition) -> str:
    """nobody, authority or region; what nobody listed is the region's to look at."""
    return REASONS.get(condition.reason, ("region", ""))[0]
