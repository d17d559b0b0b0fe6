"""Provisioning on real platforms: the portal against a bare script that makes the same calls.

    python -m bench provisioning [--towns N] [--level 2]

Level 1 on Ceph; level 2, with two stateless machines, on Ceph and OpenStack. *Portal*: the engine's own `reconcile`
on PostgreSQL, in this process, from approved rows to ready. *Bare*: the same sequence of handler calls, replayed on
fresh tenants without engine, rows or claims. The promise is

    portal  <=  1.10 x (bare + commits x one commit)

with one commit a step: an UPDATE of one row on the same PostgreSQL.
"""

import argparse
import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from bench.replay import Call, Recorder, replay
from bench.setting import portal_on_postgres
from provisioning.domain.handler import Provider

if TYPE_CHECKING:
    from provisioning.models import Stack

# Seconds; a town takes one or two.
LONGEST_S: Final = 120


def one_commit(times: int = 200) -> float:
    """Median seconds of one UPDATE of one row, committed."""
    from provisioning.models import Stack

    stack = Stack.objects.create(key="bench-commit")
    taken = []
    for n in range(times):
        began = time.perf_counter()
        Stack.objects.filter(pk=stack.pk).update(wanted=n)
        taken.append(time.perf_counter() - began)
    stack.delete()
    return statistics.median(taken)


def main(arguments: list[str]) -> int:
    """Print one line a town and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench provisioning")
    parser.add_argument("--towns", type=int, default=10)
    parser.add_argument("--level", type=int, default=1, choices=(1, 2))
    asked = parser.parse_args(arguments)
    systems = ("ceph", "openstack") if asked.level == 2 else ("ceph",)
    with portal_on_postgres(*systems):
        return _measure(asked.towns, asked.level)


def _measure(towns: int, level: int) -> int:
    from bench.setting import approved_stack
    from provisioning.models import Stack

    commit = one_commit()
    ratios = []
    print(f"one commit: {commit * 1000:.2f} ms")
    for n in range(towns):
        key = approved_stack(n, level)
        stack = Stack.objects.get(key=key)
        recorders = _recorders()
        portal = _provisioned(stack, recorders)
        calls, guard = recorders[0].calls, sum(one.guard_s for one in recorders)
        own = sum(c.seconds for c in calls) + guard
        alone = replay({one.platform: one.provider for one in recorders}, calls, key, f"z{key[1:]}") + guard
        acts = sum(1 for c in calls if c.verb in ("create", "update", "delete"))
        ratios.append(portal / (alone + acts * commit))
        print(
            f"town {n}: portal {portal * 1000:.0f} ms, calls in it {own * 1000:.0f} ms ({len(calls)}),"
            f" bare {alone * 1000:.0f} ms, steps {acts}, ratio {ratios[-1]:.2f}"
        )
    print(f"ratio portal / (bare + commits): median {statistics.median(ratios):.2f} (promise: 1.10)")
    return 0


def _recorders() -> list[Recorder]:
    """One for each platform of the region, with one list of calls for all of them."""
    from provisioning.selectors.region import region
    from provisioning.services.surroundings import provider

    calls: list[Call] = []
    return [Recorder(one.id, provider(one.id), calls) for one in region().platforms]


def _provisioned(stack: "Stack", recorders: list[Recorder]) -> float:
    """Seconds from the approved rows to ready, what the engine waited for included."""
    from provisioning.engine.reconciler import reconcile
    from provisioning.models import clock
    from provisioning.services.surroundings import surroundings

    by_id = {one.platform: one for one in recorders}
    around = replace(surroundings(), provider=lambda name: cast(Provider, by_id[name]))
    began = time.perf_counter()
    while True:
        reconcile(stack.pk, around)
        stack.refresh_from_db()
        if stack.state == "ready":
            return time.perf_counter() - began
        assert stack.next_look and time.perf_counter() - began < LONGEST_S, (
            stack.state,
            stack.reason,
            stack.message,
        )
        time.sleep(max((stack.next_look - clock.now()).total_seconds(), 0))
