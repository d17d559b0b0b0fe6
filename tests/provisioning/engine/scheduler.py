"""Virtual time and workers as greenlets: one runs at a time, and each may be killed, paused or overtaken.

A worker can be switched at every checkpoint of the engine, inside every call to the cloud, while it waits, and
now and then before a database statement that stands outside a transaction; never inside one.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import greenlet
from django.db import connection

START: Final = datetime(2030, 1, 1, tzinfo=UTC)


class Scheduler:
    """A heap of (time, number, name, greenlet). `now` is in virtual seconds."""

    def __init__(self, seed: int, *, trace: bool = False) -> None:
        self.seed, self.rng, self.trace = seed, random.Random(seed), trace
        self.now, self.storm = 0.0, True
        self.kill, self.stop, self.between = 0.0, 0.0, 0.0
        self.switches, self.stopped = 0, False
        self.bad: list[str] = []
        self._numbers, self._hub = itertools.count(), greenlet.getcurrent()
        self._heap: list[tuple[float, int, str, Any]] = []
        self._lives: dict[str, tuple[Callable[[], None], bool]] = {}
        self._running: dict[str, Any] = {}

    # -- time, as `provisioning.models.clock.Source` -----------------------------------------------------------
    def time(self) -> datetime:
        """Virtual now."""
        return START + timedelta(seconds=self.now)

    def sleep(self, seconds: float) -> None:
        """Time passes; others run. Outside a worker (a directed test) the clock simply moves on."""
        if greenlet.getcurrent() is self._hub:
            self.now += seconds
            self._effects()
            return
        self._hub.switch(seconds)

    def later(self, seconds: float, effect: Callable[[], object]) -> None:
        """Something that happens without anybody waiting for it."""
        heapq.heappush(self._heap, (self.now + seconds, next(self._numbers), "", effect))

    def _effects(self) -> None:
        """For directed tests: what was due until now has happened."""
        while self._heap and self._heap[0][0] <= self.now:
            heapq.heappop(self._heap)[3]()

    # -- workers -----------------------------------------------------------------------------------------------
    def start(self, name: str, life: Callable[[], None], *, mortal: bool = True) -> None:
        """A worker, or a person (not mortal); a former one of this name is thrown away where it stands."""
        self._lives[name] = (life, mortal)
        worker = greenlet.greenlet(lambda: self._live(name, life))
        self._running[name] = worker
        heapq.heappush(self._heap, (self.now + self.rng.uniform(0, 2), next(self._numbers), name, worker))

    def restart_mortals(self) -> None:
        """Workers are stopped for a restore, and started after it."""
        for name, (life, mortal) in list(self._lives.items()):
            if mortal:
                self.start(name, life)

    def _live(self, name: str, life: Callable[[], None]) -> None:
        try:
            life()
        except Exception as error:
            import traceback

            self.say("".join(traceback.format_exception(error)))
            self.violation(f"engine error in {name.rstrip('0123456789')}: {type(error).__name__}: {error}"[:200])

    def step(self) -> None:
        """Let whoever is next run until it sleeps."""
        at, _, name, what = heapq.heappop(self._heap)
        self.now = max(self.now, at)
        self.switches += 1
        if not name:
            what()
            return
        if self._running[name] is not what:
            return
        mortal = self._lives[name][1]
        if self.storm and mortal and self.rng.random() < self.kill:
            self.say("kill", name)
            self.start(name, self._lives[name][0])
            return
        if self.storm and mortal and self.rng.random() < self.stop:
            self.say("pause", name)
            heapq.heappush(self._heap, (self.now + self.rng.uniform(20, 150), next(self._numbers), name, what))
            return
        seconds = what.switch()
        if what.dead:
            self.start(name, self._lives[name][0])
            return
        heapq.heappush(self._heap, (self.now + seconds, next(self._numbers), name, what))

    def between_statements(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """An execute wrapper: sometimes another worker runs before this statement."""
        free = self.storm and not connection.in_atomic_block and sql != "BEGIN"
        if free and self.between and greenlet.getcurrent() is not self._hub and self.rng.random() < self.between:
            slow = self.rng.random() < 0.1
            self._hub.switch(self.rng.uniform(0, 5) if slow else 0.001)
        return execute(sql, params, many, context)

    def checkpoint(self, name: str) -> None:
        """`provisioning.domain.checkpoint.hook`."""
        if connection.in_atomic_block:
            self.violation(f"checkpoint {name} inside a transaction")
        if greenlet.getcurrent() is not self._hub:
            self._hub.switch(self.rng.uniform(0, 5) if self.storm and self.rng.random() < 0.06 else 0.001)

    # -- seeing ------------------------------------------------------------------------------------------------
    def say(self, *words: object) -> None:
        """One line of the trace."""
        if self.trace:
            print(f"{self.now:9.2f}", *words)  # noqa: T201

    def violation(self, what: str) -> None:
        """Something that must never happen has happened."""
        self.say("VIOLATION", what)
        self.bad.append(what)
