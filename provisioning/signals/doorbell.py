"""Ringing a worker: a message that says "look at this row", and nothing else.

A web request touches the broker only here, from one background thread with a bounded queue that does not
try again for five seconds after a failure: a dead or frozen broker never holds a request. A ring that is
dropped costs at most a second, because every worker also looks at due rows by itself.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from django.db import transaction

log = logging.getLogger(__name__)

QUIET_S: Final = 5.0
_WAITING: Final = 1000  # rings kept while the broker is slow; more would only repeat what the rows say
_rings: "queue.Queue[tuple[str, int, str | None]]" = queue.Queue(maxsize=_WAITING)
_lock = threading.Lock()
_thread: tuple[int, threading.Thread] | None = None

# A test in one process may put its own function here: (task, id, queue).
deliver: Callable[[str, int, str | None], None] | None = None


def ring(task: str, id: int, queue_name: str | None = None) -> None:
    """Ask a worker to run `task` with this one id, once the current transaction has committed."""
    transaction.on_commit(lambda: _enqueue(task, id, queue_name))


def ring_stack(stack_id: int, queue_name: str | None = None) -> None:
    """Ask a worker to look at a stack; one ring at a time is enough for each."""
    from provisioning.models import Stack

    if Stack.objects.filter(pk=stack_id, rung=False).update(rung=True) or queue_name:
        ring("provisioning.tasks.reconcile", stack_id, queue_name)


def _enqueue(task: str, id: int, queue_name: str | None) -> None:
    if deliver is not None:
        deliver(task, id, queue_name)
        return
    _ensure_thread()
    try:
        _rings.put_nowait((task, id, queue_name))
    except queue.Full:
        log.warning("The doorbell's queue is full; the sweep will find row %s of %s.", id, task)


def _ensure_thread() -> None:
    global _thread  # noqa: PLW0603  (one thread a process; a fork leaves the parent's behind)
    import os

    with _lock:
        if _thread is None or _thread[0] != os.getpid() or not _thread[1].is_alive():
            thread = threading.Thread(target=_publish_forever, name="doorbell", daemon=True)
            _thread = (os.getpid(), thread)
            thread.start()


def _publish_forever() -> None:
    from celery import current_app

    while True:
        task, id, queue_name = _rings.get()
        try:
            current_app.send_task(task, args=[id], queue=queue_name, retry=False, ignore_result=True)
        except Exception as error:
            log.warning("The broker did not take a ring (%s); quiet for %.0f s.", type(error).__name__, QUIET_S)
            time.sleep(QUIET_S)
            _drain()


def _drain() -> None:
    """What waited is older than a sweep by now."""
    try:
        while True:
            _rings.get_nowait()
    except queue.Empty:
        return
