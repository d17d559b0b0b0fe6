"""Named places where a worker may be killed or paused by a test; they do nothing unless asked.

`MCLOUD_KILL_AT=k` ends the process at the k-th place it reaches (kill -9, nothing runs afterwards);
`MCLOUD_STOP_AT=k` stops it there (SIGSTOP) until somebody continues it. A test in one process sets `hook`.
"""

import itertools
import os
import signal
from collections.abc import Callable

hook: Callable[[str], None] | None = None
_count = itertools.count(1)
_kill_at = int(os.environ.get("MCLOUD_KILL_AT", "0"))
_stop_at = int(os.environ.get("MCLOUD_STOP_AT", "0"))


def reach(name: str) -> None:
    """The worker is at `name`. No transaction is open and no call is under way here."""
    if hook is not None:
        hook(name)
        return
    if not _kill_at and not _stop_at:
        return
    k = next(_count)
    if k == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    if k == _stop_at:
        os.kill(os.getpid(), signal.SIGSTOP)
