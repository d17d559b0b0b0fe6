"""Terms as they come over the wire, made plain before the level's schema judges them.

JSON knows one kind of number: `5.0` is a whole number for JSON Schema, and must be one for whoever computes
bytes from it. And a member that is no list is told so before anybody walks along it.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from elaastic.levels import LEVELS
from tenants.models.errors import Invalid


def plain_terms(level: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """The terms with whole numbers as such. Raises Invalid for what should be a list and is none."""
    known = LEVELS[level].schema.get("properties", {}) if level in LEVELS else {}
    lists = [name for name, rule in known.items() if rule.get("type") == "array"]
    wrong = [name for name in lists if name in given and not isinstance(given[name], list)]
    if wrong:
        raise Invalid(errors={f"terms.{name}": [_("This must be a list.")] for name in wrong})
    return {name: _whole(value) for name, value in given.items()}


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    return value
