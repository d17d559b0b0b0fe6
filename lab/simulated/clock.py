"""Times as RGW writes them."""

from datetime import UTC, datetime
from email.utils import format_datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso_ms(at: datetime) -> str:
    """S3 listings: milliseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def iso_us(at: datetime) -> str:
    """Admin Ops and our own columns: microseconds; sorts as text."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_ns(at: datetime) -> str:
    """Retention dates: nine digits."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond * 1000:09d}Z"


def http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def parsed(text: str) -> datetime:
    """Any of the forms above and the ISO dates clients send; ValueError for the rest."""
    head, dot, tail = text.strip().removesuffix("Z").partition(".")
    if dot:
        head = f"{head}.{tail[:6].ljust(6, '0')}"
    at = datetime.fromisoformat(head)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def parsed_epoch(seconds: int) -> datetime:
    """Seconds since 1970, UTC."""
    return datetime.fromtimestamp(seconds, UTC)
