"""`/subscriptions/{id}/failover/`: the newest failover of a subscription, asked for and ended by PATCH; and any by
its own id.
"""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.fields import Int32, one_of
from elaastic.api.requests import DECIDE, MAX_NOTE
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.api.started import StartedMachineShape, started_machines
from elaastic.api.subscriptions import READ, WRITE, find_subscription
from elaastic.models import Failover
from elaastic.selectors.failovers import FailoverState, FailoverView, failovers_of, failovers_readable_by, view
from elaastic.services import failing_over
from tenants.api.base import ApiView
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import EmptyBody, StrictSerializer, read_body
from tenants.api.shapes import rfc3339
from tenants.models import Actor
from tenants.models.errors import NotFound


class LeftOutShape(serializers.Serializer[Any]):
    """A machine that was not started. `reason` is stable: proxmox, no_image, form, or what was found on the way."""

    name = serializers.CharField()
    reason = serializers.CharField()


class FailoverShape(serializers.Serializer[Any]):
    """What `failover_shape` returns. `rto_seconds`: from the ask until the last machine had answered;
    `rpo_seconds`: how much older than the ask the oldest image was. `plan_stale`: the recovery plan no longer
    fitted that day. `trouble`: why the last step is tried again. `review`: what an approver found afterwards.
    `ended_at`: since when nothing of it stands any more, or it was called off.
    """

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    request = serializers.UUIDField()
    state = one_of("FailoverState", FailoverState.values)
    plan_version = Int32()
    plan_stale = serializers.BooleanField()
    machines = StartedMachineShape(many=True)
    left_out = LeftOutShape(many=True)
    trouble = serializers.CharField()
    rto_seconds = Int32(allow_null=True)
    rpo_seconds = Int32(allow_null=True)
    asked_by = PersonShape()
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    review = serializers.CharField()
    reviewed_by = PersonShape(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)


def failover_shape(seen: FailoverView) -> dict[str, Any]:
    """One failover."""
    row = seen.failover
    return {
        "id": str(row.public_id),
        "subscription": str(row.subscription.public_id),
        "authority": str(row.subscription.authority.public_id),
        "request": str(row.request.public_id),
        "state": str(seen.state),
        "plan_version": row.plan_version,
        "plan_stale": row.was_stale,
        "machines": started_machines(seen.course, seen.findings),
        "left_out": [{"name": name, "reason": why} for name, why in sorted(seen.left_out.items())],
        "trouble": seen.operation.trouble if seen.operation else "",
        "rto_seconds": seen.rto_s,
        "rpo_seconds": seen.rpo_s,
        "asked_by": person_shape(row.asked_by),
        "asked_at": rfc3339(row.asked_at),
        "ended_at": rfc3339(seen.ended_at),
        "review": row.review,
        "reviewed_by": person_shape(row.reviewed_by) if row.reviewed_by else None,
        "reviewed_at": rfc3339(row.reviewed_at),
    }


class ReviewBody(StrictSerializer):
    """The authority reads it."""

    text = serializers.CharField(max_length=MAX_NOTE)


def find_failover(actor: Actor, public_id: UUID) -> Failover:
    """The newest of the subscription, when the caller may read it; NotFound where there was none."""
    found = failovers_of(find_subscription(actor, public_id)).first()
    if found is None:
        raise NotFound
    return found


def _told(call: Call, actor: Actor, public_id: UUID) -> Response:
    return answer_single(call, public_id, failover_shape(view(find_failover(actor, public_id))), 200)


class SubscriptionFailover(ApiView):
    """The newest failover of a subscription."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="failovers_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: FailoverShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """How far it is; with `wait`, as soon as its state changes. 404 where there never was one."""
        find_failover(self.actor, public_id)

        def look() -> dict[str, Any]:
            return failover_shape(view(find_failover(self.actor, public_id)))

        return answer_when_changed(request, public_id, look, ("state",))


class FailoverDetail(ApiView):
    """One failover, the newest or not."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="operations_failover",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: FailoverShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """As it is told for its subscription; with `wait`, as soon as its state changes."""
        self._found(public_id)

        def look() -> dict[str, Any]:
            return failover_shape(view(self._found(public_id)))

        return answer_when_changed(request, public_id, look, ("state",))

    def _found(self, public_id: UUID) -> Failover:
        found = failovers_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise NotFound
        return found


class FailoverCancel(ApiView):
    """Nothing is started."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="failovers_cancel",
        parameters=[IDEMPOTENCY_KEY],
        request=EmptyBody,
        responses=answers({200: FailoverShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Call it off, while its plan has not been carried out; afterwards it is ended by PATCH."""
        row = find_failover(self.actor, public_id)
        read_body(EmptyBody, request.data or {})
        failing_over.call_off(failover=row, by=self.actor)
        return _told(request, self.actor, public_id)


class FailoverReview(ApiView):
    """Afterwards."""

    policy = {"POST": DECIDE}

    @extend_schema(
        operation_id="failovers_review",
        parameters=[IDEMPOTENCY_KEY],
        request=ReviewBody,
        responses=answers({200: FailoverShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """An approver who had no part in it says what the region found."""
        row = find_failover(self.actor, public_id)
        body = read_body(ReviewBody, request.data or {})
        failing_over.review_failover(failover=row, review=body["text"], by=self.actor)
        return _told(request, self.actor, public_id)
