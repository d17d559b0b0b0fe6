"""The state of a resource or stack as people see it, with its reason and whose move it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """The eight words. `READY`, `RETAINED` and `GONE` are rest; the `NEEDS_HUMAN` ones wait for a person."""

    PENDING = "pending"
    PROGRESSING = "progressing"
    READY = "ready"
    DRIFTED = "drifted"
    BLOCKED = "blocked"
    FAILED = "failed"
    RETAINED = "retained"
    GONE = "gone"


AT_REST: Final = frozenset({State.READY, State.RETAINED, State.GONE})
NEEDS_HUMAN: Final = frozenset({State.DRIFTED, State.BLOCKED, State.FAILED})
# Reasons that say what does not answer, by its name; and all those that mend themselves and are tried all the time,
# though a person is told after ten minutes.
AWAY: Final = frozenset({"PlatformUnavailable", "BackupServerAway"})
GOES_ON_TRYING: Final = AWAY | {"PlatformBusy", "DatabaseRestored"}


@dataclass(frozen=True)
class Condition:
    """`reason` is CamelCase and stable, `message` a sentence that says what happened and the next step."""

    state: State
    reason: str = ""
    message: str = ""


# reason -> (whose move: "nobody" | "authority" | "region", sentence). Operators and clients may rely on the keys.
REASONS: Final[dict[str, tuple[str, str]]] = {
    "": ("nobody", ""),
    "Waiting": ("nobody", "Waiting for what it depends on."),
    "Creating": ("nobody", "It is being created."),
    "Updating": ("nobody", "It is being brought to its approved shape."),
    "Deleting": ("nobody", "It is being removed, as approved."),
    "Confirming": ("nobody", "It looks gone; a second look will confirm it."),
    "PlatformBusy": ("nobody", "The platform is busy; the portal tries again by itself."),
    "PlatformUnavailable": ("nobody", "The platform does not answer; the portal goes on trying."),
    "PlatformRemoved": ("region", "The region file no longer lists this platform; put it back or retire it."),
    "DatabaseRestored": ("region", "The platform is ahead of the database; read the report and accept it."),
    "AmbiguousCreate": (
        "region",
        "The answer to a create was lost. Adopt the object if it was made, or retry if it was not.",
    ),
    "NameTaken": ("region", "Somebody else's object has this name; rename or remove it, then retry."),
    "Vanished": ("region", "It was there and is gone. A plan that says so must be approved to make it again."),
    "NeedsApproval": ("region", "It no longer has its approved shape. A repair plan waits for approval."),
    "DoesNotStick": ("region", "Three updates did not last: something else keeps changing it back."),
    "DoesNotFinish": (
        "region",
        "The platform has been at work on it for two hours; look at it there, and remove it there if it is stuck. "
        "The portal goes on looking, and does the rest by itself.",
    ),
    "DoesNotGo": ("region", "It was removed eight times and is still there; find out what keeps it, then retry."),
    "TaskFailed": ("region", "The platform's own task failed three times; read its log, then retry."),
    "Refused": ("region", "The platform refused; mend the cause it names, then retry."),
    "Forbidden": ("region", "The portal's credentials on this platform do not allow it; mend them, then retry."),
    "NotEmpty": ("region", "It still holds data, and data is never deleted by the way."),
    "Emptying": ("nobody", "Its copies are being deleted, as approved; with many of them it takes a while."),
    "Locked": ("nobody", "It holds copies whose lock has not ended; nobody can delete them before their time."),
    "InUse": ("nobody", "A recovery point in use is pinned; it will be removed when the work on it ends."),
    "Defect": ("region", "The portal met a defect of its own here: report it with its log, then retry."),
    "SecretLost": ("region", "The vault cannot decrypt its secret; put the missing key back."),
    "NotThere": ("region", "What it stands on is gone from the platform; find out who removed it, then retry."),
    "QuotaExceeded": ("region", "The platform's quota is full; raise it or free something, then retry."),
    "NoHost": ("region", "No host of the platform has room for this machine; make room, then retry."),
    "ImageRefused": ("authority", "The file is not the disk image that it is said to be; upload a good one."),
    "ContentDiffers": ("region", "The platform holds other content than what was sent; have another image made."),
    "FileMissing": ("region", "The image's file cannot be read by the workers; put it back, then retry."),
    "NoNumbers": ("region", "The portal's range of numbers on this platform is used up; widen it, then retry."),
    "NoZone": ("region", "The platform has no zone for the portal's networks; make one, name it, then retry."),
    "NobodyAnswers": ("nobody", "Nobody answers inside the machine yet; the portal asks again."),
    "FirewallOff": ("region", "The cluster's firewall is switched off; switch it on, then retry."),
    "BackupServerAway": ("nobody", "The Proxmox Backup Server does not answer; the portal goes on trying."),
    "NoBackupStorage": (
        "region",
        "The cluster has no storage for guests' backups; make one, name it, then retry.",
    ),
    "Encrypted": (
        "region",
        "Guests' backups are encrypted there, and nobody could read them; take the key away.",
    ),
    "NoIndex": ("region", "A guest's backup does not have exactly one disk; bring that machine home by hand."),
    "Unmarked": ("region", "A backup does not say whose it is; find out, remove or mark it, then retry."),
    "TooLarge": ("region", "The image's file is larger than a worker sends at once; register it by hand."),
}


def condition(state: State, reason: str = "", detail: str = "") -> Condition:
    """A condition whose message is the reason's sentence, followed by what the platform said. A reason without a
    sentence must not end a reconcile: its message then says it all.
    """
    sentence = REASONS.get(reason, ("region", ""))[1]
    return Condition(state, reason, f"{sentence} {detail}".strip())
