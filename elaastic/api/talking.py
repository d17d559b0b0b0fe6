"""`/requests/{id}/ask/`, `/answer/`, `/counter/`, `/accept/` and `/subscriptions/{id}/messages/`."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.requests import DECIDE, WRITE, decided, find_request
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import PersonShape, RequestShape, person_shape
from elaastic.api.subscriptions import READ, find_subscription
from elaastic.api.terms import plain_terms
from elaastic.models import Message
from elaastic.services import talking
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.api.shapes import rfc3339

ANSWERS: Final = answers({200: RequestShape}, 404, 409, 413, 415, 422)


class MessageShape(serializers.Serializer[Any]):
    """What `message_shape` returns: one thing said, about a request or about the subscription as a whole."""

    id = serializers.UUIDField()
    request = serializers.UUIDField(allow_null=True)
    author = PersonShape()
    from_region = serializers.BooleanField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


def message_shape(row: Message) -> dict[str, Any]:
    """One message; needs its author and request selected with it."""
    return {
        "id": str(row.public_id),
        "request": str(row.request.public_id) if row.request else None,
        "author": person_shape(row.author),
        "from_region": row.from_region,
        "text": row.text,
        "created_at": rfc3339(row.created_at),
    }


MESSAGES: Final[Listing[Message]] = Listing(
    model=Message,
    show=message_shape,
    sorts={"created_at": "created_at"},
    default_sort="created_at",
    search=("text",),
    filters={"request": "request__public_id"},
)


class SubscriptionMessages(ApiView):
    """What was said."""

    policy = {"GET": READ}
    parameters = MESSAGES.parameters

    @extend_schema(
        operation_id="subscriptions_messages",
        parameters=row_parameters(MESSAGES),
        responses=answers({200: page_of("MessagePage", MessageShape)}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """Both sides' words, in their order."""
        rows = find_subscription(self.actor, public_id).messages.select_related("author", "request")
        return paginate(request, rows, MESSAGES)


class WordsBody(StrictSerializer):
    """Something said; the other side reads it."""

    text = serializers.CharField(max_length=talking.LONGEST)


class CounterBody(StrictSerializer):
    """Terms that the region would approve, whole, and why."""

    terms = serializers.DictField()
    note = serializers.CharField(max_length=talking.LONGEST)


class AcceptBody(StrictSerializer):
    """Exactly the proposal that was read."""

    counter_digest = serializers.CharField(max_length=64)


class RequestAsk(ApiView):
    """The region asks."""

    policy = {"POST": DECIDE}

    @extend_schema(operation_id="requests_ask", parameters=[IDEMPOTENCY_KEY], request=WordsBody, responses=ANSWERS)
    def post(self, request: Call, public_id: UUID) -> Response:
        """More information is needed: the request waits for the authority's words."""
        row = find_request(self.actor, public_id)
        body = read_body(WordsBody, request.data)
        talking.ask_information(request=row, text=body["text"], by=self.actor)
        return decided(request, row, self.actor, 200)


class RequestAnswer(ApiView):
    """The authority answers."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="requests_answer", parameters=[IDEMPOTENCY_KEY], request=WordsBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """It is the region's move again; a proposal that waits is declined by it."""
        row = find_request(self.actor, public_id)
        body = read_body(WordsBody, request.data)
        talking.answer(request=row, text=body["text"], by=self.actor)
        return decided(request, row, self.actor, 200)


class RequestCounter(ApiView):
    """The region proposes other terms."""

    policy = {"POST": DECIDE}

    @extend_schema(
        operation_id="requests_counter", parameters=[IDEMPOTENCY_KEY], request=CounterBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """A smaller quota, say: nothing changes until the authority accepts."""
        row = find_request(self.actor, public_id)
        body = read_body(CounterBody, request.data)
        terms = plain_terms(row.level, body["terms"])
        talking.counter(request=row, terms=terms, text=body["note"], by=self.actor)
        return decided(request, row, self.actor, 200)


class RequestAccept(ApiView):
    """The authority takes the region's terms."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="requests_accept", parameters=[IDEMPOTENCY_KEY], request=AcceptBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """They are the request's terms from now on: a new plan is made, and the region decides on that."""
        row = find_request(self.actor, public_id)
        body = read_body(AcceptBody, request.data)
        talking.accept_counter(request=row, counter_digest=body["counter_digest"], by=self.actor)
        return decided(request, row, self.actor, 200)
