"""What else may strike a failover, or its end, beside deaths and single bad answers: a platform that stays bad, two
people at one button, and a database that forgot all of it.
"""

import os
import signal
from collections.abc import Iterator

from tests.faults.auditor import of_the_cloud
from tests.faults.cases import Case
from tests.faults.drill_wire import endured
from tests.faults.failover_auditor import FailoverRehearsal
from tests.faults.wire import LASTING, first_uses
from tests.faults.workflows import FAILED_OVER, FAILOVER, WITH_IMAGES


def for_good(at: FailoverRehearsal) -> Iterator[Case]:
    """Every route answers badly from the start and until somebody mends it; the ways take turns."""
    for turn, route in enumerate(first_uses(at.windows)):
        what = LASTING[turn % len(LASTING)]
        case = f"{at.start}: every {route}: {what}"
        yield Case(case, lambda r=route, f=what, c=case: _lasting(at, [r], f, c))
    routes = sorted({call["route"] for window in at.windows for call in window.calls if of_the_cloud(call)})
    case = f"{at.start}: OpenStack is down"
    yield Case(case, lambda c=case: _lasting(at, routes, "refused", c))


def _lasting(at: FailoverRehearsal, routes: list[str], what: str, case: str) -> list[str]:
    """Nothing gives up; what waits says why; mended, it comes to the same."""
    told, acts = endured(at, at.start, routes, what, case, rows_of="host_id")
    return told + at.conclude(case, acts)


def pressed_by_two(at: FailoverRehearsal) -> Iterator[Case]:
    """A second click was found good in the same instant, and is written after the first, or when all is done."""
    for later in ("", "rest"):
        case = f"{at.workflow.name}: pressed by two, the second {'when all is done' if later else 'at once'}"
        yield Case(case, lambda n=later, c=case: _press(at, n, c))


def _press(at: FailoverRehearsal, later: str, case: str) -> list[str]:
    stage = at.stage
    button, state = ("fail_over", WITH_IMAGES) if at.workflow is FAILOVER else ("fail_back", FAILED_OVER)
    stage.restore(state)
    pid = stage.start("press_as_well", button=button)
    ended = stage.wait(pid)
    assert "stopped" in ended, ended
    stage.act("ask_fail_back" if button == "fail_back" else button)
    if later and button == "fail_back":
        stage.act("plan_and_say_yes")
    if later:
        stage.act("rest")
    os.kill(pid, signal.SIGCONT)
    told = stage.wait(pid).get("value")
    if not later and button == "fail_back":
        stage.act("plan_and_say_yes")
    wrong = [] if told in ("request_open", "stale_version") else [f"[{case}] The second was told {told!r}."]
    return wrong + at.conclude(case)


def forgotten(at: FailoverRehearsal) -> Iterator[Case]:
    """Less than a mark is lost: the database stands before the work, and the cloud at its end."""
    case = f"{at.start}: the database of then, the cloud of later"
    yield Case(case, lambda: _forget(at, case))


def _forget(at: FailoverRehearsal, case: str) -> list[str]:
    stage = at.stage
    stage.restore(at.start)
    then = stage.database.saved()
    stage.act("rest")
    stage.database.restore(then)
    return at.conclude(case)
