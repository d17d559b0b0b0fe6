"""A recovery plan while it is being typed: what stands in the page's fields, read as a document again, and what
its buttons add, remove and move. Nothing is judged here, and nothing is a form.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from elaastic.levels.recovery_schema import (
    MOST_ACTIONS,
    MOST_CHECKS,
    MOST_CONTACTS,
    MOST_GROUPS,
    PAGE,
    PARTS_OF,
    USUAL_SECONDS,
)

Document = dict[str, Any]
# What a button adds, empty.
CONTACT: Final = {"name": "", "role": "", "phone": "", "email": ""}
ACTION: Final = {"text": "", "who": "authority"}
_GROUP: Final = {"machines": [], "pause_seconds": 0, "before": []}


def typed_document(data: Mapping[str, str], kinds: Mapping[str, tuple[str, ...]]) -> Document:
    """What stands in the fields, unjudged; `kinds`: what can be asked of each machine that there is."""
    groups = [_typed_group(data, index) for index in range(max(1, _count(data, "groups", MOST_GROUPS)))]
    for name in kinds:
        asked = data.get(f"machines-{name}", "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 0
        groups[number - 1 if 1 <= number <= len(groups) else -1]["machines"].append(name)
    return {
        "groups": groups,
        "checks": {name: _typed_checks(data, name, able) for name, able in kinds.items()},
        "contacts": [
            {part: data.get(f"contacts-{index}-{part}", "").strip() for part in CONTACT}
            for index in range(_count(data, "contacts", MOST_CONTACTS))
        ],
        "notes": data.get("notes", "").replace("\r\n", "\n").strip(),
    }


def _typed_group(data: Mapping[str, str], index: int) -> dict[str, Any]:
    stem = f"groups-{index}-before"
    before = [
        {"text": data.get(f"{stem}-{n}-text", "").strip(), "who": data.get(f"{stem}-{n}-who", "authority")}
        for n in range(_count(data, stem, MOST_ACTIONS))
    ]
    return {"machines": [], "pause_seconds": data.get(f"groups-{index}-pause_seconds", "0"), "before": before}


def _typed_checks(data: Mapping[str, str], name: str, able: tuple[str, ...]) -> list[dict[str, Any]]:
    made = []
    for index in range(max(1, _count(data, f"checks-{name}", MOST_CHECKS))):
        stem = f"checks-{name}-{index}"
        asked = data.get(f"{stem}-kind", able[0])
        kind = asked if asked in able else able[0]
        own = {part: data.get(f"{stem}-{part}", "").strip() for part in PARTS_OF[kind]}
        made.append({"kind": kind, **own, "within_seconds": data.get(f"{stem}-within_seconds", USUAL_SECONDS)})
    return made


def _count(data: Mapping[str, str], name: str, most: int) -> int:
    """How many there are, as the page says."""
    asked = data.get(name, "0")
    return min(most, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0


def with_part(document: Document, step: str) -> tuple[Document, str]:
    """The document with what a button adds, removes or moves, and the field to go on in; itself for any other step.

    `add.groups`, `add.groups.0.before`, `add.checks.dns.tcp`, `add.contacts`; `remove.` and the part's own place;
    `up.groups.1`.
    """
    act, _dot, place = step.partition(".")
    made = deepcopy(document)
    try:
        if act == "add":
            return made, _add(made, place.split("."))
        if act == "remove":
            _remove(made, place.split("."))
        if act == "up":
            index = int(place.removeprefix("groups."))
            groups = made["groups"]
            if 0 < index < len(groups):
                groups[index - 1], groups[index] = groups[index], groups[index - 1]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return document, ""  # the page never says this
    return made, ""


def _part(document: Document, path: list[str]) -> Any:
    found: Any = document
    for name in path:
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def _add(document: Document, path: list[str]) -> str:
    if path[0] == "checks":
        return _add_check(document, *path[1:])
    rows = _part(document, path)
    rows.append(deepcopy({"groups": _GROUP, "contacts": CONTACT, "before": ACTION}[path[-1]]))
    first = {"groups": "pause_seconds", "contacts": "name"}.get(path[-1], "text")
    return "-".join([*path, str(len(rows) - 1), first])


def _add_check(document: Document, name: str, kind: str) -> str:
    rows, parts = document["checks"][name], PARTS_OF[kind]
    empty = {part: PAGE if part == "path" else "" for part in parts}
    rows.append({"kind": kind, **empty, "within_seconds": USUAL_SECONDS})
    return f"checks-{name}-{len(rows) - 1}-{parts[0] if parts else 'within_seconds'}"


def _remove(document: Document, path: list[str]) -> None:
    rows, index = _part(document, path[:-1]), int(path[-1])
    if len(rows) == 1 and (path[0] == "checks" or path[:-1] == ["groups"]):
        return  # one stays always
    gone = rows.pop(index)
    if path[:-1] == ["groups"]:
        rows[max(0, index - 1)]["machines"] += gone["machines"]
