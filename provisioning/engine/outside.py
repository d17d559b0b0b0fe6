"""The one way to a platform from the engine: never from inside a transaction."""

from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def outside(call: Callable[[], T]) -> T:
    """An outside call inside a transaction would hold its locks, and forget what happened when it rolls back."""
    if connection.in_atomic_block and not getattr(connection, "_mcloud_test_atomic", False):
        raise RuntimeError("An outside call was made inside a database transaction.")
    return call()
