"""The emulator's time: the wall clock with shortened waits, or a clock that stands until it is told to move.

On the wall clock `pace` shortens what takes long (tasks, time-outs): 0.02 makes ten seconds two tenths. A standing
clock makes a replay exact: a task runs for as long as the test wants it to.
"""

import time

# A waiting thread looks again this often whether the standing clock was moved, seconds.
LOOK_S = 0.01


class Clock:
    """Times are seconds since 1970, with a fraction."""

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace
        self._standing: float | None = None

    def now(self) -> float:
        return time.time() if self._standing is None else self._standing

    def span(self, seconds: float) -> float:
        """How much later than now something of `seconds` ends."""
        return seconds * self.pace if self._standing is None else seconds

    def wait_until(self, moment: float) -> None:
        """A wait is what moves a standing clock by itself: nobody else would."""
        if self._standing is not None:
            self._standing = max(self._standing, moment)
            return
        time.sleep(max(0.0, moment - time.time()))

    def stand(self, moment: float) -> None:
        """Stand still there; never goes back."""
        self._standing = moment if self._standing is None else max(self._standing, moment)

    def run(self) -> None:
        self._standing = None
