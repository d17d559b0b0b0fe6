"""The published contract is the code's, and it says what clients need to be generated from it.

After a change of the API: `manage.py spectacular --format openapi-json --file docs/openapi.json`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
BASE = "/rest/elaastic/v1/"
# Older numbers whose width is not said yet; this list only ever gets shorter.
WITHOUT_WIDTH = {
    "Problem", "AuditEventShape", "AuthorityBody", "AuthorityShape", "PatchedAuthorityBody", "LimitsShape",
    "TokenBody", "authorities/", "OnboardingBody",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the code publishes; any warning of the generator is an error."""
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    call_command("spectacular", "--format", "openapi-json", "--file", str(path), "--validate", "--fail-on-warn")
    return dict(json.loads(path.read_text()))


def _operations(published: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in published["paths"].items():
        for method, operation in methods.items():
            yield path.removeprefix(BASE), method, operation


def test_the_committed_contract_is_the_one_that_the_code_publishes(published: dict[str, Any]) -> None:
    assert json.loads(COMMITTED.read_text()) == published
    assert published["openapi"] == "3.1.0"


def test_every_operation_says_how_it_refuses(published: dict[str, Any]) -> None:
    silent = []
    for path, method, operation in _operations(published):
        if path in ("schema/", "docs/"):
            continue
        answers = operation["responses"]
        told = [code for code, answer in answers.items() if "application/problem+json" in answer.get("content", {})]
        if not {"400", "401", "429", "503"} <= set(told):
            silent.append(f"{method} {path}")
    assert silent == []


def test_every_operation_has_a_name_of_its_own(published: dict[str, Any]) -> None:
    names = [operation["operationId"] for _path, _method, operation in _operations(published)]
    assert len(names) == len(set(names))


def test_every_number_says_its_width(published: dict[str, Any]) -> None:
    found = {name for name, schema in published["components"]["schemas"].items() if _numbers_without_width(schema)}
    found |= {path for path, _method, operation in _operations(published) if _numbers_without_width(operation)}
    assert found <= WITHOUT_WIDTH


def test_lists_take_a_limit_and_a_cursor(published: dict[str, Any]) -> None:
    lists = [
        (path, {parameter["name"] for parameter in operation.get("parameters", ())})
        for path, _method, operation in _operations(published)
        if "Page" in json.dumps(operation["responses"].get("200", {}))
    ]
    assert len(lists) > 10
    assert [path for path, names in lists if not {"limit", "cursor", "sort"} <= names] == []


def _numbers_without_width(node: Any) -> list[Any]:
    if isinstance(node, list):
        return [fault for inner in node for fault in _numbers_without_width(inner)]
    if not isinstance(node, dict):
        return []
    kinds = node.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    here = [node] if kinds & {"integer", "number"} and "format" not in node else []
    return here + [fault for inner in node.values() for fault in _numbers_without_width(inner)]
