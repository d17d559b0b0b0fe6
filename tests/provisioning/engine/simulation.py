"""The engine under seeded simulation: real reconciler, planner, approval, census, guard, breaker and services on
real rows; a model cloud, virtual time, and workers that die, sleep and overtake each other.

    python -m tests.provisioning.engine.simulation --seeds 300
    python -m tests.provisioning.engine.simulation --seed 17 --trace
"""

import argparse
import logging
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.provisioning.engine.settings"
    django.setup()

from django.db import connection

from provisioning.domain import checkpoint
from provisioning.domain.handler import Target
from provisioning.engine import breaker, claims, guard, reconciler
from provisioning.engine.reconciler import Surroundings, reconcile
from provisioning.kinds import KINDS
from provisioning.models import CapacityRow, clock
from provisioning.services import platforms, stacks, sweep, upkeep
from provisioning.signals import doorbell, stack_moved
from tests.provisioning.engine.auditor import Auditor
from tests.provisioning.engine.cloud import Cloud, Conflict, Thing
from tests.provisioning.engine.database import Store, memory_database
from tests.provisioning.engine.model_kinds import MODEL, PLATFORM
from tests.provisioning.engine.people import People
from tests.provisioning.engine.provider import ModelProvider
from tests.provisioning.engine.scheduler import Scheduler

CALM_S: Final = 1500.0  # in which everything must have come to rest
MOST_SWITCHES: Final = 60_000  # a worker that spins for ever is a finding, not a hanging test


class Simulation(Scheduler):
    """One seed: its scenario, its faults, its people."""

    def __init__(self, seed: int, store: Store, *, trace: bool = False) -> None:
        super().__init__(seed, trace=trace)
        rng = self.rng
        self.store, self.cloud, self.audit = store, Cloud(self), Auditor(self)
        self.provider = ModelProvider(self)
        self.keys = ["a", "b"] if rng.random() < 0.2 else ["a"]
        self.kinds = rng.sample(sorted(MODEL), rng.randint(2, 4))
        self.storm_s = rng.choice([30.0, 60.0, 100.0])
        self.rate, self.lost_rings = rng.choice([0.02, 0.1, 0.3]), rng.choice([0.0, 0.5, 1.0])
        self.kill, self.stop = rng.choice([0, 0.003, 0.015]), rng.choice([0, 0.005, 0.02])
        self.between = rng.choice([0, 0.02, 0.1])
        self.tempo, self.restores = rng.choice([0.1, 0.2, 0.4]), rng.random() < 0.3
        self.away_until, self.censuses = 0.0, 0
        self.rings: list[int] = []

    # -- the wire ----------------------------------------------------------------------------------------------
    def fault(self, *, write: bool) -> str:
        """What goes wrong with this call."""
        if not self.storm:
            return ""
        if self.away_until > self.now:
            return self.rng.choice(["refused", "lost"])
        if self.rng.random() >= self.rate:
            return ""
        always = ["500", "lost", "refused", "busy"]
        return self.rng.choice([*always, "late", "late", "after", "after", "denied"] if write else always)

    def later(self, seconds: float, effect: Callable[[], object]) -> None:
        """A late effect may meet a name that was taken meanwhile."""

        def land() -> None:
            try:
                effect()
                self.say("a late call lands")
            except Conflict:
                return

        super().later(seconds, land)

    def sent(self, verb: str, kind: str, target: Target) -> None:
        """To the auditor."""
        self.audit.sent(verb, kind, target)

    def looked(self, target: Target, found: Thing | None) -> None:
        """To the auditor."""
        self.audit.looked(target)

    def ring(self, task: str, id: int, queue: str | None) -> None:
        """A doorbell message: lost, once or twice."""
        times = self.rng.choice([0, 1, 1, 2]) if self.lost_rings else 1
        self.rings += [id for _ in range(times) if self.rng.random() >= self.lost_rings]

    # -- lives -------------------------------------------------------------------------------------------------
    def around(self, serves: frozenset[str] | None = None) -> Surroundings:
        """What the model's workers bring along."""
        return Surroundings("sim", lambda id: self.provider, lambda id: "portal", serves, self.sleep)

    def worker(self) -> None:
        """The look of each second, and a ring when one came."""
        while True:
            self.sleep(1.0)
            if self.rings:
                reconcile(self.rings.pop(0), self.around())
            for platform in breaker.open_platforms() if self._any_open() else ():
                breaker.probe(platform, self.provider)
            for stack_id in sweep.due_stacks() if self._any_due() else ():
                reconcile(stack_id, self.around())

    def _any_due(self) -> bool:
        now = f"{self.time():%Y-%m-%d %H:%M:%S.%f}"
        free = "(claim_expires_at IS NULL OR claim_expires_at <= ?)"
        return bool(self.store.one(f"SELECT 1 FROM provisioning_stack WHERE next_look <= ? AND {free}", now, now))

    def _any_open(self) -> bool:
        return bool(self.store.one("SELECT 1 FROM provisioning_platformstate WHERE open_until IS NOT NULL"))

    def clerk(self) -> None:
        """The timetable's work: census, marks, capacity."""
        while True:
            self.sleep(35.0)
            upkeep.push_marks()
            upkeep.release_surplus()
            upkeep.take_census()
            self.censuses += not self.storm

    # -- the whole ---------------------------------------------------------------------------------------------
    def run(self) -> list[str]:
        """Storm, calm, audit: what is wrong at the end, and what went wrong on the way."""
        self.store.clear()
        CapacityRow.objects.create(platform=PLATFORM, site="site", resource="disk", total=self.rng.choice([8, 30]))
        for key in self.keys:
            stacks.create_stack(key)
        for number in range(2 + (self.rng.random() < 0.4)):
            self.start(f"worker{number}", self.worker)
        self.start("clerk", self.clerk)
        self.start("people", People(self).live, mortal=False)
        looked, wrong = 0.0, ["never came to rest"]
        while self.now < self.storm_s + CALM_S and self.switches < MOST_SWITCHES:
            self.step()
            if self.storm and self.now > self.storm_s:
                self.storm, self.away_until = False, 0.0
            if not self.storm and self.now > looked + 10 and self.censuses >= 2:
                looked, wrong = self.now, self.audit.rest()
                if not wrong:
                    break
        return sorted({*self.bad, *wrong})


