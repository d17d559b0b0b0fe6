"""`/levels/`: the catalogue, for everybody."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, answer_single
from elaastic.api.choosing import PriceShape, price_shape
from elaastic.api.fields import INT32, AnyObject, Int32, LevelNumber
from elaastic.api.sequences import SequenceListing, paginate_sequence, sequence_parameters
from elaastic.levels import LEVELS, Level
from elaastic.levels.pricing import Price, in_force
from elaastic.selectors.estimates import prices, prices_today
from elaastic.selectors.placing import is_offered
from elaastic.selectors.today import today
from provisioning.selectors.region import protocols, systems
from tenants.api.base import ApiView
from tenants.api.policy import PUBLIC
from tenants.api.schema import answers, page_of
from tenants.models.errors import NotFound


class AgreementShape(serializers.Serializer[Any]):
    """The agreement's calendar: `grace_days` after its last day copies are still taken."""

    years = Int32()
    grace_days = Int32()
    reminder_days = serializers.ListField(child=Int32())
    renewable_days = Int32()


class LevelShape(serializers.Serializer[Any]):
    """What `level_shape` returns. `price_list` holds the prices in force, and is empty until the region
    publishes some."""

    number = LevelNumber()
    name = serializers.CharField()
    summary = serializers.CharField()
    promises = serializers.ListField(child=serializers.CharField())
    available = serializers.BooleanField()
    terms_schema = AnyObject()
    default_terms = AnyObject()
    recovery_plan_schema = AnyObject()
    credentials = serializers.ListField(child=serializers.CharField())
    price_list = PriceShape(many=True)
    agreement = AgreementShape()


def level_shape(level: Level, price_list: dict[str, Price]) -> dict[str, Any]:
    """One level; `terms_schema` is the JSON Schema (2020-12) that its terms must satisfy, {} when announced;
    `recovery_plan_schema` that of its recovery plans, {} where no machines start.

    A protocol that this region does not speak is not in it.
    """
    return {
        "number": level.number,
        "name": _(level.name),
        "summary": _(level.summary),
        "promises": [_(promise) for promise in level.promises],
        "available": is_offered(level),
        "terms_schema": level.offering(protocols(), systems()),
        "default_terms": level.defaults,
        "recovery_plan_schema": level.recovery_plan,
        "credentials": list(level.credentials),
        "agreement": {
            "years": level.agreement.years,
            "grace_days": level.agreement.grace_days,
            "reminder_days": list(level.agreement.reminders),
            "renewable_days": level.agreement.renewable_days,
        },
        "price_list": [price_shape(price_list[item]) for item in sorted(price_list)],
    }


@dataclass(frozen=True)
class Priced:
    """A level with its prices in force, by item."""

    level: Level
    prices: dict[str, Price]


LISTED: Final[SequenceListing[Priced]] = SequenceListing(
    show=lambda one: level_shape(one.level, one.prices),
    identity=lambda one: str(one.level.number),
    sorts={"number": lambda one: one.level.number},
    search=lambda one: f"{one.level.name} {one.level.summary}",
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
        rows, day = prices(), today()
        found = [Priced(level, in_force(rows, number, day)) for number, level in LEVELS.items()]
        return paginate_sequence(request, found, LISTED)


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
        return answer_single(request, f"level-{number}", level_shape(found, prices_today(number)))
