"""`/stacks/`: behind the curtain, for the region's people."""

import re
from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.fields import Int32, one_of
from elaastic.api.next_actions import WHO, whose_move
from elaastic.api.provisioned import EVENT_PAGE, EVENTS, MAX_EVENTS, RESOURCE_PAGE, RESOURCES
from elaastic.api.sequences import paginate_sequence, row_parameters, sequence_parameters
from elaastic.api.shapes import PlacementShape, placement_shape
from elaastic.models import Subscription
from elaastic.permissions import may_read_region
from elaastic.services.operating import adopt_resource, retry_stack
from provisioning.domain.conditions import State
from provisioning.selectors.stacks import StackView, events, resources, stack_view, stacks, stacks_in
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.api.shapes import rfc3339
from tenants.models import Actor
from tenants.models.errors import NotFound

READ_ALL: Final = Rule(may_read_region, ("stacks:read",))
# A stack is somebody's object: whoever may not see it is told 404, like for an absent one.
READ: Final = Rule(anyone_signed_in, ("stacks:read",))
WRITE: Final = Rule(anyone_signed_in, ("stacks:write",))


# A resource's name within its stack, as provisioning.domain.names has it; no other can be found.
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class StackShape(serializers.Serializer[Any]):
    """What `stack_shape` returns. `subscription` is null for a stack of an operation."""

    key = serializers.CharField()
    subscription = serializers.UUIDField(allow_null=True)
    authority_name = serializers.CharField()
    generation = Int32()
    state = one_of("ConditionState", tuple(State))
    reason = serializers.CharField()
    message = serializers.CharField()
    whose_move = one_of("WhoseMove", WHO)
    placement = PlacementShape()
    next_look = serializers.DateTimeField(allow_null=True)


class RetryBody(StrictSerializer):
    """One resource, or everything that failed or is blocked."""

    patterns = {"resource": NAME}

    resource = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class AdoptBody(StrictSerializer):
    """Which object is this resource's."""

    patterns = {"resource": NAME}

    resource = serializers.CharField(max_length=60)
    external_id = serializers.CharField(max_length=255)


def stack_shape(stack: StackView, owner: Subscription | None) -> dict[str, Any]:
    """One stack, and whose it is."""
    return {
        "key": stack.key,
        "subscription": str(owner.public_id) if owner else None,
        "authority_name": owner.authority.name if owner else "",
        "generation": stack.generation,
        "state": str(stack.condition.state),
        "reason": stack.condition.reason,
        "message": stack.condition.message,
        "whose_move": whose_move(stack.condition),
        "placement": placement_shape(stack.placement.as_json()),
        "next_look": rfc3339(stack.next_look),
    }


# Sorted by key and not by urgency: an order that moves while one reads would skip some. `?state=` narrows.
STACKS: Final = Listing(
    model=stacks_in().model,
    # The whole page is shaped at once, because owners come from another table.
    show=lambda row: {"stack": stack_view(row)},
    sorts={"key": "key"},
    default_sort="key",
    search=("key", "reason", "message"),
    filters={"state": "state", "reason": "reason"},
)


def owners(keys: list[str]) -> Mapping[str, Subscription]:
    """The subscriptions of these stacks, in one query."""
    rows = Subscription.objects.filter(stack_key__in=keys).select_related("authority")
    return {row.stack_key: row for row in rows}


def find_stack(actor: Actor, key: str) -> StackView:
    """The stack, for the region; absent for everybody else."""
    found = stacks([key]).get(key) if may_read_region(actor) else None
    if found is None:
        raise NotFound
    return found


def shape_of(actor: Actor, key: str) -> dict[str, Any]:
    """The stack as it is now."""
    return stack_shape(find_stack(actor, key), owners([key]).get(key))


class StackList(ApiView):
    """Every stack."""

    policy = {"GET": READ_ALL}
    parameters = STACKS.parameters

    @extend_schema(
        operation_id="stacks_list",
        parameters=row_parameters(STACKS),
        responses=answers({200: page_of("StackPage", StackShape)}),
    )
    def get(self, request: Call) -> Response:
        """With the condition of each."""
        page = paginate(request, stacks_in(), STACKS)
        found = [item["stack"] for item in page.data["items"]]
        by_key = owners([stack.key for stack in found])
        page.data["items"] = [stack_shape(stack, by_key.get(stack.key)) for stack in found]
        return page


class StackDetail(ApiView):
    """One stack."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="stacks_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: StackShape, 304: None}, 404),
    )
    def get(self, request: Call, key: str) -> Response:
        """The stack as it is; with `wait`, as soon as its condition changes."""
        return answer_when_changed(
            request, key, lambda: shape_of(self.actor, key), ("generation", "state", "reason", "message")
        )


class StackResources(ApiView):
    """What it consists of."""

    policy = {"GET": READ}
    parameters = RESOURCES.parameters

    @extend_schema(
        operation_id="stacks_resources",
        parameters=sequence_parameters(RESOURCES),
        responses=answers({200: RESOURCE_PAGE}, 404),
    )
    def get(self, request: Call, key: str) -> Response:
        """Each resource with its condition."""
        return paginate_sequence(request, resources(find_stack(self.actor, key).key), RESOURCES)


class StackEvents(ApiView):
    """What happened to it."""

    policy = {"GET": READ}
    parameters = EVENTS.parameters

    @extend_schema(
        operation_id="stacks_events",
        parameters=sequence_parameters(EVENTS),
        responses=answers({200: EVENT_PAGE}, 404),
    )
    def get(self, request: Call, key: str) -> Response:
        """The timeline, the oldest first."""
        found = events(find_stack(self.actor, key).key, limit=MAX_EVENTS)
        return paginate_sequence(request, found, EVENTS)


class _Act(ApiView):
    """Something that an operator does to a stack; the work itself happens when a worker looks."""

    policy = {"POST": WRITE}

    def taken(self, request: Call, key: str) -> Response:
        """202, and where to follow."""
        where = reverse("elaastic-api:stack", args=[key], request=request)
        return answer_single(request, key, shape_of(self.actor, key), 202, Location=where)


class StackRetry(_Act):
    """Try again."""

    @extend_schema(
        operation_id="stacks_retry",
        parameters=[IDEMPOTENCY_KEY],
        request=RetryBody,
        responses=answers({202: StackShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, key: str) -> Response:
        """What failed or is blocked is looked at again."""
        stack = find_stack(self.actor, key)
        body = read_body(RetryBody, request.data or {})
        retry_stack(stack_key=stack.key, resource=body["resource"], by=self.actor)
        return self.taken(request, key)


class StackAdopt(_Act):
    """Take over an object."""

    @extend_schema(
        operation_id="stacks_adopt",
        parameters=[IDEMPOTENCY_KEY],
        request=AdoptBody,
        responses=answers({202: StackShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, key: str) -> Response:
        """Say which object is this resource's; the next look holds it against the marker."""
        stack = find_stack(self.actor, key)
        body = read_body(AdoptBody, request.data or {})
        adopt_resource(stack_key=stack.key, by=self.actor, **body)
        return self.taken(request, key)
