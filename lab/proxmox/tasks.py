"""Tasks: a UPID at once, work that takes its time, an `exitstatus` and a log at the end.

A task is data, so that a restart forgets none. Two things happen to it, each when the clock has come there: it
begins (after its guest's lock is free) and it finishes; what each does stands in the literal dicts of `works.py`.
Nobody waits in a thread: `settle` makes happen what is due, before every call.

1. The oldest due event is taken. 2. A task that waits for its guest's lock begins when the holder is gone, or
fails after ten seconds. 3. Its `begin` may fail it at once. 4. At its end its `finish` changes the state, or fails
it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.proxmox.clock import Clock
from lab.proxmox.errors import Refused, TaskFailed, invalid
from lab.proxmox.permissions import Who
from lab.proxmox.state import Data, State

if TYPE_CHECKING:
    from lab.proxmox.world import World

# How long the real API waits for a guest's lock file, and how long a task that fails at once runs, seconds.
LOCK_S, INSTANT_S = 10.0, 0.05
# The newest tasks are kept, as the real index does.
KEPT = 2000

Step = Callable[["World", Data], None]


@dataclass(frozen=True)
class Wait:
    until: float
    text: str


class Tasks:
    def __init__(self, state: State, clock: Clock, begins: dict[str, Step], finishes: dict[str, Step], *,
        numbered: bool = False,
    ) -> None:  # fmt: skip
        self._state = state
        self._clock = clock
        self._begins = begins
        self._finishes = finishes
        self._numbered = numbered
        self.faults: list[Data] = []
        self.slow: list[Data] = []

    @property
    def _all(self) -> Data:
        return self._state["tasks"]

    def start(
        self, who: Who, node: str, kind: str, id: str, work: str, *, seconds: float = 0.5, locks: object = "",
        **args: Any,
    ) -> str:  # fmt: skip
        """A new task's UPID. `locks` is the guest whose lock file it holds while it runs."""
        now = self._clock.now()
        number = self._state.next_number()
        pid, pstart = 1000 + number, 300_000 + number * 100
        seconds = self._planned(self.slow, kind, id).get("seconds", seconds)
        upid = self._upid(node, pid, pstart, int(now), kind, id, who.authid, number)
        task: Data = {
            "upid": upid, "node": node, "pid": pid, "pstart": pstart, "type": kind, "id": id, "user": who.user,
            "tokenid": who.token, "work": work, "args": args, "locks": str(locks), "asked": now, "start": int(now),
            "seconds": seconds, "begin": None, "end": None, "exitstatus": None, "log": [], "number": number,
            "fault": self._planned(self.faults, kind, id).get("text", ""),
        }  # fmt: skip
        self._all[upid] = task
        self._trim()
        return upid

    def _upid(
        self, node: str, pid: int, pstart: int, start: int, kind: str, id: str, user: str, number: int
    ) -> str:
        """Backup Server's have one field more, the task's number, and escape what would divide."""
        middle = f"{number:08X}:" if self._numbered else ""
        id = id.replace(":", r"\x3a") if self._numbered else id
        return f"UPID:{node}:{pid:08X}:{pstart:08X}:{middle}{start:08X}:{kind}:{id}:{user}:"

    def settle(self, world: "World") -> bool:
        """Everything that is due by now, oldest first; whether anything happened."""
        happened = False
        while due := self._due():
            moment, task = due
            happened = True
            if task["begin"] is None:
                self._try_to_begin(world, task, moment)
            else:
                self._finish(world, task, moment)
        return happened

    def _due(self) -> tuple[float, Data] | None:
        waiting = [(self.next_moment(task), task["number"], task) for task in self.live()]
        moment, _, task = min(waiting, key=lambda one: one[:2], default=(float("inf"), 0, {}))
        return (moment, task) if moment <= self._clock.now() else None

    def next_moment(self, task: Data) -> float:
        if task["begin"] is not None:
            return float(task["end"])
        free = self.lock_free_at(task["locks"], besides=task)
        asked = float(task["asked"])
        return min(max(free, asked), asked + self._clock.span(LOCK_S))

    def _try_to_begin(self, world: "World", task: Data, moment: float) -> None:
        if self.lock_free_at(task["locks"], besides=task) > moment:
            self.stop(task, moment, lock_text(task["locks"]))
            return
        task["begin"] = moment
        task["end"] = moment + self._clock.span(task["seconds"])
        begin = self._begins.get(task["work"])
        try:
            if begin:
                begin(world, task)
        except (TaskFailed, Refused) as error:
            task["failed"] = _text(error)
            task["end"] = moment + self._clock.span(INSTANT_S)

    def _finish(self, world: "World", task: Data, moment: float) -> None:
        failed = task.get("failed") or task["fault"]
        finish = self._finishes.get(task["work"])
        if not failed and finish:
            try:
                finish(world, task)
            except (TaskFailed, Refused) as error:
                failed = _text(error)
        broken = self._finishes.get(f"{task['work']}!")
        if failed and broken and not task.get("failed"):
            broken(world, task)
        self.stop(task, moment, failed or task.get("status_text") or "OK")

    def stop(self, task: Data, moment: float, status: str) -> None:
        task["end"], task["exitstatus"] = moment, status
        task["begin"] = task["begin"] if task["begin"] is not None else moment
        good = status == "OK" or status.startswith("WARNINGS")
        task["log"].append("TASK OK" if good else f"TASK ERROR: {status}")

    def live(self) -> list[Data]:
        return [task for task in self._all.values() if task["exitstatus"] is None]

    def lock_free_at(self, vmid: str, besides: Data | None = None) -> float:
        """When nobody who came before `besides` holds that guest's lock file; 0 for now."""
        if not vmid:
            return 0
        before = besides["number"] if besides else float("inf")
        holders = [task for task in self.live() if task["locks"] == vmid and task["number"] < before]
        return max((float(task["end"] or self.next_moment(task) + 1) for task in holders), default=0)

    def lock_wait(self, vmid: str) -> "Wait":
        """For a call that changes a guest by itself: until when it waits, and what it then dies of."""
        free = self.lock_free_at(vmid)
        latest = self._clock.now() + self._clock.span(LOCK_S)
        return Wait(min(free, latest), lock_text(vmid) if free > latest else "")

    def find(self, upid: str) -> Data:
        if not upid.startswith("UPID:") or len(upid.split(":")) < 9:
            raise invalid(upid="unable to parse worker upid")
        found: Data | None = self._all.get(upid)
        if found is None:
            raise invalid(upid="no such task")
        return found

    def newest_first(self) -> list[Data]:
        """The ended ones by their end, as the index lists them; those that run before them."""
        running = [task for task in self._all.values() if task["exitstatus"] is None]
        ended = [task for task in self._all.values() if task["exitstatus"] is not None]
        newest = sorted(ended, key=lambda task: (int(task["end"]), task["number"]), reverse=True)
        return sorted(running, key=lambda task: -task["number"]) + newest

    @staticmethod
    def _planned(plans: list[Data], kind: str, id: str) -> Data:
        """What the harness wants of the next such task; it is used up."""
        for plan in plans:
            if plan["type"] == kind and plan.get("id", id) == id:
                plans.remove(plan)
                return plan
        return {}

    def _trim(self) -> None:
        while len(self._all) > KEPT:
            self._all.pop(next(iter(self._all)))


def lock_text(vmid: str) -> str:
    return f"can't lock file '/var/lock/qemu-server/lock-{vmid}.conf' - got timeout"


def _text(error: Exception) -> str:
    return error.text if isinstance(error, Refused) else str(error)
