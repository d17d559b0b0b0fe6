"""Acts that several people do to the same rows in the same seconds."""

from collections.abc import Callable
from typing import Final

from django.db import OperationalError, transaction

from elaastic.models.errors import Busy

TRIES: Final = 3
# lock_not_available, deadlock_detected, serialization_failure
_LATER: Final = frozenset({"55P03", "40P01", "40001"})


def patiently(act: Callable[[], None]) -> None:
    """In a transaction; again when the database kept a lock from us for too long, or took us out of a circle.

    Raises Busy after the last try, and what the act raises.

    Inside somebody else's transaction there is no again: the call as a whole is made once more by its caller.
    """
    tries = 1 if _inside() else TRIES
    for left in reversed(range(tries)):
        try:
            with transaction.atomic():
                return act()
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") not in _LATER:
                raise
            if not left:
                raise Busy from error
    return None


def _inside() -> bool:
    return bool(transaction.get_connection().in_atomic_block)
