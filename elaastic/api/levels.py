"""`/levels/`: the catalogue, for everybody."""

from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, answer_single
from elaastic.api.fields import INT32, AnyObject, LevelNumber
from elaastic.api.sequences import SequenceListing, paginate_sequence, sequence_parameters
from elaastic.levels import LEVELS, Level
from tenants.api.base import ApiView
from tenants.api.policy import PUBLIC
from tenants.api.schema import answers, page_of
from tenants.models.errors import NotFound


class LevelShape(serializers.Serializer[Any]):
    """What `level_shape` returns. `price_list` is empty until the region publishes prices."""

    number = LevelNumber()
    name = serializers.CharField()
    summary = serializers.CharField()
    promises = serializers.ListField(child=serializers.CharField())
    available = serializers.BooleanField()
    terms_schema = AnyObject()
    default_terms = AnyObject()
    credentials = serializers.ListField(child=serializers.CharField())
    price_list = serializers.ListField(child=AnyObject())


def level_shape(level: Level) -> dict[str, Any]:
    """One level; `terms_schema` is the JSON Schema (2020-12) that its terms must satisfy, {} when announced."""
    return {
        "number": level.number,
        "name": _(level.name),
        "summary": _(level.summary),
        "promises": [_(promise) for promise in level.promises],
        "available": level.available,
        "terms_schema": level.schema,
        "default_terms": level.defaults,
        "credentials": list(level.credentials),
        "price_list": [],
    }


LISTED: Final[SequenceListing[Level]] = SequenceListing(
    show=level_shape,
    identity=lambda level: str(level.number),
    sorts={"number": lambda level: level.number},
    search=lambda level: f"{level.name} {level.summary}",
)
NUMBER: Final = OpenApiParameter("number", {**INT32, "minimum": 1, "maximum": 4}, OpenApiParameter.PATH)


class LevelList(ApiView):
    """The four levels."""

    policy = {"GET": PUBLIC}
    parameters = LISTED.parameters

    @extend_schema(
        operation_id="levels_list",
        auth=[],
        parameters=sequence_parameters(LISTED),
        responses=answers({200: page_of("LevelPage", LevelShape)}),
    )
    def get(self, request: Request) -> Response:
        """What each promises, and whether it can be asked for."""
        return paginate_sequence(request, LEVELS.values(), LISTED)


class LevelDetail(ApiView):
    """One level."""

    policy = {"GET": PUBLIC}

    @extend_schema(
        operation_id="levels_read",
        auth=[],
        parameters=[NUMBER, IF_NONE_MATCH],
        responses=answers({200: LevelShape, 304: None}, 404),
    )
    def get(self, request: Request, number: int) -> Response:
        """With the JSON Schema of its terms."""
        found = LEVELS.get(number)
        if found is None:
            raise NotFound
        return answer_single(request, f"level-{number}", level_shape(found))
