"""The part of a worker that listens to the broker, less patient than Celery's own."""

from functools import partial
from typing import Any, Final

from celery.worker.consumer import Consumer

# Celery waits two seconds longer each time, up to half a minute: after a broker was down for 75 s, workers heard
# it again after 15 s more. Trying costs one refused connection, so trying at this pace costs nothing.
LONGEST_WAIT_S: Final = 4


class EagerConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
    """Connects again within seconds of the broker's return, however long it was away."""

    def ensure_connected(self, conn: Any) -> Any:
        """As Celery does, with short pauses."""
        conn.ensure_connection = partial(conn.ensure_connection, interval_max=LONGEST_WAIT_S)
        return super().ensure_connected(conn)
