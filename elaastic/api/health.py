"""`/subscriptions/{id}/health/` and `/usage/`: do copies arrive, and how full is it. From samples alone."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.fields import Int32, Int64, one_of
from elaastic.api.subscriptions import READ, find_subscription
from elaastic.freshness import LIGHTS, Archive, Freshness, archives_watched, worst
from elaastic.usage import usage_of
from tenants.api.base import ApiView
from tenants.api.schema import answers
from tenants.api.shapes import rfc3339


class ArchiveHealthShape(serializers.Serializer[Any]):
    """One archive. `late_at`: from when on the next copy is late; `looked_at`: null when nobody has looked yet."""

    name = serializers.CharField()
    state = one_of("Freshness", Freshness.values)
    expected_interval_hours = Int32()
    newest_at = serializers.DateTimeField(allow_null=True)
    late_at = serializers.DateTimeField(allow_null=True)
    looked_at = serializers.DateTimeField(allow_null=True)


class HealthShape(serializers.Serializer[Any]):
    """`light` is that of the worst archive; `off` while nothing is expected (not begun, suspended, leaving)."""

    light = one_of("Light", ("green", "yellow", "red", "off"))
    archives = ArchiveHealthShape(many=True)


class UsageShape(serializers.Serializer[Any]):
    """Bytes, as the quota counts them: earlier versions too. `at` is null until somebody has looked."""

    held_bytes = Int64()
    quota_bytes = Int64()
    nearly_full = serializers.BooleanField()
    at = serializers.DateTimeField(allow_null=True)


class SubscriptionHealth(ApiView):
    """Do copies arrive?"""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="subscriptions_health",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: HealthShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The newest copy of each archive against its interval; with `wait`, as soon as the light changes."""
        find_subscription(self.actor, public_id)

        def look() -> dict[str, Any]:
            found = archives_watched(find_subscription(self.actor, public_id))
            state = worst(found)
            return {"light": LIGHTS[state] if state else "off", "archives": [_shape(one) for one in found]}

        return answer_when_changed(request, f"{public_id}.health", look, ("light",))


def _shape(archive: Archive) -> dict[str, Any]:
    return {
        "name": archive.name,
        "state": str(archive.state),
        "expected_interval_hours": archive.interval_hours,
        "newest_at": rfc3339(archive.newest_at),
        "late_at": rfc3339(archive.late_at),
        "looked_at": rfc3339(archive.looked_at),
    }


class SubscriptionUsage(ApiView):
    """How full is it?"""

    policy = {"GET": READ}

    @extend_schema(
        operation_id="subscriptions_usage",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: UsageShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The newest look at all archives together."""
        found = usage_of(find_subscription(self.actor, public_id))
        body = {
            "held_bytes": found.held_bytes,
            "quota_bytes": found.quota_bytes,
            "nearly_full": found.nearly_full,
            "at": rfc3339(found.at),
        }
        return answer_single(request, f"{public_id}.usage", body)
