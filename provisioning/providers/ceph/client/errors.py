"""What a gateway's refusal means: one table, read from top to bottom; the first line that fits decides.

Nothing here quotes a request: Admin Ops carries secrets in its query string.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provisioning.domain.errors import (
    AlreadyExists,
    PermanentError,
    PlatformDown,
    ProviderError,
    TemporaryError,
)
from provisioning.providers.peer import Peer

CEPH: Final = Peer("Ceph")


class NotThere(PermanentError):
    """A whitelisted not-found answer, the only thing that may become `Absent`. `code` is RGW's."""

    reason = "NotThere"

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Said:
    """A refusal. `code` is RGW's, "" when the body was not RGW's; `retry_after` in seconds, from the header.

    `own_key`: signed with the portal's key, and not with one that the engine made a moment ago.
    """

    doing: str  # "reading the user x$owner", for the message
    status: int
    code: str = ""
    retry_after: float | None = None
    own_key: bool = True

    @property
    def words(self) -> str:
        return f"{self.code or 'no code of its own'}, HTTP {self.status}, while {self.doing}"


NOT_THERE: Final = frozenset(
    {
        "NoSuchUser",
        "NoSuchKey",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "NoSuchTagSet",
        "NoSuchTagSetError",
    }
)
_TAKEN: Final = frozenset(
    {"UserAlreadyExists", "KeyExists", "BucketAlreadyExists", "BucketAlreadyOwnedByYou", "EmailExists"}
)
_BUSY: Final = frozenset({"OperationAborted", "ConcurrentModification", "Busy"})
_NO_ENTRY: Final = frozenset({401, 403})


def _later(said: Said) -> ProviderError:
    return TemporaryError(
        f"The Ceph gateway asked for a pause ({said.words}); the portal tries again by itself.",
        retry_after=said.retry_after,
        unsent=True,
    )


def _down(said: Said) -> ProviderError:
    return PlatformDown(f"The Ceph gateway is not in service ({said.words}); the portal goes on trying.")


def _odd(said: Said) -> ProviderError:
    return TemporaryError(
        f"The Ceph gateway gave no usable answer ({said.words}); the portal looks again by itself."
    )


def _key_refused(said: Said) -> ProviderError:
    return TemporaryError(
        f"The gateway does not let the archive's owner in ({said.words}): its key is too new, or it is suspended. "
        "The portal tries again by itself."
    )


def _forbidden(said: Said) -> ProviderError:
    return PermanentError(
        f"The Ceph gateway forbids it ({said.words}); the region's operator must mend the portal's caps or key.",
        reason="Forbidden",
    )


def _refused(said: Said) -> ProviderError:
    return PermanentError(
        f"The Ceph gateway refuses it for good ({said.words}); the region's operator must mend the cause."
    )


def _full(said: Said) -> ProviderError:
    return PermanentError(
        f"The archive has no room for it ({said.words}); the authority must ask for more space.",
        reason="QuotaExceeded",
    )


def _not_empty(said: Said) -> ProviderError:
    return PermanentError(
        f"It still holds data ({said.words}); whoever asked for its removal must empty it first.",
        reason="NotEmpty",
    )


@dataclass(frozen=True)
class _Line:
    """Empty sets fit everything."""

    means: Callable[[Said], ProviderError]
    codes: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    only: Callable[[Said], bool] = lambda said: True

    def fits(self, said: Said) -> bool:
        by_code = not self.codes or said.code in self.codes
        by_status = not self.statuses or said.status in self.statuses
        return by_code and by_status and self.only(said)


TABLE: Final = (
    # A 404 without one of these codes is some proxy's, and says nothing about the object.
    _Line(
        lambda s: NotThere(f"There is no such thing ({s.words}).", s.code),
        codes=NOT_THERE,
        statuses=frozenset({404}),
    ),
    _Line(_later, codes=frozenset({"SlowDown"})),
    _Line(_later, statuses=frozenset({429})),
    _Line(_down, statuses=frozenset({502, 503, 504})),
    _Line(_full, codes=frozenset({"QuotaExceeded"})),
    # The owner's key opens everything of its own, unless a gateway does not know it yet (they learn of a new key
    # one after the other, and RGW 16 says AccessDenied and nothing finer) or the owner is suspended. Both pass;
    # a key that is really gone shows in its own row.
    _Line(_key_refused, statuses=_NO_ENTRY, only=lambda s: not s.own_key),
    # A clock that is mended by its time service: no reason to call every resource failed.
    _Line(_odd, codes=frozenset({"RequestTimeTooSkewed"})),
    _Line(_forbidden, statuses=_NO_ENTRY),
    _Line(_not_empty, codes=frozenset({"BucketNotEmpty"})),
    _Line(_refused, codes=frozenset({"InvalidBucketState"})),
    _Line(_odd, codes=_BUSY),
    _Line(lambda s: AlreadyExists(f"The name is taken ({s.words})."), codes=_TAKEN),
    _Line(lambda s: AlreadyExists(f"The name is taken ({s.words})."), statuses=frozenset({409})),
    _Line(_refused, only=lambda s: 400 <= s.status < 500 and bool(s.code)),
    _Line(_odd),
)


def translate(said: Said) -> ProviderError:
    """The error that `said` means."""
    return next(line for line in TABLE if line.fits(said)).means(said)
