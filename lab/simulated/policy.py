"""Bucket policies, read and weighed as RGW 16 does: an explicit Deny wins, then an Allow, then the ACL decides.

One condition is known, `StringLike` on `aws:UserAgent`: a policy with another is refused with 501 rather than half
obeyed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache

from lab.simulated.actions import ACTIONS
from lab.simulated.errors import Refused
from lab.simulated.users import split_uid


class Effect(Enum):
    ALLOW = "Allow"
    DENY = "Deny"
    PASS = "Pass"


@dataclass(frozen=True)
class Statement:
    """One statement; resources are (tenant, `bucket[/key]`) patterns, agents are patterns of the user agent."""

    effect: Effect
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[tuple[str, str], ...]
    agents: tuple[str, ...] = ("*",)


def parse(text: str, tenant: str) -> tuple[Statement, ...]:
    """Statements of a policy on a bucket of `tenant`; Refused InvalidArgument as RGW says for any error in it."""
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise Refused("InvalidArgument") from None
    if isinstance(statements, dict):
        statements = [statements]
    return tuple(_statement(statement, tenant) for statement in statements)


@lru_cache(maxsize=512)
def parse_stored(text: str, tenant: str) -> tuple[Statement, ...]:
    """As `parse`, remembered: the same policy is weighed at every call."""
    return parse(text, tenant)


def weigh(
    statements: Sequence[Statement], uid: str | None, action: str, tenant: str, resource: str, agent: str = ""
) -> Effect:
    """What the statements say about user `uid` (None is anonymous) doing `action` on `bucket` or `bucket/key`."""
    found = Effect.PASS
    for statement in statements:
        if not any(fnmatchcase(agent, pattern) for pattern in statement.agents):
            continue
        if not _applies(statement, uid, action, tenant, resource):
            continue
        if statement.effect is Effect.DENY:
            return Effect.DENY
        found = Effect.ALLOW
    return found


def _applies(statement: Statement, uid: str | None, action: str, tenant: str, resource: str) -> bool:
    if not any(_is(uid, principal) for principal in statement.principals):
        return False
    if not any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement.actions):
        return False
    return any(where == tenant and fnmatchcase(resource, pattern) for where, pattern in statement.resources)


def _is(uid: str | None, principal: str) -> bool:
    if principal == "*":
        return True
    if uid is None:
        return False
    tenant, name = split_uid(uid)
    return principal in (f"arn:aws:iam::{tenant}:user/{name}", f"arn:aws:iam::{tenant}:root")


def _statement(given: object, tenant: str) -> Statement:
    if not isinstance(given, dict) or not {"Effect", "Principal"} <= given.keys():
        raise Refused("InvalidArgument")
    if {"NotAction", "NotResource", "NotPrincipal"} & given.keys():
        raise Refused("NotImplemented", "the simulated region knows no negations in policies")
    try:
        effect = Effect(given["Effect"])
    except ValueError:
        raise Refused("InvalidArgument") from None
    principal = given["Principal"]
    names = _texts(principal["AWS"] if isinstance(principal, dict) and "AWS" in principal else principal)
    actions = _texts(given.get("Action", []))
    if not all(_known_principal(name) for name in names) or not all(_known_action(name) for name in actions):
        raise Refused("InvalidArgument")
    resources = tuple(_resource(text, tenant) for text in _texts(given.get("Resource", [])))
    return Statement(effect, names, actions, resources, _agents(given.get("Condition")))


def _agents(given: object) -> tuple[str, ...]:
    if given is None:
        return ("*",)
    if isinstance(given, dict) and given.keys() == {"StringLike"}:
        (inner,) = given.values()
        if isinstance(inner, dict) and inner.keys() == {"aws:UserAgent"}:
            return _texts(inner["aws:UserAgent"])
    raise Refused("NotImplemented", "the simulated region knows no other condition than StringLike aws:UserAgent")


def _texts(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    if isinstance(given, list) and all(isinstance(item, str) for item in given):
        return tuple(given)
    raise Refused("InvalidArgument")


def _resource(text: str, tenant: str) -> tuple[str, str]:
    """`arn:aws:s3::TENANT:pattern`; an empty tenant is the bucket's, another one's is refused."""
    parts = text.split(":", 5)
    if text == "*":
        return tenant, "*"
    if len(parts) != 6 or parts[:3] != ["arn", "aws", "s3"] or parts[4] not in ("", "*", tenant):
        raise Refused("InvalidArgument")
    return tenant, parts[5]


def _known_principal(name: str) -> bool:
    return name == "*" or name.startswith("arn:aws:iam::")


def _known_action(name: str) -> bool:
    return name == "*" or any(fnmatchcase(known.lower(), name.lower()) for known in ACTIONS)
