"""What the published schema says beyond what the views' types tell it."""

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from tenants.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, Listing


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the generator what our token authentication is."""

    target_class = "tenants.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token, opaque."""
        return {"type": "http", "scheme": "bearer"}


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
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="Repeat the call with the same key and body: one effect, the first answer again.",
)  # fmt: skip
IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="The ETag that was read; 412 when the object has changed since.",
)  # fmt: skip


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


def list_parameters(listing: Listing[Any]) -> list[OpenApiParameter]:
    """`limit`, `cursor`, `sort`, `q` and the list's filters."""
    sorts = sorted(listing.sorts)
    parameters = [
        OpenApiParameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        ),
        OpenApiParameter("cursor", OpenApiTypes.STR, description="From the links next and previous."),
        OpenApiParameter(
            "sort", OpenApiTypes.STR, enum=[*sorts, *(f"-{name}" for name in sorts)],
            default=listing.default_sort,
        ),
        *(OpenApiParameter(name, OpenApiTypes.STR) for name in sorted(listing.filters)),
    ]  # fmt: skip
    if listing.search:
        parameters.append(OpenApiParameter("q", {"type": "string", "maxLength": 200}))
    return parameters
