"""Fields of published shapes that say what DRF's leave out: the width of a number, the values of an enum.

Enums are written where they are used. The generator's habit of giving each its own component would have to
invent names for the dozen different things that the contract calls `state`.
"""

from collections.abc import Iterable
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

INT32: Final = {"type": "integer", "format": "int32"}
INT64: Final = {"type": "integer", "format": "int64"}


@extend_schema_field(INT32)
class Int32(serializers.IntegerField):
    """A count, or a number of days."""


@extend_schema_field({**INT32, "minimum": 1, "maximum": 4})
class LevelNumber(serializers.IntegerField):
    """1 to 4."""


@extend_schema_field(INT64)
class Int64(serializers.IntegerField):
    """A size, or the number of a row."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class AnyObject(serializers.JSONField):
    """An object whose members depend on something that the description names."""


def one_of(values: Iterable[str], **kwargs: Any) -> serializers.Field[Any, Any, Any, Any]:
    """A text out of a closed list."""
    names = [str(value) for value in values]

    @extend_schema_field({"type": "string", "enum": names})
    class OneOf(serializers.CharField):
        pass

    return OneOf(**kwargs)
