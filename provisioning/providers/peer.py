"""A platform as the other end of a connection: what becomes of a call that it did not answer, or not usefully."""

from dataclasses import dataclass

from provisioning.domain.errors import PlatformDown, TemporaryError


@dataclass(frozen=True)
class Peer:
    """`name` as the region's people say it; `doing` is what the call was for, as in "reading the user x"."""

    name: str

    def unreachable(self, doing: str) -> PlatformDown:
        """Nothing listens there: nothing was done for certain."""
        return PlatformDown(
            f"Nothing answers at the {self.name} platform's address while {doing}; the portal goes on trying.",
            unsent=True,
        )

    def untrusted(self, doing: str) -> PlatformDown:
        """Its certificate is not vouched for: nothing was said to it. It heals when that or ca_file does."""
        return PlatformDown(
            f"Nobody whom the region file's ca_file trusts vouches for the {self.name} platform's certificate, "
            f"while {doing}; the region's operator must mend one or the other.",
            unsent=True,
        )

    def cut(self, doing: str) -> PlatformDown:
        """A time-out or a cut connection: it may have been done."""
        return PlatformDown(
            f"The {self.name} platform did not answer in time while {doing}; the portal goes on trying."
        )

    def unusable(self, doing: str, why: str) -> TemporaryError:
        """A truncated body, somebody else's page, a missing field: the outcome is unknown."""
        return TemporaryError(
            f"The {self.name} platform's answer while {doing} {why}; the portal looks again by itself."
        )


def is_untrusted(error: Exception) -> bool:
    """Every library wraps OpenSSL's refusal in errors of its own; the words stay."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def seconds(header: str | None) -> float | None:
    """Retry-After in seconds; None for a date or nothing."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
