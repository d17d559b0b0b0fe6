"""Faults on demand: which call goes wrong, and how; before the work is done or after it."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

# A demo that backs up for days must not fill the memory with its log; a fault case makes some hundred calls.
MAX_LOG = 20_000


class Kind(StrEnum):
    """What happens to the call. `after` says which side of the work; some kinds make sense on one side only."""

    STATUS = "status"  # an error answer with `status`, and `retry_after` when given
    REFUSE = "refuse"  # the connection is reset before a byte of the request is looked at
    RESET = "reset"  # the connection is reset; with `after`, the work is done and its answer lost
    TIMEOUT = "timeout"  # nothing comes for `delay_ms`, then the connection is reset
    TRUNCATE = "truncate"  # half of the answer's body
    HTML = "html"  # 200 with a page of some proxy instead of the answer
    SLOW = "slow"  # `delay_ms` later than it would have been
    MISSING = "missing"  # the answer without its JSON or XML field `missing`
    KILL = "kill"  # kill -9 of process `pid`, which is the caller


@dataclass
class Fault:
    """Matches call number `call` (counted from 1 since the last reset), or every call of `route`, or every call.

    The first `skip` matches pass; then `times` of them are hit (-1: for good).
    """

    kind: Kind
    call: int = 0
    route: str = ""
    skip: int = 0
    times: int = 1
    after: bool = False
    status: int = 500
    retry_after: int | None = None
    delay_ms: int = 0
    missing: str = ""
    pid: int = 0

    @classmethod
    def read(cls, given: Mapping[str, object]) -> "Fault":
        """From JSON; TypeError or ValueError for anything unknown in it."""
        kind = Kind(str(given["kind"]))
        fault = cls(**{**given, "kind": kind})  # type: ignore[arg-type]
        if fault.kind is Kind.KILL and fault.pid <= 1:
            raise ValueError("kill needs the pid of the caller")
        return fault

    def shown(self) -> dict[str, object]:
        return asdict(self)

    def hits(self, call: int, route: str) -> bool:
        """Counts the match; True when this call is to go wrong."""
        if self.times == 0 or (self.call and self.call != call) or (self.route and self.route != route):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        return True


@dataclass
class Record:
    """One call as it is logged: who, what and how it ended; never a secret, never a body."""

    number: int
    method: str
    path: str
    route: str
    access_key: str
    status: int = 0
    fault: str = ""
    uid: str = ""  # whom an Admin Ops call is about: a DELETE without it could be anybody's
    at: float = field(default_factory=time.time)  # seconds since the epoch, when the request was read


@dataclass
class Plan:
    """Faults, latency and the log; in memory only, so that a restart forgets them."""

    faults: list[Fault] = field(default_factory=list)
    latency_ms: int = 0
    log: deque[Record] = field(default_factory=lambda: deque(maxlen=MAX_LOG))
    _number: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self, method: str, path: str, route: str, access_key: str, uid: str = ""
    ) -> tuple[Record, Fault | None]:
        """Number the call, log it and say whether it is to go wrong."""
        with self._lock:
            self._number += 1
            record = Record(self._number, method, path, route, access_key, uid=uid)
            self.log.append(record)
            fault = next((one for one in self.faults if one.hits(self._number, route)), None)
            if fault:
                record.fault = fault.kind
            return record, fault

    def reset(self) -> None:
        """No faults, no latency, and the next call is number 1."""
        with self._lock:
            self.faults.clear()
            self.log.clear()
            self.latency_ms = 0
            self._number = 0
