"""The recovery plan's document: its JSON schema, and the words and limits of which it is made.

Pure. What a document means, and what no schema can say of it, stands in `levels.recovery`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from provisioning.domain.asking import LONGEST_PATH, PATH

# The nature of a machine -> the checks that can be asked of it, the usual one first. No packet of ours reaches an
# isolated network: what remains is what a machine writes on its console, or what the agent inside it says and asks.
CHECKS_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"stateless": ("console",), "stateful": ("agent", "tcp", "http")}
)
# What a check of each kind has besides its time; what may be left out, with its default.
PARTS_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"console": ("text",), "agent": (), "tcp": ("port",), "http": ("port", "path")}
)
PAGE: Final = "/"
WHO: Final = ("authority", "region")
LOGIN: Final = "login:"
# A machine of a few GiB takes a minute or two to its prompt; an old one with a database takes longer.
USUAL_SECONDS: Final = 300
LONGEST_SECONDS: Final = 3600
MOST_GROUPS, MOST_ACTIONS, MOST_CHECKS, MOST_CONTACTS = 20, 10, 5, 20
# One line of somebody's words: nothing that does not print.
LINE: Final = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
LINE_OR_NOTHING: Final = r"^[^\x00-\x1f\x7f]*$"
PHONE: Final = r"^\+?[0-9][0-9 ./()-]{3,}$"
EMAIL: Final = r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$"


def _line(longest: int, description: str, *, empty: bool = False) -> dict[str, Any]:
    pattern = LINE_OR_NOTHING if empty else LINE
    return {"type": "string", "maxLength": longest, "pattern": pattern, "description": description}


def _seconds(least: int, description: str) -> dict[str, Any]:
    limits = {"minimum": least, "maximum": LONGEST_SECONDS}
    return {"type": "integer", "format": "int32", **limits, "description": description}


def _parts_of(kind: str) -> dict[str, Any]:
    """What a check of that kind needs, and what it has not."""
    others = [{"required": [part]} for part in ("text", "port", "path") if part not in PARTS_OF[kind]]
    needed = [part for part in PARTS_OF[kind] if part != "path"]
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"required": needed, "not": {"anyOf": others}},
    }


_CHECK: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "within_seconds"],
    "properties": {
        "kind": {
            "type": "string",
            "enum": list(PARTS_OF),
            "description": (
                "console: `text` appears on it (stateless machines). Of stateful machines, agent: the guest agent "
                "answers. tcp: something inside the machine listens on `port`. http: the page `path` on `port` is "
                "answered inside it with a status below 400."
            ),
        },
        "text": _line(200, "What must appear on the console, as it is written there."),
        "port": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 65535},
        "path": {
            "type": "string",
            "maxLength": LONGEST_PATH,
            "pattern": PATH,
            "default": PAGE,
            "description": "Of the page, as in its address.",
        },
        "within_seconds": _seconds(10, "From the start of the machine."),
    },
    "allOf": [_parts_of(kind) for kind in PARTS_OF],
}
_GROUP: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["machines", "pause_seconds", "before"],
    "properties": {
        "machines": {
            "type": "array",
            "maxItems": 50,
            "items": {"type": "string"},
            "description": "Names of the terms; they start together. Empty where people alone have to act.",
        },
        "pause_seconds": _seconds(0, "How long to wait after the group before has answered."),
        "before": {
            "type": "array",
            "maxItems": MOST_ACTIONS,
            "description": "What people do, in this order, before the group starts.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "who"],
                "properties": {
                    "text": _line(300, "What is to be done."),
                    "who": {"type": "string", "enum": list(WHO), "description": "Whose people do it."},
                },
            },
        },
    },
}
_CONTACT: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "role", "phone", "email"],
    "properties": {
        "name": _line(100, "A person, or a desk that is always staffed."),
        "role": _line(100, "What they are needed for.", empty=True),
        "phone": {
            "type": "string",
            "maxLength": 40,
            "pattern": PHONE,
            "description": "A number that works when the town hall does not.",
        },
        "email": {
            "type": "string",
            "maxLength": 254,
            "pattern": EMAIL,
            "description": "Empty where there is none.",
        },
    },
}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Recovery plan",
    "type": "object",
    "additionalProperties": False,
    "required": ["groups", "checks", "contacts", "notes"],
    "properties": {
        "groups": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_GROUPS,
            "description": "In boot order.",
            "items": _GROUP,
        },
        "checks": {
            "type": "object",
            "maxProperties": 50,
            "description": "By the machine's name; a machine works when all of its checks have passed.",
            "additionalProperties": {"type": "array", "minItems": 1, "maxItems": MOST_CHECKS, "items": _CHECK},
        },
        "contacts": {
            "type": "array",
            "maxItems": MOST_CONTACTS,
            "description": "Whom to call, in this order.",
            "items": _CONTACT,
        },
        "notes": {"type": "string", "maxLength": 4000, "description": "Whatever else one must know that night."},
    },
}
