"""What must hold after every failover and every end of one, whatever struck it, beside what `clouds` looks at.

Its request was carried out; the operation that timed it ended once, with a time for every machine; no file of its
images is left on the workers' disk, and no image is pinned.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.clouds import CloudRehearsal

_TIMES = ("asked_at", "started_at", "answered_at")


@dataclass
class FailoverRehearsal(CloudRehearsal):
    """`ended`: when it did, as others saw it while a worker slept, or before the machines went."""

    ended: Any = None

    def look_before(self) -> None:
        """Before an end of it, the failover itself is over."""
        super().look_before()
        self._was_over = self._end()

    def others_finished(self) -> None:
        """Whoever wakes up later ends it no second time."""
        self.ended = self._end()

    def conclude(self, case: str, acts: int = 0) -> list[str]:
        """Run to rest and audit."""
        try:
            return super().conclude(case, acts)
        finally:
            self.ended = None

    def wrong(self, came_to: Mapping[str, Any], acts: int = 0) -> list[str]:
        """The town's own and the cloud's as ever, and what timed it."""
        return [*super().wrong(came_to, acts), *self._timed()]

    def _end(self) -> Any:
        return [ended for (ended,) in self.stage.database.rows("SELECT ended_at FROM provisioning_operation")]

    def _timed(self) -> Iterator[str]:
        rows = self.stage.database.rows(
            "SELECT o.kind, o.verdict, o.reason, o.ended_at, o.found, f.settled_at, r.decision, r.applied_at"
            " FROM provisioning_operation o JOIN provisioning_stack s ON s.id = o.stack_id"
            " JOIN elaastic_failover f ON f.operation_key = s.key JOIN elaastic_request r ON r.id = f.request_id"
        )
        count = len(self._end())
        if len(rows) != 1 or count != 1:
            yield f"There are {count} operations, and {len(rows)} of a failover."
            return
        ((kind, verdict, reason, ended, found, settled, decision, applied),) = rows
        if (kind, verdict, decision) != ("failover", "passed", "approved") or not (ended and settled and applied):
            yield f"The {kind} is {verdict} {reason}, {decision}; it ended {ended}, {settled}, stood {applied}."
        for then in (self.ended, self._was_over if self._was_over != [None] else None):
            if then and then != [ended]:
                yield f"It ended {then}, and once more {ended}."
        for name in ("dns", "web"):
            times = [found["machines"].get(name, {}).get(what) for what in _TIMES]
            if not all(times) or times != sorted(times):
                yield f"The times of {name} are {times}."
        if self.stage.database.rows("SELECT id FROM elaastic_recoverypoint WHERE pinned_until IS NOT NULL"):
            yield "Its images are still pinned."
        yield from (f"It left the file {file.name}." for file in self.stage.spooled())
