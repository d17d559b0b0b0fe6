"""What no JSON Schema can say, each with its reason; and what would only cost time."""

from typing import Any, Final

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

_TEXT: Final = (
    "People read it: no character that is invisible or that nobody has assigned; regular expressions differ."
)
# A refusal that names nothing but these fields is no fault of the schema.
RULES_BEYOND_THE_SCHEMA: Final = {
    "role": "An authority keeps an owner.",
    "cursor": "Only a cursor that was handed out means something.",
    "authority": "It has to exist, and to be the caller's.",
    "body": "It has to be a verified body that acts for others.",
    "until": "From today on, and three years ahead at most.",
    "letter": _TEXT,
    "failed_over": "Either it or terms is sent.",
    "terms": "The level's own JSON Schema judges them, and that is at /levels/{n}/.",
    "document": "The plan's own JSON Schema judges it, and that is at /levels/{n}/; it is sent whole.",
    "fiscal_code": "The last digit checks the others.",
    "name": _TEXT,
    "seat.address": _TEXT,
    "security_contact.name": _TEXT,
    "external_ref": _TEXT,
    "reason": _TEXT,
    "note": _TEXT,
    "text": _TEXT,
    "request": "One of many to decide on: it has to exist, and to be named once.",
    "external_id": _TEXT,
    "counter_digest": "Only the digest of what was shown means something.",
    "plan_digest": "Only the digest of what was shown means something.",
    "subscription": "It has to exist, and to be the caller's.",
    "archive": "It has to be one of the subscription's.",
    "machine": "It has to be one of the recovery plan's.",
    "tool": "Only for a way in that the subscription has.",
}
# What is inside of them has a schema of its own.
_JUDGED_ELSEWHERE: Final = ("terms", "document")
# Of an authority that the region has verified its owner changes none of these.
_VERIFIED: Final = frozenset({"name", "kind", "ipa_code", "fiscal_code", "istat_code", "province", "pec"})
# Addresses of their own that stand where an id may stand: nobody's id, and asked by another verb.
_WORDS: Final = ("/authorities/bulk/", "/requests/decisions/")


@schemathesis.hook
def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Drop the one failure that says: what the schema allows was refused. And what a made-up id met by its name."""
    if response.status_code == 405 and str(response.request.url).endswith(_WORDS):
        return False
    if isinstance(failure, AcceptedNegativeData) and _is_refused_by_row(response):
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    if _is_sheet(case, response):
        return False
    beyond = _VERIFIED if response.request.method == "PATCH" else frozenset()
    named = response.json().get("errors", {})
    return not named or any(_rule(name) is None for name in named if name not in beyond)


def _is_refused_by_row(response: Any) -> bool:
    """Of many authorities each has its own answer, and the call as a whole is taken."""
    if response.status_code != 200 or not str(response.request.url).endswith("/authorities/bulk/"):
        return False
    return any(item["outcome"] == "refused" for item in response.json()["items"])


def _is_sheet(case: Any, response: Any) -> bool:
    """What columns a sheet has no JSON Schema says; nor can our generator say, of a body in two media types, that
    there has to be one. That a good sheet is taken, tests/elaastic shows.
    """
    sent = response.request
    return str(sent.url).endswith("/authorities/bulk/") and (case.media_type == "text/csv" or not sent.body)


def _rule(name: str) -> str | None:
    place, _dot, field = name.partition(".")
    known = field if place.isdigit() else place if place in _JUDGED_ELSEWHERE else name
    return RULES_BEYOND_THE_SCHEMA.get(known)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """A held answer costs its seconds: what may wait longer waits one."""
    wait = str((case.query or {}).get("wait", ""))
    if wait.isdigit() and 1 < int(wait) <= 30:
        case.query["wait"] = "1"
