"""What no JSON Schema can say, each with its reason; and what would only cost time."""

from typing import Any, Final

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

_TEXT: Final = (
    "People read it: no character that is invisible or that nobody has assigned; regular expressions differ."
)
# A refusal that names nothing but these fields is no fault of the schema.
RULES_BEYOND_THE_SCHEMA: Final = {
    "cursor": "Only a cursor that was handed out means something.",
    "authority": "It has to exist, and to be the caller's.",
    "terms": "The level's own JSON Schema judges them, and that is at /levels/{n}/.",
    "fiscal_code": "The last digit checks the others.",
    "name": _TEXT,
    "seat.address": _TEXT,
    "security_contact.name": _TEXT,
    "external_ref": _TEXT,
    "reason": _TEXT,
    "note": _TEXT,
    "external_id": _TEXT,
}


@schemathesis.hook
def filter_failure(_context: Any, failure: Failure, _case: Any, response: Any) -> bool:
    """Drop the one failure that says: what the schema allows was refused."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    named = response.json().get("errors", {})
    return not named or any(_rule(name) is None for name in named)


def _rule(name: str) -> str | None:
    return RULES_BEYOND_THE_SCHEMA.get("terms" if name.startswith("terms.") else name)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """A held answer costs its seconds: what may wait longer waits one."""
    wait = str((case.query or {}).get("wait", ""))
    if wait.isdigit() and 1 < int(wait) <= 30:
        case.query["wait"] = "1"
