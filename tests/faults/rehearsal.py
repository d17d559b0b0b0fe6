"""A workflow run once without faults, and cut into windows: from where a step was over to where the next one is.

Each case starts from the state at the beginning of its window, so that it does not play the whole workflow again.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

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
        expected = replace(self.expected, acts=acts)
        return [f"[{case}] {wrong}" for wrong in audit(self.stage, self.stack, expected, came_to)]


def rehearse(stage: Stage, workflow: Workflow) -> Rehearsal:
    """Prepare, run once, note what it came to, and measure the windows."""
    made = Rehearsal(workflow, stage)
    workflow.prepare(stage)
    stage.save(made.start)
    made.stack = _stack_of_home(stage)
    bystanders = Region.read(stage).without(tenant_of(made.stack))
    (trail,) = stage.database.rows("SELECT COUNT(*) FROM tenants_auditevent")[0]
    made.points = list(stage.act("rest")["reached"])
    stage.restore(made.start)
    states = _run_and_save(made)
    came_to = stage.value("rest")
    made.expected = Expected(workflow.rows, workflow.reserved, bystanders, None, 0, trail)
    if wrong := audit(stage, made.stack, made.expected, came_to):
        raise CaseFailed(f"{workflow.name} without any fault: {wrong}")
    made.expected = replace(made.expected, picture=Region.read(stage).picture(tenant_of(made.stack)))
    made.windows = [_measured(stage, state) for state in states]
    return made


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
    for name in made.points:
        if "stopped" not in (ended := stage.wait(pid)):
            raise CaseFailed(f"{made.workflow.name} does not reach {name} a second time: {ended}")
        if name.startswith(_OVER):
            states.append(f"{made.workflow.name}/{len(states)}")
            stage.save(states[-1])
        os.kill(pid, signal.SIGCONT)
    if "value" not in (ended := stage.wait(pid)):
        raise CaseFailed(f"{made.workflow.name}: {ended}")
    return states


def _measured(stage: Stage, state: str) -> Window:
    stage.restore(state)
    met = stage.act("rest", strikes={"halt": True})
    return Window(state, tuple(met["reached"]), tuple(stage.calls()), met["statements"], met["commits"])
