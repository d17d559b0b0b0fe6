"""A recovery plan: in which order a town's machines start again, what people do meanwhile, and how one sees that
each machine works.

Pure. A plan belongs to terms with machines; `groups` stand in boot order, and whoever carries the plan out walks
them: wait for `pause_seconds` after the group before has answered, let people do what comes `before`, start the
machines all together, and check each until every one has answered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from elaastic.levels.recovery_schema import CHECKS_OF, LOGIN, MOST_GROUPS, USUAL_SECONDS
from provisioning.domain.course import CHECK, PAUSE, PEOPLE, START, Step

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: where (`groups.0.machines`), the stable `code`, and what it is about."""

    field: str
    code: str
    about: str = ""


def steps(document: Document) -> Iterator[Step]:
    """The plan as one line of steps: each group's pause, people, starts, and then its checks."""
    for number, group in enumerate(document["groups"], start=1):
        if group["pause_seconds"]:
            yield Step(PAUSE, number, seconds=group["pause_seconds"])
        for action in group["before"]:
            yield Step(PEOPLE, number, text=action["text"], who=action["who"])
        for name in group["machines"]:
            yield Step(START, number, name)
        for name in group["machines"]:
            for check in document["checks"][name]:
                own = {part: check[part] for part in ("text", "port", "path") if part in check}
                yield Step(CHECK, number, name, check["within_seconds"], check=check["kind"], **own)


def default_check(nature: str) -> dict[str, Any]:
    """What is asked of a machine about which nobody has said anything."""
    usual = CHECKS_OF[nature][0]
    text = {"text": LOGIN} if usual == "console" else {}
    return {"kind": usual, **text, "within_seconds": USUAL_SECONDS}


def default_document(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The plan that follows from the terms alone: machines by `boot_group`, one check each, nobody to call yet."""
    machines = terms["machines"]
    numbers = sorted({_boot_group(machine) for machine in machines})
    return {
        "groups": [_group(m["name"] for m in machines if _boot_group(m) == number) for number in numbers],
        "checks": {machine["name"]: [default_check(machine["nature"])] for machine in machines},
        "contacts": [],
        "notes": "",
    }


def _boot_group(machine: Mapping[str, Any]) -> int:
    return int(machine.get("boot_group", 1))


def _group(machines: Iterable[str]) -> dict[str, Any]:
    return {"machines": list(machines), "pause_seconds": 0, "before": []}


def fitted(document: Document, terms: Mapping[str, Any]) -> dict[str, Any]:
    """The same plan for the machines of these terms: the gone are left out, the new start last with their usual
    check, and a check that no longer fits its machine is the usual one again. Of a plan that fits nothing changes.
    """
    natures = {machine["name"]: machine["nature"] for machine in terms["machines"]}
    placed: set[str] = set()
    groups = []
    for group in document["groups"]:
        mine = [name for name in group["machines"] if name in natures and name not in placed]
        placed |= set(mine)
        if mine or group["before"]:
            groups.append({**group, "machines": mine})
    if missing := [name for name in natures if name not in placed]:
        groups = _with_last(groups, missing)
    checks = {name: _checks(document["checks"].get(name, ()), nature) for name, nature in natures.items()}
    return {**document, "groups": groups, "checks": checks}


def _with_last(groups: list[dict[str, Any]], machines: list[str]) -> list[dict[str, Any]]:
    """In a group of their own; in the last one where no more groups are possible."""
    if len(groups) < MOST_GROUPS:
        return [*groups, _group(machines)]
    *former, last = groups
    return [*former, {**last, "machines": [*last["machines"], *machines]}]


def _checks(known: Iterable[Mapping[str, Any]], nature: str) -> list[Mapping[str, Any]]:
    fit = [check for check in known if check["kind"] in CHECKS_OF[nature]]
    return fit or [default_check(nature)]


def faults(document: Document, terms: Mapping[str, Any]) -> list[Finding]:
    """What no schema can say of a document that satisfies it: each machine of the terms starts in one group, and
    has checks of its nature's kind. The codes have their words in `elaastic.selectors.sentences`.
    """
    return [*_order_faults(document, terms), *_check_faults(document, terms)]


def _order_faults(document: Document, terms: Mapping[str, Any]) -> Iterator[Finding]:
    names = {machine["name"] for machine in terms["machines"]}
    placed: set[str] = set()
    for index, group in enumerate(document["groups"]):
        where = f"groups.{index}.machines"
        for name in group["machines"]:
            if name not in names:
                yield Finding(where, "machine_unknown", name)
            elif name in placed:
                yield Finding(where, "machine_twice", name)
            placed.add(name)
        if not group["machines"] and not group["before"]:
            yield Finding(where, "group_empty")
    for machine in terms["machines"]:
        if machine["name"] not in placed:
            yield Finding("groups", "machine_in_no_group", machine["name"])


def _check_faults(document: Document, terms: Mapping[str, Any]) -> Iterator[Finding]:
    natures = {machine["name"]: machine["nature"] for machine in terms["machines"]}
    for name in document["checks"].keys() - natures.keys():
        yield Finding("checks", "machine_unknown", name)
    for name, nature in natures.items():
        known = document["checks"].get(name, ())
        if not known:
            yield Finding("checks", "machine_without_check", name)
        for index, check in enumerate(known):
            if check["kind"] not in CHECKS_OF[nature]:
                yield Finding(f"checks.{name}.{index}.kind", f"check_for_{nature}", name)


def stale(
    document: Document, terms: Mapping[str, Any], *, written_for: Mapping[str, str], now: Mapping[str, str]
) -> list[Finding]:
    """Why a plan that fitted when it was written does not any more: reality moved. Empty while it fits.

    `written_for` and `now` are its surroundings then and today, as `surroundings` gives them.
    """
    moved = [Finding("", f"{name}_moved", now[name]) for name in SURROUNDINGS if _moved(name, written_for, now)]
    return [*faults(document, terms), *moved]


# What a plan relies on beside the machines: their addresses, and the site on which they start.
SURROUNDINGS: Final = ("lan", "reserve")


def surroundings(terms: Mapping[str, Any], reserve: str) -> dict[str, str]:
    """What a version keeps of the moment in which it was written; `reserve` is the site's code."""
    return {"lan": terms["lan"], "reserve": reserve}


def _moved(name: str, then: Mapping[str, str], today: Mapping[str, str]) -> bool:
    return bool(then.get(name)) and then.get(name) != today.get(name)
