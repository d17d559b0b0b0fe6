"""`/subscriptions/`: asking, and what became of it."""

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed, tag_of
from elaastic.api.fields import LEVEL_NUMBER, LevelNumber
from elaastic.api.filters import by_level, by_subscription_state
from elaastic.api.requests import decided
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import RequestShape, SubscriptionShape, subscription_shape
from elaastic.api.terms import plain_terms
from elaastic.models import Subscription, SubscriptionState
from elaastic.selectors.listed import as_listed
from elaastic.selectors.subscriptions import overview, overviews, subscriptions_readable_by
from elaastic.services.asking import request_subscription
from elaastic.services.changing import change_terms, leave
from elaastic.services.failing_over import fail_back, fail_over
from tenants.api.base import ApiView
from tenants.api.conditions import require_match
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, IF_MATCH, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.models import Actor, LocalAuthority
from tenants.models.errors import Invalid, NotFound
from tenants.selectors import authorities_readable_by

SUBSCRIPTIONS: Final[Listing[Subscription]] = Listing(
    model=Subscription,
    # The whole page is shaped at once, because states come from other tables.
    show=lambda row: {"row": row},
    sorts={"created_at": "created_at"},
    default_sort="-created_at",
    search=("authority__name", "authority__ipa_code", "external_ref"),
    filters={
        "authority": "authority__public_id",
        "ipa_code": "authority__ipa_code",
        "external_ref": "external_ref",
    },
)
STATE: Final = OpenApiParameter("state", str, enum=SubscriptionState.values)
LEVEL: Final = OpenApiParameter("level", LEVEL_NUMBER)
READ: Final = Rule(anyone_signed_in, ("subscriptions:read",))
WRITE: Final = Rule(anyone_signed_in, ("subscriptions:write",))


class SubscriptionBody(StrictSerializer):
    """An ask; `terms` are checked against the level's JSON Schema by the service."""

    authority = serializers.UUIDField()
    level = LevelNumber()
    terms = serializers.DictField()
    external_ref = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


def find_subscription(actor: Actor, public_id: UUID) -> Subscription:
    """The subscription when the caller may read it; absent and foreign are the same."""
    found = subscriptions_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


class SubscriptionList(ApiView):
    """The subscriptions that the caller may see; asking for one."""

    policy = {"GET": READ, "POST": WRITE}
    parameters = SUBSCRIPTIONS.parameters | {"state", "level"}

    @extend_schema(
        operation_id="subscriptions_list",
        parameters=[*row_parameters(SUBSCRIPTIONS), STATE, LEVEL],
        responses=answers({200: page_of("SubscriptionPage", SubscriptionShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of subscriptions, the newest first."""
        readable = by_level(request, subscriptions_readable_by(self.actor))
        page = paginate(request, as_listed(by_subscription_state(request, readable)), SUBSCRIPTIONS)
        seen = overviews(item["row"] for item in page.data["items"])
        page.data["items"] = [subscription_shape(one) for one in seen]
        return page

    @extend_schema(
        operation_id="subscriptions_ask",
        parameters=[IDEMPOTENCY_KEY],
        request=SubscriptionBody,
        responses=answers({202: SubscriptionShape}, 409, 413, 415, 422),
    )
    def post(self, request: Call) -> Response:
        """Ask: the terms are frozen, a plan is made, a person decides."""
        body = read_body(SubscriptionBody, request.data)
        asked = request_subscription(
            authority=self._authority(body["authority"]),
            level=body["level"],
            terms=plain_terms(body["level"], body["terms"]),
            external_ref=body["external_ref"],
            by=self.actor,
        )
        row = asked.subscription
        where = reverse("elaastic-api:subscription", args=[row.public_id], request=request)
        return answer_single(request, row.public_id, subscription_shape(overview(row)), 202, Location=where)

    def _authority(self, public_id: UUID) -> LocalAuthority:
        found = authorities_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise Invalid(errors={"authority": [NotFound.title]})
        return found


class ChangeBody(StrictSerializer):
    """Other terms, whole; `level` is the present one when it is left out, or a higher one. Or `failed_over` alone:
    true starts the machines for real, false asks that they go, with all that they wrote.
    """

    level = LevelNumber(required=False)
    terms = serializers.DictField(required=False)
    failed_over = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("terms" in attrs) == ("failed_over" in attrs) or {"level", "failed_over"} <= set(attrs):
            raise serializers.ValidationError({"failed_over": [_("Send either terms or failed_over.")]})
        return attrs


class SubscriptionDetail(ApiView):
    """One subscription."""

    policy = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="subscriptions_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: SubscriptionShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The subscription as it is; with `wait`, as soon as its state or its request changes."""
        row = find_subscription(self.actor, public_id)

        def look() -> dict[str, Any]:
            return subscription_shape(overview(Subscription.objects.select_related("authority").get(pk=row.pk)))

        return answer_when_changed(request, public_id, look, ("state", "conditions", "next_action", "request"))

    @extend_schema(
        operation_id="subscriptions_change",
        parameters=[IF_MATCH],
        request=ChangeBody,
        responses=answers({202: RequestShape}, 404, 409, 412, 413, 415),
    )
    def patch(self, request: Call, public_id: UUID) -> Response:
        """Ask for other terms: `terms` replaces all of them, and the plan shows what that changes. With a higher
        `level`, which takes nothing away; a lower one is refused. `failed_over` true: the agreement has approved it
        beforehand, and workers carry it out (`/subscriptions/{id}/failover/`); false: an approver decides.
        """
        body = read_body(ChangeBody, request.data)
        row = self._matching(request, public_id)
        if "failed_over" in body:
            act = fail_over if body["failed_over"] else fail_back
            return decided(request, act(subscription=row, by=self.actor), self.actor, 202)
        level = body.get("level", row.level)
        terms = plain_terms(level, body["terms"])
        asked = change_terms(subscription=row, terms=terms, level=level, by=self.actor)
        return decided(request, asked, self.actor, 202)

    @extend_schema(
        operation_id="subscriptions_leave",
        parameters=[IF_MATCH],
        request=None,
        responses=answers({202: RequestShape}, 404, 409, 412),
    )
    def delete(self, request: Call, public_id: UUID) -> Response:
        """Ask for the end. What was copied is kept until `kept_until`, and can be restored."""
        row = self._matching(request, public_id)
        return decided(request, leave(subscription=row, by=self.actor), self.actor, 202)

    def _matching(self, request: Call, public_id: UUID) -> Subscription:
        row = find_subscription(self.actor, public_id)
        require_match(request, tag_of(public_id, subscription_shape(overview(row))))
        return row
