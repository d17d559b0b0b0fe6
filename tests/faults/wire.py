"""T2 and T2p: what the region answers, or does not, to one call or to every call of a route."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from zlib import crc32

from tests.faults.cases import Case
from tests.faults.rehearsal import Rehearsal, Window
from tests.faults.sdk import CALL_S

_LONG_MS: Final = int(CALL_S * 1500)
RETRY_AFTER_S: Final = 17
ONCE: Final[dict[str, dict[str, Any]]] = {
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504},
    "429": {"kind": "status", "status": 429, "retry_after": RETRY_AFTER_S},
    "409": {"kind": "status", "status": 409},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "refused": {"kind": "refuse"},
    "reset": {"kind": "reset"},
    "timeout": {"kind": "timeout", "delay_ms": _LONG_MS},
    "truncated": {"kind": "truncate"},
    "html": {"kind": "html"},
    "slow": {"kind": "slow", "delay_ms": int(CALL_S * 250)},
    "missing field": {"kind": "missing"},
    "500 after success": {"kind": "status", "status": 500, "after": True},
    "reset after success": {"kind": "reset", "after": True},
    "timeout after success": {"kind": "timeout", "delay_ms": _LONG_MS, "after": True},
}
# Only a person can mend these; all others heal by themselves.
FOR_A_PERSON: Final = frozenset({"401", "403"})
LASTING: Final = (
    "500", "503", "401", "403", "409", "refused", "reset", "html", "truncated", "500 after success",
)  # fmt: skip
# What the engine cannot tell from each other: it is the same error to it, under another number or another name.
KIN: Final = (
    ("500", "502", "503", "504"),
    ("401", "403"),
    ("reset", "timeout"),
    ("truncated", "html"),
    ("500 after success", "reset after success", "timeout after success"),
)
# A field of each answer that is read. Answers that nobody reads cannot lack one. A gateway leaves `Status` out of
# its own accord, for a bucket that never had versions: the approved versioning is then set again, and stands.
FIELDS: Final = {
    "admin_get_user": "keys",
    "admin_get_bucket": "id",
    "list_objects_v2": "KeyCount",
    "get_bucket_tagging": "TagSet",
    "get_versioning": "Status",
    "get_lifecycle": "Rule",
    "get_object_lock": "ObjectLockConfiguration",
    "projects_get": "project",
    "images_get": "status",
    "images_list": "images",
    "servers_get": "status",
    "servers_list": "servers",
    "servers_action": "output",
    "ports_list": "ports",
    "ports_get": "id",
    "networks_get": "id",
    "networks_list": "networks",
    "security_groups_get": "security_group_rules",
    "grants_list": "roles",
    "members_list": "users",
    "flavors_list": "flavors",
    "users_get": "enabled",
}


def once(at: Rehearsal, *, every: bool = True) -> Iterator[Case]:
    """Every call of every window, every fault that makes a difference there; without `every` one of each kin."""
    for window in at.windows:
        for number, call in enumerate(window.calls, 1):
            differing = [what for what, fault in ONCE.items() if _differs(call, fault)]
            for what in differing if every else _one_of_each_kin(differing, f"{window.state} {number}"):
                case = f"{window.state}: call {number} {call['route']}: {what}"
                yield Case(case, lambda w=window, n=number, f=what, c=case: _strike(at, w, n, f, c))


def _one_of_each_kin(ways: Iterable[str], where: str) -> list[str]:
    """Another one at another place, and the same each time."""
    left = list(ways)
    for kin in KIN:
        there = [what for what in left if what in kin]
        chosen = there[crc32(where.encode()) % len(there)] if there else ""
        left = [what for what in left if what not in kin or what == chosen]
    return left


def _differs(call: Mapping[str, Any], fault: Mapping[str, Any]) -> bool:
    """A read that was answered and lost is a read that was not answered."""
    if fault["kind"] == "missing":
        return call["route"] in FIELDS and call["status"] < 300
    return not (fault.get("after") and call["method"] == "GET")


def turns(windows: Iterable[Window]) -> Iterator[tuple[Window, int, str]]:
    """Every call of every window, each with one way to go wrong: they take turns over the calls."""
    ways, turn = list(ONCE), 0
    for window in windows:
        for number, call in enumerate(window.calls, 1):
            turn += 1
            what = ways[turn % len(ways)]
            yield window, number, "500" if what == "missing field" and call["route"] not in FIELDS else what


def first_uses(windows: Iterable[Window]) -> dict[str, str]:
    """Route -> the state at the beginning of the window that first uses it."""
    first: dict[str, str] = {}
    for window in windows:
        for call in window.calls:
            first.setdefault(call["route"], window.state)
    return first


def fault_of(what: str, route: str) -> dict[str, Any]:
    """For the region's control."""
    fault = dict(ONCE[what])
    if fault["kind"] == "missing":
        fault["missing"] = FIELDS[route]
    return fault


