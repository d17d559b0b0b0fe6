"""The workflows that exist, each with the state it starts from and what it comes to.

`prepare` brings a fresh portal to just before the work: everything asked, planned and approved, nothing sent. What
no person decides (a new key, a suspension) is only asked: its plan and its yes are a worker's too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.faults.stage import Stage

ROLES: Final = ("owner", "writer", "restore", "probe")
BASE: Final[dict[str, Any]] = {
    "quota_gib": 100,
    "protocols": ["s3"],
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "immutability": "none",
    "copies": 3,
}
WIDER: Final[dict[str, Any]] = {
    **BASE,
    "quota_gib": 250,
    "archives": [*BASE["archives"], {"name": "documents", "expected_interval_hours": 24, "copies": 2}],
    "retention_days": 90,
}
ALL: Final = {name: "ready" for role in ROLES for name in (role, f"{role}-key")} | {"archive-backup": "ready"}
NARROWER: Final = {"archive-documents": "retained"}
# What was backed up can be restored until the end: the archive, and whatever it and the restore key refer to.
KEPT: Final = ALL | dict.fromkeys(ALL, "retained") | {"writer-key": "gone", "probe-key": "gone"}

# Of level 2, whose one archive holds images.
RESERVE: Final = dict.fromkeys(
    ("reserve", "reserve-user", "reserve-people", "reserve-may", "reserve-access", "lan", "lan-addresses",
     "lan-router", "lan-rules"), "ready"
)  # fmt: skip
TOWN: Final = dict.fromkeys((*(ALL.keys() - {"archive-backup"}), "archive-images"), "ready") | RESERVE
MACHINES: Final = {f"{part}-{name}": "ready" for part in ("image", "plug", "machine") for name in ("dns", "web")}
LEFT: Final = (
    dict.fromkeys(TOWN, "retained") | dict.fromkeys((*RESERVE, "writer-key", "probe-key"), "gone")
)  # fmt: skip
# States from which several workflows begin.
WITH_IMAGES: Final = "a town with images"
FAILED_OVER: Final = "failover/end"


@dataclass(frozen=True)
class Workflow:
    """`reserved` in GiB on each of the three sites, at the end; `acts`: audit events that a worker writes."""

    name: str
    prepare: Callable[[Stage], None]
    rows: Mapping[str, str]
    reserved: tuple[int, ...]
    acts: int = 0


def end_of(workflow: str) -> str:
    """The state at the end of its rehearsal."""
    return f"{workflow}/end"


def _order(stage: Stage) -> None:
    stage.restore("neighbour")
    stage.act("order", terms=BASE)


def _stands(stage: Stage, terms: Mapping[str, Any] = BASE, *, data: bool = True) -> None:
    stage.restore("neighbour")
    stage.act("order", terms=terms)
    stage.act("rest")
    if data:
        stage.act("back_up", archives=[a["name"] for a in terms["archives"]])


def _change(stage: Stage) -> None:
    _stands(stage)
    stage.act("change", manifest_terms=WIDER)


def _end(stage: Stage) -> None:
    _stands(stage)
    stage.act("end")


def _purge(stage: Stage) -> None:
    _stands(stage, data=False)
    stage.act("end", purge=["archive-backup", "owner-key", "restore-key"])


def _step_back(stage: Stage) -> None:
    _stands(stage, WIDER)
    stage.act("change", manifest_terms=BASE)


def _new_key(stage: Stage) -> None:
    _stands(stage)
    stage.act("renew", key="writer")


def _suspension(stage: Stage) -> None:
    _stands(stage)
    stage.act("pause")


def _two_reserves(stage: Stage) -> None:
    """The neighbour has one already."""
    stage.restore("neighbour")
    stage.with_machines()
    stage.act("colleague_comes")
    stage.act("neighbour_steps_up")
    stage.act("rest")


def _subscribed(stage: Stage) -> None:
    _from(stage, "two reserves", _two_reserves)
    stage.act("subscribe")


def _ordered(stage: Stage) -> None:
    _subscribed(stage)
    stage.act("rest")


def _with_images(stage: Stage) -> None:
    _from(stage, end_of("order of level 2"), _ordered)
    stage.act("send_images")


def _failed_over(stage: Stage) -> None:
    _from(stage, WITH_IMAGES, _with_images)
    stage.act("fail_over")
    stage.act("rest")


def _from(stage: Stage, name: str, prepare: Callable[[Stage], None]) -> None:
    """A state from which several begin; a rehearsal may have come to it already."""
    if not stage.knows(name):
        prepare(stage)
        stage.save(name)
    stage.restore(name)


def _of_a_town_with_images(act: str) -> Callable[[Stage], None]:
    def prepare(stage: Stage) -> None:
        _from(stage, WITH_IMAGES, _with_images)
        stage.act(act)

    return prepare


def _failed_back(stage: Stage) -> None:
    _from(stage, FAILED_OVER, _failed_over)
    stage.act("fail_back")


def _drill(stage: Stage) -> None:
    """Of a town of level 2; the rows and the room of its own stay as they stand."""
    stage.restore("neighbour")
    stage.with_machines()
    stage.act("subscribe")
    stage.act("rest")
    stage.act("send_images")
    stage.act("begin_drill")


WORKFLOWS: Final = (
    Workflow("order", _order, ALL, (100,) * 3),
    Workflow("change", _change, ALL | {"archive-documents": "ready"}, (250,) * 3),
    Workflow("end", _end, KEPT, (100,) * 3),
    Workflow("purge", _purge, dict.fromkeys(ALL, "gone"), ()),
    Workflow("step back", _step_back, ALL | NARROWER, (100,) * 3),
    Workflow("new key", _new_key, ALL | {"writer-key": "gone", "writer-key-2": "ready"}, (100,) * 3, 1),
    Workflow("suspension", _suspension, ALL, (100,) * 3, 1),
)
DRILL: Final = Workflow("drill", _drill, {}, ())
# On each of three sites, and of the reserve processors and MiB of memory.
ORDER_2: Final = Workflow("order of level 2", _subscribed, TOWN, (100, 100, 100, 2, 512))
CHANGE_2: Final = Workflow(
    "change of level 2",
    _of_a_town_with_images("widen"),
    TOWN | {"archive-documents": "ready"},
    (150, 150, 150, 3, 768),
)
END_2: Final = Workflow("end of level 2", _of_a_town_with_images("leave_for_good"), LEFT, (100,) * 3)
# The agreement has said yes to it beforehand: that a worker carries it out is told in the trail.
FAILOVER: Final = Workflow("failover", _of_a_town_with_images("fail_over"), TOWN | MACHINES, ORDER_2.reserved, 1)
FAILBACK: Final = Workflow("failback", _failed_back, TOWN | dict.fromkeys(MACHINES, "gone"), ORDER_2.reserved)
LEVEL_2: Final = (ORDER_2, CHANGE_2, END_2)
FAILOVERS: Final = (FAILOVER, FAILBACK)
# What make test-deep plays whole. Of the others, whose steps are among these, a tenth is played.
DEEP: Final = ("order", "change", "end", "purge", "step back")
