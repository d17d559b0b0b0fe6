"""Provisioning on real Ceph: the portal against a bare script that makes the same calls.

    python -m bench provisioning [--towns N]

*Portal*: the engine's own `reconcile` on PostgreSQL, in this process, from approved rows to ready. *Bare*: the same
sequence of handler calls, replayed on fresh tenants without engine, rows or claims. The promise is

    portal  <=  1.10 x (bare + commits x one commit)

with one commit a step: an UPDATE of one row on the same PostgreSQL.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from bench.setting import portal_on_postgres
from provisioning.domain.handler import Provider


@dataclass(frozen=True)
class Call:
    """One handler call as the engine made it: who, which verb, and its arguments."""

    resource: str
    kind: str
    verb: str
    target: Any
    arguments: tuple[Any, ...]
    seconds: float


class Recorder:
    """Wraps a provider's handlers and remembers every call with its time."""

    def __init__(self, provider: Any) -> None:
        self.provider = provider
        self.calls: list[Call] = []
        self.guard_s = 0.0
        self.handlers = {name: _Handler(self, name, handler) for name, handler in provider.handlers.items()}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.provider, name)
        if name not in ("marks", "push_mark"):
            return found

        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return found(*arguments)
            finally:
                self.guard_s += time.perf_counter() - began

        return timed


class _Handler:
    def __init__(self, recorder: Recorder, kind: str, handler: Any) -> None:
        self.recorder, self.kind, self.handler = recorder, kind, handler

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return getattr(self.handler, verb)(target, *arguments)
            finally:
                took = time.perf_counter() - began
                self.recorder.calls.append(Call(target.name, self.kind, verb, target, arguments, took))

        return call


def bare(provider: Any, calls: list[Call], stack: str) -> float:
    """The same calls on another stack's names, one after the other; seconds."""
    from provisioning.domain.names import Marker

    moved: list[Call] = []
    for call in calls:
        marker = Marker(call.target.marker.installation, stack, call.target.marker.name)
        target = replace(call.target, marker=marker, full_name=str(marker), external_id=None)
        moved.append(replace(call, target=_renamed(target, call.target.marker.stack, stack)))
    began = time.perf_counter()
    for call in moved:
        getattr(provider.handlers[call.kind], call.verb)(call.target, *call.arguments)
    return time.perf_counter() - began


def _renamed(target: Any, old: str, new: str) -> Any:
    """uids and keys name the stack: give the copy its own."""
    fields = {k: v.replace(old, new) if isinstance(v, str) else v for k, v in vars(target.spec).items()}
    return replace(
        target,
        spec=type(target.spec)(**fields),
        secrets={k: _own(v, new) if k == "access_key" else v for k, v in target.secrets.items()},
        ref_secrets={
            f: {k: _own(v, new) if k == "access_key" else v for k, v in s.items()}
            for f, s in target.ref_secrets.items()
        },
    )


def _own(secret: Any, stack: str) -> Any:
    from provisioning.domain.secrets import Secret

    return Secret((stack.upper() + secret.reveal())[:20])


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
    towns = parser.parse_args(arguments).towns
    with portal_on_postgres("ceph"):
        return _measure(towns)


def _measure(towns: int) -> int:
    from bench.setting import approved_stack
    from provisioning.engine.reconciler import reconcile
    from provisioning.models import Stack
    from provisioning.selectors.region import region
    from provisioning.services.surroundings import provider, surroundings

    real = provider(region().platforms[0].id)
    assert real is not None
    commit = one_commit()
    ratios = []
    print(f"one commit: {commit * 1000:.2f} ms")
    for n in range(towns):
        key = approved_stack(n)
        stack = Stack.objects.get(key=key)
        recorder = Recorder(real)
        around = replace(surroundings(), provider=lambda _: cast(Provider, recorder))  # noqa: B023
        began = time.perf_counter()
        reconcile(stack.pk, around)
        portal = time.perf_counter() - began
        stack.refresh_from_db()
        assert stack.state == "ready", (stack.state, stack.reason, stack.message)
        calls = recorder.calls
        own = sum(c.seconds for c in calls) + recorder.guard_s
        alone = bare(real, calls, f"bare{key[4:]}") + recorder.guard_s
        acts = sum(1 for c in calls if c.verb in ("create", "update", "delete"))
        limit = alone + acts * commit
        ratios.append(portal / limit)
        print(
            f"town {n}: portal {portal * 1000:.0f} ms, calls in it {own * 1000:.0f} ms ({len(calls)}),"
            f" bare {alone * 1000:.0f} ms, steps {acts}, ratio {ratios[-1]:.2f}"
        )
    print(f"ratio portal / (bare + commits): median {statistics.median(ratios):.2f} (promise: 1.10)")
    return 0