def once_in_turn(at: Rehearsal) -> Iterator[Case]:
    """Every call of every window; the ways take turns."""
    for window, number, what in turns(at.windows):
        case = f"{window.state}: call {number} {window.calls[number - 1]['route']}: {what}"
        yield Case(case, lambda w=window, n=number, f=what, c=case: _strike(at, w, n, f, c))


def for_good_in_turn(at: Rehearsal) -> Iterator[Case]:
    """Every route, from the window on that first uses it; the ways take turns. Looked at so often before the long
    time that what is asked for at the end of a whole workflow is met before it, too.
    """
    for turn, (route, state) in enumerate(first_uses(at.windows).items()):
        what = LASTING[turn % len(LASTING)]
        case = f"{state}: every {route}: {what}"
        yield Case(case, lambda s=state, r=route, f=what, c=case: _lasting(at, s, r, f, c, looks=15))


def _strike(at: Rehearsal, window: Window, number: int, what: str, case: str) -> list[str]:
    stage = at.stage
    stage.restore(window.state)
    stage.control("fault", call=number, **fault_of(what, window.calls[number - 1]["route"]))
    if what == "429":
        return _told_to_wait(at, case)
    if what not in FOR_A_PERSON:
        return at.conclude(case)
    told = stage.value("rest")
    waits = [row for row in told["rows"].values() if row[0] in ("failed", "blocked")]
    if not waits:
        return at.conclude(case)  # a look at something else settled it
    if unclear := [row for row in waits if not row[1] or len(row[2]) < 20]:
        return [f"[{case}] It waits for a person and does not say why: {unclear}"]
    stage.act("retry")
    return at.conclude(case, acts=1)


def _told_to_wait(at: Rehearsal, case: str) -> list[str]:
    """Nothing is sent to the platform about that resource before the time it asked for."""
    stage = at.stage
    stage.act("look_until_told", seconds=RETRY_AFTER_S)
    early = stage.value("early", seconds=RETRY_AFTER_S)
    return [f"[{case}] {line}" for line in early] + at.conclude(case)


def for_good(at: Rehearsal, *, every: bool = True) -> Iterator[Case]:
    """Every route of the workflow, from some step on and for good; then it is mended, and a person retries."""
    for route, state in first_uses(at.windows).items():
        for what in LASTING if every else _one_of_each_kin(LASTING, route):
            case = f"{state}: every {route}: {what}"
            yield Case(case, lambda s=state, r=route, f=what, c=case: _lasting(at, s, r, f, c))


def _lasting(at: Rehearsal, state: str, route: str, what: str, case: str, looks: int = 3) -> list[str]:
    stage = at.stage
    stage.restore(state)
    stage.control("fault", route=route, times=-1, **ONCE[what])
    told = stage.value("endure", looks=looks)
    rows = {n: r for n, r in told["rows"].items() if r[0] not in ("ready", "retained", "gone")}
    waits = {n: r for n, r in rows.items() if r[0] in ("failed", "blocked")}
    if not rows:
        return at.conclude(case)  # nobody needs that answer
    if not waits:
        return [f"[{case}] After eleven minutes nobody is told: {rows}"]
    if unclear := {n: r for n, r in waits.items() if not r[1] or len(r[2]) < 20}:
        return [f"[{case}] It waits for a person and does not say why: {unclear}"]
    stage.mend()
    stage.act("retry")
    return at.conclude(case, acts=1)
