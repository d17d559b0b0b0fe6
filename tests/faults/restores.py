"""T24: the portal's database is put back to an hour ago, and the clouds have moved on since.

Nothing is written before an operator has read the report; then what is newer than the database is taken up by the
row that wants it, or stays where it is and is told to people. Nothing is deleted, nothing is kept for less long.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.faults.aftermath import PLATFORM
from tests.faults.auditor import PORTAL, Region, tenant_of
from tests.faults.cases import Case
from tests.faults.databases import PostgresDatabase
from tests.faults.rehearsal import Rehearsal, Window
from tests.faults.stage import Stage
from tests.faults.workflows import BASE, WIDER

HOUR_S: Final = 3600
ROUNDS: Final = 2  # of census, a quarter of an hour apart: what is taken for an orphan is by the second
READS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Since:
    """`before` the dump, `since` the dump, and what people do when it is over."""

    name: str
    before: Callable[[Stage], object]
    since: Callable[[Stage], object]
    afterwards: Callable[[Stage], object] = lambda stage: stage.act("refuse_all")
    stands: bool = False  # everything that is there is in a row again, and all rows are at rest


def _empty(stage: Stage) -> None:
    stage.restore("neighbour")


def _asked(stage: Stage) -> None:
    _empty(stage)
    stage.act("ask", terms=BASE)


def _standing(stage: Stage) -> None:
    _empty(stage)
    _ordered(stage)


def _ordered(stage: Stage) -> None:
    stage.act("order", terms=BASE)
    _filled(stage, "backup")


def _approved(stage: Stage) -> None:
    stage.act("say_yes")
    _filled(stage, "backup")


def _widened(stage: Stage) -> None:
    stage.act("change", manifest_terms=WIDER)
    _filled(stage, "documents")


def _purged(stage: Stage) -> None:
    stage.act("end", purge=["archive-backup", "owner-key", "restore-key"])


def _filled(stage: Stage, *archives: str) -> None:
    stage.act("rest")
    stage.act("back_up", archives=list(archives))


def _again(stage: Stage) -> None:
    """What was decided since the dump is decided once more; repairs that the portal asked for stand in its way."""
    stage.act("refuse_all")
    stage.act("change", manifest_terms=WIDER)


SINCE: Final = (
    Since("an order", _empty, _ordered),
    Since("the yes to an order", _asked, _approved, lambda stage: stage.act("approve_what_is_open"), stands=True),
    Since("a key", _standing, lambda stage: stage.act("renew", key="writer")),
    Since("an archive and a longer keeping", _standing, _widened, _again, stands=True),
    Since("a suspension", _standing, lambda stage: stage.act("pause")),
    Since("an end", _standing, lambda stage: stage.act("end")),
    Since("a purge", _standing, _purged),
)


# Each of the two once deleted something: identities with their keys in use, and old versions before their time.
TELLING: Final = ("the yes to an order", "an archive and a longer keeping")


def put_back(stage: Stage, *, every: bool) -> Iterator[Case]:
    """Each kind of thing that may have happened in the hour that the database forgot."""
    for one in (one for one in SINCE if every or one.name in TELLING):
        yield Case(f"restored: {one.name}", lambda o=one: _play(stage, o))


def _play(stage: Stage, one: Since) -> list[str]:
    database = stage.database
    assert isinstance(database, PostgresDatabase)
    one.before(stage)
    stage.act("keep_up")
    database.dump_whole()
    one.since(stage)
    stage.act("rest")
    stage.act("keep_up")
    stage.offset.seconds += HOUR_S
    database.put_back_whole()
    there = Region.read(stage)
    stage.mend()
    since = len(stage.calls())
    found = [*_held(stage, since), *_accepted(stage)]
    _looked_at(stage)
    found += [*_unharmed(stage, there), *_told(stage)]
    if not found:
        one.afterwards(stage)
        _looked_at(stage)
        found += [*_unharmed(stage, there), *_told(stage), *(_standing_again(stage) if one.stands else ())]
    found += [f"A delete on the wire: {call}" for call in stage.calls()[since:] if deletes(call)]
    return [f"[restored: {one.name}] {wrong}" for wrong in found]


def _held(stage: Stage, since: int) -> Iterator[str]:
    """Workers look at everything and write nothing; the operator reads why, and what there is to do."""
    stage.act("keep_up")
    came_to = stage.value("look_on", minutes=3)
    for call in stage.calls()[since:]:
        if call["method"] not in READS and not call["path"].startswith("/api/"):
            yield f"Nobody accepted the report, and this was written: {call}"
    pages = stage.value("read_console")
    console, report = pages.values()
    if f"/console/platforms/{PLATFORM}/accept/" not in console:
        yield f"The console does not show that {PLATFORM} is held: {came_to['stacks']}"
    if "<form" not in report or "csrfmiddlewaretoken" not in report.partition("<main")[2]:
        yield "The report cannot be accepted."
    for marker in _unknown(stage):
        if marker not in console:
            yield f"The console does not show {marker} before the report is accepted."


def _theirs(region: Region) -> list[str]:
    """External ids of everything that is an authority's."""
    keys = [key for key, (uid, _secret) in region.keys.items() if uid != PORTAL]
    return [*(u for u in region.users if u != PORTAL), *keys, *(b["id"] for b in region.buckets if b["tenant"])]


