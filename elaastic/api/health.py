"""`/subscriptions/{id}/health/` and `/usage/`: do copies arrive, and how full is it. From samples alone."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.fields import Int32, Int64, one_of
from elaastic.api.next_actions import WHO
from elaastic.api.subscriptions import READ, find_subscription
from elaastic.freshness import Freshness, Machine, Watched, light_of, watched_of
from elaastic.models import Subscription
from elaastic.selectors.drills_due import DrillDue, drill_due
from elaastic.services.drills_due import obstacle
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


class MachineHealthShape(ArchiveHealthShape):
    """One machine's images, in the same way. `newest_at`: when the newest arrived that it can start from."""


class DrillHealthShape(serializers.Serializer[Any]):
    """The drill that the terms ask for. `due_at`: the beginning of the night from which the portal begins one by
    itself; `passed_at`: when the whole plan last came back. `obstacle`: why it is not begun though it is due, a
    stable code; empty when nothing is in the way. `who`: whose move that is; `text` says what to do.
    """

    due_at = serializers.DateTimeField()
    due = serializers.BooleanField()
    passed_at = serializers.DateTimeField(allow_null=True)
    obstacle = serializers.CharField()
    who = one_of("WhoseMove", WHO)
    text = serializers.CharField()


class HealthShape(serializers.Serializer[Any]):
    """`light` is that of the worst archive or machine; `off` while nothing is expected (not begun, suspended,
    leaving), and not green while a drill is due. `drill` is null where no machines start.
    """

    light = one_of("Light", ("green", "yellow", "red", "off"))
    archives = ArchiveHealthShape(many=True)
    machines = MachineHealthShape(many=True)
    drill = DrillHealthShape(allow_null=True)


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
        """The newest copy of each archive, and image of each machine, against its interval; with `wait`, as soon as
        the light changes.
        """
        find_subscription(self.actor, public_id)

        def look() -> dict[str, Any]:
            row = find_subscription(self.actor, public_id)
            found = watched_of([row]).get(row.pk, [])
            machines = [_shape(one) for one in found if isinstance(one, Machine)]
            archives = [_shape(one) for one in found if not isinstance(one, Machine)]
            drill = drill_due(row)
            return {
                "light": light_of(found, drill),
                "archives": archives,
                "machines": machines,
                "drill": _drill(row, drill) if drill else None,
            }

        return answer_when_changed(request, f"{public_id}.health", look, ("light",))


def _drill(row: Subscription, drill: DrillDue) -> dict[str, Any]:
    way = obstacle(row) if drill.due else None
    return {
        "due_at": rfc3339(drill.due_at),
        "due": drill.due,
        "passed_at": rfc3339(drill.passed_at),
        "obstacle": way.code if way else "",
        "who": way.who if way else "nobody",
        "text": way.text if way else "",
    }


def _shape(one: Watched) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": str(one.state),
        "expected_interval_hours": one.interval_hours,
        "newest_at": rfc3339(one.newest_at),
        "late_at": rfc3339(one.late_at),
        "looked_at": rfc3339(one.looked_at),
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
