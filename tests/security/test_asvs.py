"""The checklist in `docs/asvs.md` names tests that exist, and most of what applies is shown by one."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOWN = re.compile(r"`([\w/]+\.py)::(\w+)`$")
UNSHOWN = ("**organisational**", "**open**")


def _lines() -> list[list[str]]:
    """(requirement, how, shown by) of each line of each table."""
    rows = [line for line in (ROOT / "docs" / "asvs.md").read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return [row for row in cells if row[0] != "requirement" and not row[0].startswith("---")]


def test_every_line_is_shown_by_a_test_that_exists_or_says_why_not() -> None:
    wrong = []
    for requirement, _how, by in _lines():
        found = SHOWN.match(by)
        if found is None:
            wrong += [] if by.startswith(UNSHOWN) else [requirement]
            continue
        file = ROOT / "tests" / found[1]
        if not file.exists() or not re.search(rf"^def {found[2]}\(", file.read_text(), re.MULTILINE):
            wrong.append(f"{requirement}: {by}")
    assert wrong == []


def test_four_fifths_of_what_applies_are_automated() -> None:
    lines = _lines()
    automated = sum(1 for _requirement, _how, by in lines if SHOWN.match(by))
    assert len(lines) >= 80
    assert automated >= 0.8 * len(lines)