def _unknown(stage: Stage) -> list[str]:
    """What is there and in no row, past the portal's own sightings."""
    rows = {
        x for (x,) in stage.database.rows("SELECT external_id FROM provisioning_resource WHERE state <> 'gone'")
    }
    region = Region.read(stage)
    return [one for one in _theirs(region) if one not in rows]


def _accepted(stage: Stage) -> list[str]:
    if (status := stage.value("accept")) != 302:
        return [f"Accepting was answered with {status}."]
    stage.act("look")
    held = stage.database.rows("SELECT 1 FROM provisioning_platformstate WHERE held_at IS NOT NULL")
    return ["It is accepted and still held."] if held else []


def _looked_at(stage: Stage) -> None:
    for _round in range(ROUNDS):
        stage.act("keep_up")
        stage.act("look_again")
        stage.act("rest")
        stage.offset.seconds += HOUR_S / 4


def _unharmed(stage: Stage, before: Region) -> Iterator[str]:
    """What was there is there: identities, keys, archives, every version in them, and for as long."""
    after = Region.read(stage)
    yield from (f"The identity {one} was deleted." for one in set(before.users) - set(after.users))
    yield from (f"The key {one} was deleted." for one in set(before.keys) - set(after.keys))
    now = {bucket["id"]: bucket for bucket in after.buckets}
    for bucket in before.buckets:
        kept = now.get(bucket["id"])
        if kept is None:
            yield f"The archive {bucket['name']} was deleted."
            continue
        if [v for v in bucket["versions"] if v not in kept["versions"]]:
            yield f"Copies in {bucket['name']} were deleted."
        if _days(kept) < _days(bucket):
            yield f"{bucket['name']} kept old versions for {_days(bucket)} days, and now for {_days(kept)}."


def deletes(call: Mapping[str, Any]) -> bool:
    """What takes something away."""
    return call["method"] == "DELETE" or call["route"] == "delete_objects"


def _days(bucket: Mapping[str, Any]) -> int:
    found = re.search(r"NoncurrentDays\D+(\d+)", json.dumps(bucket["settings"]))
    return int(found[1]) if found else 0


def _told(stage: Stage) -> Iterator[str]:
    """In a row, or told to people."""
    known = stage.value("known")
    for one in _theirs(Region.read(stage)):
        if one in known["to be removed"]:
            yield f"{one} is to be removed, and nobody said so."
        if one not in known["in rows"] and one not in known["told"]:
            yield f"{one} exists and nobody is told."


def _standing_again(stage: Stage) -> Iterator[str]:
    """In a row, and every row at rest. The secrets of keys went with the hour: others were made beside them."""
    rows = stage.database.rows("SELECT name, state, reason FROM provisioning_resource WHERE state <> 'ready'")
    yield from (f"{name} is {state} {reason}." for name, state, reason in rows)
    known, region = stage.value("known"), Region.read(stage)
    for one in _theirs(region):
        if one not in known["in rows"] and one not in region.keys:
            yield f"{one} exists beside what was made again."


def forgotten_steps(at: Rehearsal) -> Iterator[Case]:
    """Less than a mark is lost: the database stands at some step of a workflow, and the cloud at its end."""
    for window in at.windows[1:]:
        case = f"{window.state}: the database of then, the cloud of later"
        yield Case(case, lambda w=window, c=case: _step(at, w, c))


def _step(at: Rehearsal, window: Window, case: str) -> list[str]:
    stage = at.stage
    stage.restore(window.state)
    then = stage.database.saved()
    stage.act("rest")
    there = Region.read(stage)
    stage.database.restore(then)
    stage.mend()
    came_to = stage.value("rest")
    states = dict(
        stage.database.rows(
            "SELECT r.name, r.state FROM provisioning_resource r JOIN provisioning_stack s ON s.id = r.stack_id"
            f" WHERE s.key = '{at.stack}' AND NOT r.orphan"
        )
    )
    found = [] if came_to["rests"] else [f"It never comes to rest: {came_to['rows']}"]
    if states != dict(at.expected.rows):
        found.append(f"Rows are not as they should be: {came_to['rows']}")
    found += _unharmed(stage, there)
    if Region.read(stage).without(tenant_of(at.stack)) != at.expected.bystanders:
        found.append("Something that is not this stack's was changed in the region.")
    return [f"[{case}] {wrong}" for wrong in found]
