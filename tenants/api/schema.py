"""What the published schema says beyond what the views' types tell it."""

from typing import Any, Final

from django.db.models import Field, UUIDField
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from tenants.api.idempotency import HEADER, KEY, MAX_KEY
from tenants.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, MAX_QUERY, Listing


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the generator what our token authentication is."""

    target_class = "tenants.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token, opaque."""
        return {"type": "http", "scheme": "bearer"}


class StrictBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Tells clients, too, that a field that nobody knows is refused, and an empty text where one is needed."""

    target_class = "tenants.api.serializers.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """The generator's own, closed."""
        found: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        for name, schema in found.get("properties", {}).items():
            blank = getattr(self.target.fields[name], "allow_blank", True)
            if name in self.target.patterns:
                schema["pattern"] = f"^({self.target.patterns[name].pattern}){'?' if blank else ''}$"
            elif schema.get("type") == "string" and not blank:
                schema["pattern"] = r"\S"
        return {**found, "additionalProperties": False}


# RFC 9457, with our code and the errors by field.
PROBLEM_SHAPE: Final = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(),
        "instance": serializers.CharField(),
        "code": serializers.CharField(),
        "errors": serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False),
    },
)
PROBLEM: Final = OpenApiResponse(PROBLEM_SHAPE, description="A refusal, as problem details.")

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    HEADER, {"type": "string", "maxLength": MAX_KEY, "pattern": KEY.pattern}, OpenApiParameter.HEADER,
    description="Repeat the call with the same key and body: one effect, the first answer again.",
)  # fmt: skip
IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="The ETag that was read; 412 when the object has changed since.",
)  # fmt: skip


# An address can carry a NUL, a text in the database cannot.
ANY_TEXT: Final = {"type": "string", "pattern": r"^[^\u0000]*$"}
SEARCH: Final = {**ANY_TEXT, "maxLength": MAX_QUERY}


def answers(success: dict[int, Any], *refusals: int) -> dict[Any, Any]:
    """Responses of one operation: what it gives, and the problems that it may answer with."""
    statuses = sorted({400, 401, 403, 429, 503, *refusals})
    problems: dict[Any, Any] = {(s, "application/problem+json"): PROBLEM for s in statuses}
    return {**problems, **success}


def page_of(name: str, shape: type[serializers.Serializer[Any]]) -> Any:
    """The list answer: items and the links that go on."""
    return inline_serializer(
        name,
        {
            "items": shape(many=True),
            "next": serializers.URLField(required=False),
            "previous": serializers.URLField(required=False),
        },
    )


def filter_schema(field: "Field[Any, Any]") -> dict[str, Any]:
    """What may be asked of a column by `?name=`: one of its values, or at least something of its type."""
    if field.flatchoices:
        return {"type": "string", "enum": [str(key) for key, _label in field.flatchoices]}
    if isinstance(field, UUIDField):
        return {"type": "string", "format": "uuid"}
    return ANY_TEXT


def list_parameters(listing: Listing[Any]) -> list[OpenApiParameter]:
    """`limit`, `cursor`, `sort`, `q` and the list's filters."""
    sorts = sorted(listing.sorts)
    parameters = [
        OpenApiParameter(
            "limit",
            {"type": "integer", "format": "int32", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        ),
        OpenApiParameter("cursor", OpenApiTypes.STR, description="From the links next and previous."),
        OpenApiParameter(
            "sort", OpenApiTypes.STR, enum=[*sorts, *(f"-{name}" for name in sorts)],
            default=listing.default_sort,
        ),
        *(OpenApiParameter(name, filter_schema(listing.field_of(name))) for name in sorted(listing.filters)),
    ]  # fmt: skip
    if listing.search:
        parameters.append(OpenApiParameter("q", SEARCH))
    return parameters
