"""The part of a worker that listens to the broker, less patient than Celery's own."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from celery.worker.consumer import Consumer

log = logging.getLogger(__name__)

# Celery waits two seconds longer each time, up to half a minute: after a broker was down for 75 s, workers heard
# it again after 15 s more. Trying costs one refused connection, so trying at this pace costs nothing.
LONGEST_WAIT_S: Final = 4


class EagerConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
    """Connects again within seconds of the broker's return, however long it was away, and lives through its loss.

    With a message on it that nobody acknowledged yet, a lost connection made the broker's library fail over what it
    had just forgotten: an AttributeError in the acknowledgement or in the closing, which ended the worker. Such a
    message is a ring only; its row is due anyway.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        errors: tuple[type[Exception], ...] = self.conninfo.connection_errors
        self.connection_errors = (*errors, AttributeError)

    def ensure_connected(self, conn: Any) -> Any:
        """As Celery does, with short pauses."""
        conn.ensure_connection = partial(conn.ensure_connection, interval_max=LONGEST_WAIT_S)
        return super().ensure_connected(conn)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """As Celery does, whatever closing the broken connection raises."""
        if self.connection is not None:
            self.connection.close = partial(_close_whatever_happens, self.connection.close)
        super().on_connection_error_after_connected(exc)


def _close_whatever_happens(close: Callable[[], None]) -> None:
    try:
        close()
    except Exception as error:
        log.warning("The connection to the broker was lost and did not close cleanly: %s", error)
