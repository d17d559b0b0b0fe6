"""`/subscriptions/{id}/…`: acts on one that stands. The answer is the request to follow."""

from typing import Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.requests import decided
from elaastic.api.shapes import RequestShape
from elaastic.api.subscriptions import WRITE, find_subscription
from elaastic.models import Subscription
from elaastic.services import changing, keys
from tenants.api.base import ApiView
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import EmptyBody, read_body

OPERATE: Final = Rule(anyone_signed_in, ("stacks:write",))
ANSWERS: Final = answers({202: RequestShape}, 404, 409, 413, 415, 422)


class _Act(ApiView):
    """One act without a body."""

    def found(self, request: Call, public_id: UUID) -> Subscription:
        """The subscription, after the empty body was checked."""
        row = find_subscription(self.actor, public_id)
        read_body(EmptyBody, request.data or {})
        return row


class SubscriptionSuspend(_Act):
    """Writing stops."""

    policy = {"POST": OPERATE}

    @extend_schema(
        operation_id="subscriptions_suspend", parameters=[IDEMPOTENCY_KEY], request=EmptyBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Nothing new is written; everything can be restored. An operator needs no second person."""
        asked = changing.suspend(subscription=self.found(request, public_id), by=self.actor)
        return decided(request, asked, self.actor, 202)


class SubscriptionResume(_Act):
    """Writing goes on."""

    policy = {"POST": OPERATE}

    @extend_schema(
        operation_id="subscriptions_resume", parameters=[IDEMPOTENCY_KEY], request=EmptyBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """The end of a suspension."""
        asked = changing.resume(subscription=self.found(request, public_id), by=self.actor)
        return decided(request, asked, self.actor, 202)


class SubscriptionPurge(_Act):
    """What was kept is deleted."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="subscriptions_purge", parameters=[IDEMPOTENCY_KEY], request=EmptyBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Ask for the deletion of everything, for good; 409 `still_kept` before `kept_until`."""
        asked = changing.purge(subscription=self.found(request, public_id), by=self.actor)
        return decided(request, asked, self.actor, 202)


class CredentialRotate(_Act):
    """A second key beside the first."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="credentials_rotate", parameters=[IDEMPOTENCY_KEY], request=EmptyBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID, name: str) -> Response:
        """Both keys work for a week, so that no backup stops; then the former one ends."""
        asked = keys.rotate(subscription=self.found(request, public_id), name=name, by=self.actor)
        return decided(request, asked, self.actor, 202)


class CredentialRevoke(_Act):
    """The present keys end."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="credentials_revoke", parameters=[IDEMPOTENCY_KEY], request=EmptyBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID, name: str) -> Response:
        """A new key, and every former one of this name ends now."""
        asked = keys.revoke(subscription=self.found(request, public_id), name=name, by=self.actor)
        return decided(request, asked, self.actor, 202)
