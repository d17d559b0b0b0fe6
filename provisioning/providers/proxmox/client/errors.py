"""What a refusal of Proxmox means: one table, read from top to bottom; the first line that fits decides.

Domain errors are HTTP 500 with the text in the reason line (recorded from a real 9.2.11), so the text decides
there. Nothing here quotes a request.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from provisioning.domain.errors import AlreadyExists, PermanentError, PlatformDown, ProviderError, TemporaryError
from provisioning.providers.peer import Peer

PROXMOX: Final = Peer("Proxmox")
BACKUP_SERVER: Final = Peer("Proxmox Backup Server")


class NotThere(PermanentError):
    """A whitelisted not-found answer, the only thing that may become `Absent`."""

    reason = "NotThere"


class NobodyAnswers(TemporaryError):
    """A guest's agent says nothing: it has none, its system is not up, or it is off."""

    reason = "NobodyAnswers"


class BackupServerAway(PlatformDown):
    """The Backup Server beside a cluster does not answer; of the cluster this says nothing."""

    reason = "BackupServerAway"


class TaskFailed(PermanentError):
    """A task ended badly; `end` is its `exitstatus`."""

    reason = "TaskFailed"

    def __init__(self, doing: str, end: str) -> None:
        super().__init__(
            f"The task of Proxmox failed ({end or 'without a word'}), {doing}; the region's operator must look."
        )
        self.end = end


@dataclass(frozen=True)
class Said:
    """A refusal: `text` is the reason line, `wrong` names each parameter at fault."""

    doing: str
    status: int
    text: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"{self.text or 'without a word'}, HTTP {self.status}, while {self.doing}"


# Words of objects that the portal looks for by their whole name; anything else that is missing is a fault.
NOT_THERE: Final = re.compile(
    r"((delete|update) (pool|user) failed: )?(pool|user|group) '[^']+' does not exist"
    r"|(delete user failed: )?no such user \('[^']+'\)|no such token '[^']+' for user '[^']+'"
    r"|Configuration file 'nodes/[^']+\.conf' does not exist|no such task|sdn '[^']+' does not exist"
    r"|snapshot '[^']+' does not exist|volume '[^']+' does not exist"
)
_TAKEN: Final = re.compile(r"already exists|already defined|Token already exists")
_LOCK_FILE: Final = re.compile(r"can't lock file '[^']+' - got timeout")
_BUSY: Final = re.compile(r"is locked \(|got timeout|cfs-lock|no quorum")
_SILENT: Final = re.compile(
    r"guest agent is not running|No QEMU guest agent configured|VM \d+ is not running"
    r"|qmp command 'guest-[a-z-]+' failed - got timeout"
)
_DONE_BEFORE: Final = re.compile(r"^(Configuration file 'nodes/[^']+\.conf'|snapshot '[^']+') does not exist")
_NOT_EMPTY: Final = re.compile(r"is not empty")
# 595: the answering node found no way to the one asked for. 596 to 599: the way broke.
_NO_WAY, _BROKEN_WAY = frozenset({595}), frozenset({502, 503, 504, 596, 597, 598, 599})


def _down(said: Said) -> ProviderError:
    return PlatformDown(f"Proxmox or its node is not in service ({said.words}); the portal goes on trying.")


def _away(said: Said) -> ProviderError:
    return PlatformDown(f"The node cannot be reached ({said.words}); the portal goes on trying.", unsent=True)


def _odd(said: Said) -> ProviderError:
    return TemporaryError(f"Proxmox gave no usable answer ({said.words}); the portal looks again by itself.")


def _busy(said: Said) -> ProviderError:
    return TemporaryError(f"Proxmox is at work on it ({said.words}); the portal tries again by itself.")


def _waiting(said: Said) -> ProviderError:
    return TemporaryError(
        f"Somebody else changes it at the moment ({said.words}); the portal tries again by itself.", unsent=True
    )


def _silent(said: Said) -> ProviderError:
    return NobodyAnswers(f"Nobody answers in the guest ({said.words}); the portal asks again.", unsent=True)


def _later(said: Said) -> ProviderError:
    return TemporaryError(f"Proxmox asked for a pause ({said.words}); the portal tries again.", unsent=True)


def _forbidden(said: Said) -> ProviderError:
    return PermanentError(
        f"Proxmox forbids it ({said.words}); the region's operator must mend the portal's token or its role.",
        reason="Forbidden",
    )


def _invalid(said: Said) -> ProviderError:
    wrong = "; ".join(f"{name}: {text.strip()}" for name, text in said.wrong.items())
    return PermanentError(
        f"Proxmox does not accept it ({wrong or said.words}); whoever develops the portal must look."
    )


def _not_empty(said: Said) -> ProviderError:
    return PermanentError(
        f"It still holds something ({said.words}); whoever asked for its removal must empty it first.",
        reason="NotEmpty",
    )


def _refused(said: Said) -> ProviderError:
    return PermanentError(f"Proxmox refuses it for good ({said.words}); the region's operator must mend the cause.")


@dataclass(frozen=True)
class _Line:
    means: Callable[[Said], ProviderError]
    statuses: frozenset[int] = frozenset()
    text: re.Pattern[str] | None = None

    def fits(self, said: Said) -> bool:
        words = " ".join([said.text, *said.wrong.values()])
        return (not self.statuses or said.status in self.statuses) and (
            not self.text or bool(self.text.search(words))
        )


_REFUSALS: Final = frozenset({400, 500})
TABLE: Final = (
    _Line(_away, _NO_WAY),
    _Line(_down, _BROKEN_WAY),
    _Line(_later, frozenset({429})),
    _Line(_forbidden, frozenset({401, 403})),
    _Line(lambda s: NotThere(f"It is not there ({s.words})."), _REFUSALS, NOT_THERE),
    _Line(lambda s: AlreadyExists(f"The name is taken ({s.words})."), _REFUSALS, _TAKEN),
    _Line(_silent, _REFUSALS, _SILENT),
    _Line(_waiting, _REFUSALS, _LOCK_FILE),
    _Line(_busy, _REFUSALS, _BUSY),
    _Line(_not_empty, _REFUSALS, _NOT_EMPTY),
    _Line(_invalid, frozenset({400})),
    _Line(_odd, frozenset({500}), re.compile(r"^(Internal Server Error)?\s*$")),
    _Line(_refused, frozenset({500, 501})),
    _Line(_odd),
)


def is_idle(end: str) -> bool:
    """A task's end that says only that it had nothing to do: somebody else was at work, or had done it before."""
    return any(words.search(end) for words in (_LOCK_FILE, _BUSY, _DONE_BEFORE))


def translate(said: Said) -> ProviderError:
    """The error that `said` means."""
    return next(line for line in TABLE if line.fits(said)).means(said)
