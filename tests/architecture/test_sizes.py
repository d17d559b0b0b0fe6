"""Budgets: small files and short functions stay readable. The engine is the one thing that everybody must read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mcloud_portal", "tenants", "elaastic", "provisioning", "gateway", "lab", "bench")
LONGEST_FILE, LONGEST_FUNCTION, ENGINE_LINES = 400, 60, 600
NAMELESS = {"utils", "helpers", "common", "misc"}


def sources() -> list[Path]:
    found = [p for package in PACKAGES for p in (ROOT / package).rglob("*.py") if "migrations" not in p.parts]
    assert len(found) > 50
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_is_longer_than_the_hard_limit(package: str) -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in sources()
        if p.parts[len(ROOT.parts)] == package and (n := len(p.read_text().splitlines())) > LONGEST_FILE
    }
    assert not long


@pytest.mark.parametrize("package", PACKAGES)
def test_no_function_is_longer_than_the_hard_limit(package: str) -> None:
    long = []
    for path in sources():
        if path.parts[len(ROOT.parts)] != package:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert not long


def test_the_engine_fits_in_one_sitting() -> None:
    names = ("claims", "planner", "reconciler")
    lines = sum(len((ROOT / "provisioning/engine" / f"{n}.py").read_text().splitlines()) for n in names)
    assert lines <= ENGINE_LINES


def test_every_file_says_what_it_is_about() -> None:
    assert not [p for p in sources() if p.stem in NAMELESS]
    silent = [
        str(p.relative_to(ROOT))
        for p in sources()
        if p.read_text().strip() and ast.get_docstring(ast.parse(p.read_text())) is None
    ]
    assert not silent
