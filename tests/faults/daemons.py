"""Real Celery workers, forked warm: solo pool, sweeper and all, on whatever broker the stage was given."""

import os
import signal
from typing import Any

from tests.faults import acts


def serve() -> None:
    """A worker as production starts one, until it is killed."""
    from mcloud_portal.celery import app

    acts.begin(rings=True)
    os.setpgid(0, 0)
    worker: Any = app.Worker(
        pool="solo",
        concurrency=1,
        queues=["portal", "ceph"],
        hostname=f"w{os.getpid()}@faults",
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    worker.start()