@contextmanager
def model_world(world: Any) -> Iterator[None]:
    """Put the model's clock, kinds, platform and doorbell where the engine looks for the real ones."""
    region = SimpleNamespace(installation="sim", platforms=[SimpleNamespace(id=PLATFORM, provider="model")])
    act, commit = reconciler._Step._send, claims.commit_intent
    look, record = claims.write_look, claims.record

    def watched_send(step: Any, handler: Any, target: Any, what: Any) -> Any:
        world.audit.acts(step.row.stack, step.row, step.row.stack.generation, what.verb)
        return act(step, handler, target, what)

    def watched_commit(claim: Any, row: Any, *rest: Any) -> bool:
        done = commit(claim, row, *rest)
        if done:
            world.audit.intents[row.pk] = max(world.audit.intents[row.pk], row.stack.generation)
        return done

    def watched_look(claim: Any, row: Any, **changes: Any) -> bool:
        done = look(claim, row, **changes)
        if done:
            world.audit.kept(row, changes.get("external_id", ""))
        return done

    def watched_record(claim: Any, row: Any, outcome: Any, *rest: Any) -> None:
        record(claim, row, outcome, *rest)
        world.audit.kept(row, outcome.external_id or "")

    numbers = random.Random(world.seed)
    hexes = SimpleNamespace(token_hex=lambda n: f"{numbers.getrandbits(n * 8):0{n * 2}x}")
    with ExitStack() as stack:
        for place, name, value in (
            (clock, "source", SimpleNamespace(now=world.time, monotonic=lambda: world.now)),
            (checkpoint, "hook", world.checkpoint),
            (doorbell, "deliver", world.ring),
            (guard, "secrets", hexes),
            (reconciler._Step, "_send", watched_send),
            (claims, "commit_intent", watched_commit),
            (claims, "write_look", watched_look),
            (claims, "record", watched_record),
            (stacks, "surroundings", world.around),
            (platforms, "provider", lambda id: world.provider),
            (platforms, "region", lambda: region),
            (upkeep, "provider", lambda id: world.provider),
            (upkeep, "region", lambda: region),
            (stack_moved, "receivers", []),  # nobody above provisioning listens here
        ):
            stack.enter_context(patch.object(place, name, value))
        stack.enter_context(patch.dict(KINDS, MODEL))
        stack.enter_context(connection.execute_wrapper(world.between_statements))
        stack_moved.sender_receivers_cache.clear()
        state = random.getstate()
        random.seed(world.seed)
        stack.callback(random.setstate, state)
        stack.callback(stack_moved.sender_receivers_cache.clear)
        yield


def run_seed(seed: int, store: Store, *, trace: bool = False) -> list[str]:
    """What is wrong with this seed; [] is what must be."""
    world = Simulation(seed, store, trace=trace)
    with model_world(world):
        return world.run()


def main() -> int:
    """Run seeds and say which are red."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trace", action="store_true")
    args = parser.parse_args()
    seeds = [args.seed] if args.seed is not None else range(args.start, args.start + args.seeds)
    bad, first, red, began = Counter[str](), dict[str, int](), 0, time.process_time()
    with memory_database() as store:
        for seed in seeds:
            wrong = run_seed(seed, store, trace=args.trace)
            red += bool(wrong)
            bad.update(wrong)
            for what in wrong:
                first.setdefault(what, seed)
    for what, times in bad.most_common():
        print(f"{times:5d}  seed {first[what]:<6d} {what}")  # noqa: T201
    print(f"{red} of {len(seeds)} seeds red, {time.process_time() - began:.1f} s of CPU")  # noqa: T201
    return 1 if red else 0


if __name__ == "__main__":
    logging.disable()
    sys.exit(main())
