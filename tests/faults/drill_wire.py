"""T2, T2p and T6 of a drill: single calls, every call of a route, or a whole OpenStack answer badly.

Whatever the platforms do, a drill ends, leaves nothing, and never blames the backup.
"""

from collections.abc import Iterator

from tests.faults.auditor import of_the_cloud
from tests.faults.cases import Case
from tests.faults.drill_auditor import OF_THE_PLATFORM, PASSED, DrillRehearsal
from tests.faults.rehearsal import Rehearsal, Window
from tests.faults.wire import FIELDS, FOR_A_PERSON, LASTING, fault_of, first_uses, turns

# Longer than a drill has patience with a platform (`operations.stages`).
_LONG_MIN = 70
# More than a drill takes when nothing is wrong: whatever is asked for at its end is met.
_LOOKS = 15


def once(at: DrillRehearsal) -> Iterator[Case]:
    """Every call of every window; the ways take turns over the calls."""
    for window, number, what in turns(at.windows):
        case = f"{window.state}: call {number} {window.calls[number - 1]['route']}: {what}"
        yield Case(case, lambda w=window, n=number, f=what, c=case: _strike(at, w, n, f, c))


def _strike(at: DrillRehearsal, window: Window, number: int, what: str, case: str) -> list[str]:
    """What heals by itself is not even noticed."""
    at.stage.restore(window.state)
    at.stage.control("fault", call=number, **fault_of(what, window.calls[number - 1]["route"]))
    return at.conclude(case, allowed=OF_THE_PLATFORM if what in FOR_A_PERSON else PASSED)


def for_good(at: DrillRehearsal) -> Iterator[Case]:
    """Every route, from the window on that first uses it, and until somebody mends it; the ways take turns."""
    first = first_uses(at.windows)
    for turn, (route, state) in enumerate(first.items()):
        what = LASTING[turn % len(LASTING)]
        case = f"{state}: every {route}: {what}"
        yield Case(case, lambda s=state, r=route, f=what, c=case: lasting(at, s, [r], f, c))
    for route, state in first.items():
        if route in FIELDS:
            case = f"{state}: every {route}: missing field"
            yield Case(case, lambda s=state, r=route, c=case: lasting(at, s, [r], "missing field", c))


def down(at: DrillRehearsal) -> Iterator[Case]:
    """The whole OpenStack is away for longer than anybody waits, from each window on."""
    routes = sorted({call["route"] for window in at.windows for call in window.calls if of_the_cloud(call)})
    for window in at.windows:
        case = f"{window.state}: OpenStack is down"
        yield Case(case, lambda s=window.state, c=case: lasting(at, s, routes, "refused", c))


def lasting(at: DrillRehearsal, state: str, routes: list[str], what: str, case: str) -> list[str]:
    """These routes answer so from that state on, for longer than anybody waits; then they are mended."""
    told, acts = endured(at, state, routes, what, case)
    return told + at.conclude(case, acts, allowed=OF_THE_PLATFORM)


def endured(
    at: Rehearsal, state: str, routes: list[str], what: str, case: str, rows_of: str = "stack_id"
) -> tuple[list[str], int]:
    """What nobody was told meanwhile, and how many acts of a person it took. `rows_of`: whose rows tell."""
    stage = at.stage
    stage.restore(state)
    for route in routes:
        stage.control("fault", route=route, times=-1, **fault_of(what, route))
    stage.act("endure", minutes=_LONG_MIN, looks=_LOOKS)
    told = [f"[{case}] {wrong}" for wrong in _silent(at, rows_of)]
    stage.mend()
    return told, _retried(at)


def _retried(at: Rehearsal) -> int:
    """What of the town's own waits for a person gets one, who says that it is mended; how many acts that was."""
    waits = at.stage.database.rows(
        "SELECT r.reason, r.message FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id"
        f" WHERE s.key = '{at.stack}' AND r.state IN ('failed', 'blocked')"
    )
    assert all(reason and len(message) >= 20 for reason, message in waits), waits
    if waits:
        at.stage.act("retry")
    return len(waits[:1])


def _silent(at: Rehearsal, rows_of: str) -> Iterator[str]:
    """What did not end says why: by its verdict, or by what stands beside the stage that it is at."""
    ((verdict, reason, trouble, ended),) = at.stage.database.rows(
        "SELECT verdict, reason, trouble, ended_at FROM provisioning_operation"
    )
    rows = at.stage.database.rows(
        "SELECT r.reason FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id"
        f" WHERE s.id IN (SELECT {rows_of} FROM provisioning_operation)"
        " AND r.state IN ('failed', 'blocked') AND r.reason <> ''"
    )
    if not (ended or reason or trouble or rows):
        yield f"After {_LONG_MIN} minutes nobody is told why it waits ({verdict or 'no verdict'})."
