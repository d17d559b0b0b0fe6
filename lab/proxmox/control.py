"""The harness's hand on the emulator: time, faults, guests that answer, what was there before. Loopback only."""

import re
from collections.abc import Callable, Mapping

from lab.proxmox.errors import Refused
from lab.proxmox.identity import hashed
from lab.proxmox.permissions import ROOT
from lab.proxmox.state import Data
from lab.proxmox.web import Request
from lab.proxmox.world import World

LOOPBACK = ("127.0.0.1", "::1", "")
# Signed callers, proxies and pages in a browser: none of them is the harness.
FOREIGN = frozenset({"authorization", "cookie", "x-forwarded-for", "origin"})


class Control:
    """`POST /control/<verb>` with its arguments as JSON; each verb is a method below."""

    def __init__(self, worlds: Mapping[str, World], furnish: Callable[[], None]) -> None:
        self._worlds = worlds
        self._furnish = furnish
        self._faults: list[Data] = []
        self.calls: list[str] = []

    def answer(self, request: Request) -> tuple[int, str, object]:
        if request.peer not in LOOPBACK or FOREIGN & request.headers.keys():
            return 403, "Forbidden", {"error": "control is for the test harness on this machine only"}
        verb = request.path.removeprefix("/control").strip("/")
        verbs: dict[str, Callable[..., object]] = {
            "clock": self.clock, "finish": self.finish, "fault": self.fault, "fail_task": self.fail_task,
            "slow_task": self.slow_task, "put": self.put, "reset": self.reset, "fingerprint": self.fingerprint,
            "clear": self.clear, "calls": self.made,
        }  # fmt: skip
        try:
            if verb not in verbs:
                raise ValueError(f"there is no control called {verb!r}; there are {', '.join(verbs)}")
            return 200, "OK", {"data": verbs[verb](**request.given)}
        except (KeyError, TypeError, ValueError) as error:
            return 400, "Bad Request", {"error": f"{type(error).__name__}: {error}"}

    def clock(self, stand: float | None = None, pace: float | None = None) -> float:
        """Stand still at that moment (never earlier than now stands), or run again at that pace."""
        clock = self._pve.clock
        if stand is not None:
            clock.stand(stand)
        if pace is not None:
            clock.run()
            clock.pace = pace
        self._settle()
        return clock.now()

    def finish(self, upid: str) -> str:
        """Moves a standing clock just as far as that task's end; gives its `exitstatus`."""
        world = next(world for world in self._worlds.values() if upid in world.state["tasks"])
        task = world.state["tasks"][upid]
        while task["exitstatus"] is None:
            world.clock.stand(world.tasks.next_moment(task))
            self._settle()
        return str(task["exitstatus"])

    def fault(
        self, path: str, status: int, text: str, method: str = "", times: int = 1, after: bool = False
    ) -> None:
        """The next `times` calls whose path that pattern matches are answered so; `after` the work was done."""
        self._faults.append(
            {"path": path, "status": status, "text": text, "method": method, "times": times, "after": after}
        )

    def fail_task(self, type: str, text: str, id: str | None = None) -> None:
        """The next task of that kind (about `id`, where given) runs its time and ends with that text."""
        fault = {"type": type, "text": text, **({} if id is None else {"id": id})}
        for world in self._worlds.values():
            world.tasks.faults.append(fault)

    def slow_task(self, type: str, seconds: float, id: str | None = None) -> None:
        """The next task of that kind (about `id`, where given) takes so long, on the emulator's clock."""
        slow = {"type": type, "seconds": seconds, **({} if id is None else {"id": id})}
        for world in self._worlds.values():
            world.tasks.slow.append(slow)

    def put(self, section: str, id: str, value: Data | None = None, product: str = "PVE") -> None:
        """Sets one object behind everybody's back; without a value it is gone."""
        state = self._worlds[product].state
        if value is None:
            state[section].pop(id, None)
        else:
            state[section][id] = {**state[section].get(id, {}), **value}
        state.save()

    def reset(self, nodes: list[str] | None = None, password: str = "") -> None:
        """Empty but for root and the nodes."""
        for world in self._worlds.values():
            world.state.clear()
        self._furnish()
        state = self._pve.state
        for node in set(state["nodes"]) - set(nodes or state["nodes"]):
            del state["nodes"][node]
        for node in nodes or []:
            state["nodes"].setdefault(node, {})
        for world in self._worlds.values() if password else ():
            world.state["users"][ROOT]["password"] = hashed(password)
        self.clear()

    def clear(self) -> None:
        """No faults, an empty list of calls; the state stays."""
        self._faults.clear()
        self.calls.clear()
        for world in self._worlds.values():
            world.tasks.faults.clear()
            world.tasks.slow.clear()

    def fingerprint(self) -> str:
        """Of the certificate that both products show."""
        known = self._worlds["PBS"].state["neighbours"].values()
        return next(str(neighbour["fingerprint"]) for neighbour in known if neighbour.get("answers"))

    def made(self) -> list[str]:
        """`METHOD /path` of every call since the last clear."""
        return list(self.calls)

    def strike(self, request: Request, *, after: bool = False) -> None:
        """Raises what was planned for this call. 595 and 596 are a node's proxy speaking: no body."""
        if not after:
            self.calls.append(f"{request.method} {request.path}")
        for fault in self._faults:
            if fault["after"] is after and _meant(fault, request):
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self._faults.remove(fault)
                raise Refused(fault["status"], fault["text"], bare=fault["status"] in (502, 503, 504, 595, 596))

    @property
    def _pve(self) -> World:
        return self._worlds["PVE"]

    def _settle(self) -> None:
        for world in self._worlds.values():
            world.tasks.settle(world)


def _meant(fault: Data, request: Request) -> bool:
    return fault["method"] in ("", request.method) and bool(re.search(fault["path"], request.path))
