"""What an OpenStack service's refusal means. Nothing here quotes a request or an answer's text."""

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

OPENSTACK: Final = Peer("OpenStack")


class NotThere(PermanentError):
    """A service's own not-found answer, the only thing that may become `Absent`."""

    reason = "NotThere"


class SignedOut(PermanentError):
    """Whoever asks is not believed to be who he says."""

    reason = "Forbidden"


@dataclass(frozen=True)
class Said:
    """A refusal. `kind` is the error's name in the service's own JSON body (Neutron: `OverQuota`; Nova:
    `itemNotFound`; Keystone and Placement: the status's title), "" when the body was none of theirs.

    `retry_after` in seconds, from the header.
    """

    doing: str  # "reading the project x", for the message
    status: int
    kind: str = ""
    retry_after: float | None = None

    @property
    def words(self) -> str:
        return f"{self.kind or 'no name of its own'}, HTTP {self.status}, while {self.doing}"


def _not_there(said: Said) -> ProviderError:
    return NotThere(f"There is no such thing ({said.words}).")


def _later(said: Said) -> ProviderError:
    return TemporaryError(
        f"OpenStack asked for a pause ({said.words}); the portal tries again by itself.",
        retry_after=said.retry_after,
        unsent=True,
    )


def _down(said: Said) -> ProviderError:
    return PlatformDown(f"OpenStack is not in service ({said.words}); the portal goes on trying.")


def _odd(said: Said) -> ProviderError:
    return TemporaryError(f"OpenStack gave no usable answer ({said.words}); the portal looks again by itself.")


def _in_use(said: Said) -> ProviderError:
    return TemporaryError(f"It is still in use ({said.words}); the portal tries again by itself.", reason="InUse")


def _over_quota(said: Said) -> ProviderError:
    return PermanentError(
        f"The project's quota does not allow it ({said.words}); the region's operator must raise it.",
        reason="QuotaExceeded",
    )


def _taken(said: Said) -> ProviderError:
    return AlreadyExists(f"The name is taken ({said.words}).")


def _forbidden(said: Said) -> ProviderError:
    return PermanentError(
        f"OpenStack forbids it ({said.words}); the region's operator must mend the portal's role or password.",
        reason="Forbidden",
    )


def _signed_out(said: Said) -> ProviderError:
    return SignedOut(
        f"OpenStack does not take the portal's password ({said.words}); the region's operator must mend it."
    )


def _refused(said: Said) -> ProviderError:
    return PermanentError(
        f"OpenStack refuses it for good ({said.words}); the region's operator must mend the cause."
    )


# Read from top to bottom; the first line that fits decides.
_TABLE: Final[tuple[tuple[Callable[[Said], bool], Callable[[Said], ProviderError]], ...]] = (
    # A 404 that no service signed is some proxy's, and says nothing about the object.
    (lambda s: s.status == 404 and bool(s.kind), _not_there),
    # Nova says 413 where others say 429.
    (lambda s: s.status in {413, 429}, _later),
    (lambda s: s.status in {502, 503, 504}, _down),
    (lambda s: s.kind == "OverQuota", _over_quota),
    (lambda s: s.status == 409 and s.kind.endswith("InUse"), _in_use),
    (lambda s: s.status == 409 and bool(s.kind), _taken),
    (lambda s: s.status == 401, _signed_out),
    (lambda s: s.status == 403, _forbidden),
    (lambda s: 400 <= s.status < 500 and bool(s.kind), _refused),
    (lambda s: True, _odd),
)


def translate(said: Said) -> ProviderError:
    """The error that `said` means."""
    return next(means for fits, means in _TABLE if fits(said))(said)
