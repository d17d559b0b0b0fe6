"""`ETag`, `If-Match`, `If-None-Match`, and `?wait=`: reading what changed, and only then changing it."""

import time
from collections.abc import Callable, Hashable
from typing import Final
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from tenants.models.errors import Invalid, StaleVersion

MAX_WAIT_S: Final = 30
# First look after a quarter of a second, then slower up to one a second: at most 33 queries in 30 s.
FIRST_LOOK_S: Final = 0.25
LOOKS_SLOW_DOWN_BY: Final = 1.5
SLOWEST_LOOK_S: Final = 1.0


def etag_of(public_id: UUID | str, version: int | str) -> str:
    """A strong tag: it changes with every change of the row."""
    return f'"{public_id}.{version}"'


def require_match(request: Request, etag: str) -> bool:
    """Raise `StaleVersion` when `If-Match` names another version; True when it names this one."""
    wanted = request.headers.get("If-Match")
    if wanted is None:
        return False
    if wanted.strip() != "*" and etag not in _tags(wanted):
        raise StaleVersion
    return wanted.strip() != "*"


def is_unchanged(request: Request, etag: str) -> bool:
    """Does `If-None-Match` name what we would send? Then 304 is the answer."""
    known = request.headers.get("If-None-Match")
    return known is not None and (known.strip() == "*" or etag in _tags(known))


def wait_seconds(request: Request) -> int:
    """The value of `?wait=`, 0 to 30. Raises Invalid."""
    given = request.query_params.get("wait", "0")
    if not (given.isascii() and given.isdigit() and len(given) < 4 and int(given) <= MAX_WAIT_S):
        raise Invalid(errors={"wait": [_("Write a number of seconds between 0 and 30.")]})
    return int(given)


def hold_until_changed(request: Request, look: Callable[[], Hashable]) -> None:
    """Return when `look` (one cheap query) says something new, or when `?wait=` is over."""
    seconds = wait_seconds(request)
    if not seconds:
        return
    deadline, pause, first = time.monotonic() + seconds, FIRST_LOOK_S, look()
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        if look() != first:
            return
        pause = min(pause * LOOKS_SLOW_DOWN_BY, SLOWEST_LOOK_S)


def hold_until_column_changes(request: Request, row: models.Model, column: str) -> None:
    """`hold_until_changed` for the usual case: one column of one row."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    hold_until_changed(request, lambda: rows.values_list(column, flat=True).first())


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
