"""What of an answer is contract: its status, its error code, the names in its body; not values, not order."""

import json
import re
from xml.etree import ElementTree

from tests.lab.contract.wire import Answer

# Header names that say something about the answer; the rest is transport (`server`, `date`, chunking).
TRANSPORT = frozenset(
    ("date", "connection", "server", "content-length", "transfer-encoding", "keep-alive", "x-amz-request-id")
)


def error_code(answer: Answer) -> str:
    """The S3 or Admin Ops code of a refusal, empty for anything else."""
    if answer.status < 400 or not answer.body:
        return ""
    found = re.search(rb'<Code>(\w+)</Code>|"Code": ?"(\w+)"', answer.body)
    return (found[1] or found[2]).decode() if found else ""


def header_names(answer: Answer) -> list[str]:
    return sorted(name for name in answer.headers if name not in TRANSPORT)


def body_shape(body: bytes) -> list[str]:
    """Every path of names in a JSON or XML body, sorted; a body of another kind is `bytes`, none is empty."""
    if not body:
        return []
    if body.lstrip().startswith(b"<"):
        return sorted(_xml(ElementTree.fromstring(body), ""))
    try:
        return sorted(_json(json.loads(body), "$"))
    except ValueError:
        return ["bytes"]


def json_shape(content: object) -> list[str]:
    return sorted(_json(content, "$"))


def _json(content: object, at: str) -> set[str]:
    if isinstance(content, dict):
        return {at}.union(*(_json(value, f"{at}.{name}") for name, value in content.items()))
    if isinstance(content, list):
        return {f"{at}[]"}.union(*(_json(value, f"{at}[]") for value in content))
    kind = (
        "number" if isinstance(content, int | float) and not isinstance(content, bool) else type(content).__name__
    )
    return {f"{at}: {kind}"}


def _xml(element: ElementTree.Element, at: str) -> set[str]:
    here = f"{at}/{element.tag.rpartition('}')[2]}"
    return {here}.union(*(_xml(child, here) for child in element))
