"""`/recommendations/` and `/estimates/`: what fits, what it costs, and where there is room for it."""

from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elaastic.api.fields import INT64, AnyObject, Int32, Int64, LevelNumber, one_of
from elaastic.api.plans import EffectShape, effect_shape
from elaastic.api.shapes import PlacementShape, placement_shape
from elaastic.api.terms import plain_terms
from elaastic.levels import LEVELS
from elaastic.levels.advice import QUESTIONS, REASONS
from elaastic.levels.pricing import ITEMS, Line, Price
from elaastic.selectors.estimates import Estimate, estimate
from elaastic.selectors.placing import is_offered
from elaastic.selectors.sentences import ADVICE, PRICED
from elaastic.services.asking import check_terms
from elaastic.services.recommending import recommend
from tenants.api.authentication import actor_or_none
from tenants.api.base import ApiView
from tenants.api.policy import PUBLIC, Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import StrictSerializer, read_body
from tenants.models import LocalAuthority
from tenants.models.errors import Invalid, NotFound
from tenants.selectors import authorities_readable_by

# Whole GiB and megabits that somebody may really have.
MOST_GIB: Final = 1_000_000
FASTEST_MBIT: Final = 100_000


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "pattern": r"^\d+\.\d{2,4}$"},
            "currency": {"type": "string", "minLength": 3, "maxLength": 3},
        },
        "required": ["amount", "currency"],
    },
    component_name="Money",
)
class Money(serializers.JSONField):
    """An exact amount as a text, never a float."""


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """What `Money` publishes; at least two decimals, and not more than the price has."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    assert isinstance(exponent, int)
    return {"amount": f"{plain:.{max(2, -exponent)}f}", "currency": currency}


class PriceShape(serializers.Serializer[Any]):
    """The price of one `item` a month, tax excluded, since `valid_from`."""

    item = one_of("PricedItem", ITEMS)
    text = serializers.CharField()
    price = Money()
    valid_from = serializers.DateField()


def price_shape(price: Price) -> dict[str, Any]:
    """One row of the price list."""
    return {
        "item": price.item,
        "text": str(PRICED[price.item]),
        "price": money(price.amount, price.currency),
        "valid_from": price.valid_from.isoformat(),
    }


class PriceLineShape(PriceShape):
    """So many of it, and what they cost together."""

    quantity = Int64()
    amount = Money()


class EstimateShape(serializers.Serializer[Any]):
    """`monthly_total` is null while a price is missing; `placement` when it fits nowhere today, and `capacity` is
    then that of every site. `first_copy_s` is null when no line was given.
    """

    level = LevelNumber()
    terms = AnyObject()
    price_lines = PriceLineShape(many=True)
    missing_prices = serializers.ListField(child=one_of("PricedItem", ITEMS))
    monthly_total = Money(allow_null=True)
    fits = serializers.BooleanField()
    placement = PlacementShape(allow_null=True)
    capacity = EffectShape(many=True)
    data_gib = Int64()
    first_copy_s = Int64(allow_null=True)


def estimate_shape(level: int, terms: dict[str, Any], found: Estimate) -> dict[str, Any]:
    """One estimate."""
    total = found.bill.total
    currency = found.bill.lines[0].price.currency if found.bill.lines else ""
    return {
        "level": level,
        "terms": terms,
        "price_lines": [_line(line) for line in found.bill.lines],
        "missing_prices": list(found.bill.missing),
        "monthly_total": None if total is None else money(total, currency),
        "fits": found.fits,
        "placement": placement_shape(found.placement.as_json()) if found.placement else None,
        "capacity": [effect_shape(effect) for effect in found.effects],
        "data_gib": found.data_gib,
        "first_copy_s": found.first_copy_s,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        **price_shape(line.price),
        "quantity": line.quantity,
        "amount": money(line.amount, line.price.currency),
    }


@extend_schema_field({**INT64, "minimum": 1, "maximum": MOST_GIB})
class _Gib(serializers.IntegerField):
    """Whole GiB."""


@extend_schema_field({**INT64, "minimum": 1, "maximum": FASTEST_MBIT})
class _Mbit(serializers.IntegerField):
    """Whole megabits a second."""


class EstimateBody(StrictSerializer):
    """Terms that somebody thinks of. `authority` says how far the copies are; the last two give `first_copy_s`."""

    level = LevelNumber()
    terms = serializers.DictField()
    authority = serializers.UUIDField(required=False)
    data_gib = _Gib(required=False, min_value=1, max_value=MOST_GIB)
    uplink_mbit = _Mbit(required=False, min_value=1, max_value=FASTEST_MBIT)


class Estimates(ApiView):
    """What if?"""

    policy = {"POST": Rule(anyone_signed_in, ("subscriptions:read",))}

    @extend_schema(
        operation_id="estimates_make",
        parameters=[IDEMPOTENCY_KEY],
        request=EstimateBody,
        responses=answers({200: EstimateShape}, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Price, room and the first copy's time for these terms, today. Stores nothing."""
        body = read_body(EstimateBody, request.data)
        terms = check_terms(body["level"], plain_terms(body["level"], body["terms"]))
        found = estimate(
            body["level"],
            terms,
            authority=self._authority(body.get("authority")),
            data_gib=body.get("data_gib"),
            uplink_mbit=body.get("uplink_mbit"),
        )
        return Response(estimate_shape(body["level"], terms, found))

    def _authority(self, public_id: Any) -> LocalAuthority | None:
        if public_id is None:
            return None
        found = authorities_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise Invalid(errors={"authority": [NotFound.title]})
        return found


class AnswersBody(StrictSerializer):
    """Six answers; each is one of a list."""

    population = one_of("PopulationAnswer", QUESTIONS["population"])
    staff = one_of("StaffAnswer", QUESTIONS["staff"])
    servers = one_of("ServersAnswer", QUESTIONS["servers"])
    downtime = one_of("DowntimeAnswer", QUESTIONS["downtime"])
    loss = one_of("LossAnswer", QUESTIONS["loss"])
    server_room = one_of("ServerRoomAnswer", QUESTIONS["server_room"])


class ReasonShape(serializers.Serializer[Any]):
    """Why: a stable code, and a sentence for people."""

    code = one_of("AdviceReason", REASONS)
    text = serializers.CharField()


class RecommendationShape(serializers.Serializer[Any]):
    """`saas`: programs as a service first, and `level` is for what stays. `start_with` can be asked for today."""

    level = LevelNumber()
    saas = serializers.BooleanField()
    available = serializers.BooleanField()
    start_with = Int32()
    reasons = ReasonShape(many=True)


class Recommendations(ApiView):
    """Which level fits? For everybody, also before they register."""

    policy = {"POST": PUBLIC}

    @extend_schema(
        operation_id="recommendations_make",
        auth=[],
        request=AnswersBody,
        responses=answers({200: RecommendationShape}, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Six answers in, a level and its reasons out. Who is advised toward SaaS is counted, unnamed."""
        found = recommend(read_body(AnswersBody, request.data), by=actor_or_none(request))
        return Response(
            {
                "level": found.level,
                "saas": found.saas,
                "available": is_offered(LEVELS[found.level]),
                "start_with": max(n for n, level in LEVELS.items() if is_offered(level) and n <= found.level),
                "reasons": [{"code": code, "text": str(ADVICE[code])} for code in found.reasons],
            }
        )
