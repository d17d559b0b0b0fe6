"""A workflow run once without faults, and cut into windows: from where a step was over to where the next one is.

Each case starts from the state at the beginning of its window, so that it does not play the whole workflow again.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tests.faults.auditor import Expected, Region, audit, tenant_of
from tests.faults.stage import CaseFailed, Stage
from tests.faults.workflows import Workflow

_OVER = "recorded"  # the crash point at which a step is over


@dataclass(frozen=True)
class Window:
    """What one step consists of when a fresh worker takes it up at `state`."""

    state: str
    points: tuple[str, ...]
    calls: tuple[Mapping[str, Any], ...]
    statements: int
    commits: int


@dataclass
class Rehearsal:
    """`points`: every crash point of the workflow, in order."""

    workflow: Workflow
    stage: Stage
    stack: str = ""
    points: list[str] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    expected: Expected = None  # type: ignore[assignment]  # set by `rehearse`, never read before

    @property
    def start(self) -> str:
        """The state before the work."""
        return f"{self.workflow.name}/0"

    def conclude(self, case: str, acts: int = 0) -> list[str]:
        """Run to rest and audit; violations, each with the case it belongs to."""
        came_to = self.stage.value("rest")
        return [f"[{case}] {wrong}" for wrong in self.wrong(came_to, acts)]

    def others_finished(self) -> None:
        """While one slept: whatever must not move any more when it wakes up can be noted here."""

    def look_before(self) -> None:
        """What there is before the work, and whose."""
        bystanders = Region.read(self.stage).without(tenant_of(self.stack))
        (trail,) = self.stage.database.rows("SELECT COUNT(*) FROM tenants_auditevent")[0]
        workflow = self.workflow
        self.expected = Expected(workflow.rows, workflow.reserved, bystanders, None, 0, trail + workflow.acts)

    def learn(self) -> None:
        """What it came to without a fault is what it comes to with every one."""
        self.expected = replace(self.expected, picture=Region.read(self.stage).picture(tenant_of(self.stack)))

    def wrong(self, came_to: Mapping[str, Any], acts: int = 0) -> list[str]:
        """Every violation; `acts`: audit events that the case itself adds."""
        return audit(self.stage, self.stack, replace(self.expected, acts=acts), came_to)


R = TypeVar("R", bound=Rehearsal)


def rehearse(stage: Stage, workflow: Workflow, kind: type[R], *, whole: bool = False) -> R:
    """Prepare, run once, note what it came to, and measure the windows; `whole`: one window, all of it."""
    made = kind(workflow, stage)
    workflow.prepare(stage)
    stage.save(made.start)
    made.stack = _stack_of_home(stage)
    made.look_before()
    stage.restore(made.start)
    met = stage.act("rest")
    made.points, calls = list(met["reached"]), tuple(stage.calls())
    _learn(made, met["value"])
    made.windows = [Window(made.start, tuple(made.points), calls, met["statements"], met["commits"])]
    if not whole:
        stage.restore(made.start)
        states = _run_and_save(made)
        made.windows = [_measured(stage, state) for state in states]
    return made


def _learn(made: Rehearsal, came_to: Mapping[str, Any]) -> None:
    if wrong := made.wrong(came_to):
        raise CaseFailed(f"{made.workflow.name} without any fault: {wrong}")
    made.learn()


def _stack_of_home(stage: Stage) -> str:
    rows = stage.database.rows(
        "SELECT s.stack_key FROM elaastic_subscription s JOIN tenants_localauthority a ON a.id = s.authority_id"
        " WHERE a.name = 'Comune di Prova 1'"
    )
    return str(rows[0][0])


def _run_and_save(made: Rehearsal) -> list[str]:
    """One worker, stopped at each crash point and continued; where a window begins, the state is saved."""
    stage, states = made.stage, [made.start]
    pid = stage.start("rest", strikes={"stop_at": -1})
    while "stopped" in (ended := stage.wait(pid)):
        if stage.point().startswith(_OVER):
            states.append(f"{made.workflow.name}/{len(states)}")
            stage.save(states[-1])
        os.kill(pid, signal.SIGCONT)
    if "value" not in ended:
        raise CaseFailed(f"{made.workflow.name}: {ended}")
    return states


def _measured(stage: Stage, state: str) -> Window:
    stage.restore(state)
    met = stage.act("rest", strikes={"halt": True})
    return Window(state, tuple(met["reached"]), tuple(stage.calls()), met["statements"], met["commits"])
