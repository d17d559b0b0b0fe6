"""Fields of published shapes that say what DRF's leave out: the width of a number, the values of an enum.

Every enum has a name of its own here: the generator would have to invent them for the many different things
that the contract calls `state`.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.schema import PROBLEM_SHAPE

INT32: Final = {"type": "integer", "format": "int32"}
LEVEL_NUMBER: Final = {**INT32, "minimum": 1, "maximum": 4}
INT64: Final = {"type": "integer", "format": "int64"}


@extend_schema_field(INT32)
class Int32(serializers.IntegerField):
    """A count, or a number of days."""


@extend_schema_field(LEVEL_NUMBER)
class LevelNumber(serializers.IntegerField):
    """1 to 4."""


@extend_schema_field(INT64)
class Int64(serializers.IntegerField):
    """A size, or the number of a row."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class AnyObject(serializers.JSONField):
    """An object whose members depend on something that the description names."""


@extend_schema_field(type(PROBLEM_SHAPE))
class Refusal(serializers.JSONField):
    """Why one of many was not done, as problem details (RFC 9457)."""


def one_of(name: str, values: Iterable[str], **kwargs: Any) -> serializers.CharField:
    """A text out of a closed list, published as the component `name`."""
    return _enum(name, tuple(str(value) for value in values))(**kwargs)


@cache
def _enum(name: str, values: tuple[str, ...]) -> type[serializers.CharField]:
    """One class for each name, which is how the generator knows that it is the same component."""

    @extend_schema_field({"type": "string", "enum": list(values)}, component_name=name)
    class OneOf(serializers.CharField):
        pass

    return OneOf
