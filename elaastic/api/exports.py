"""`/subscriptions/{id}/failover/export/`: what the machines of a failover wrote, brought home; the newest try. And
any by its own id.
"""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.failovers import find_failover
from elaastic.api.fields import Int64, one_of
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.api.subscriptions import READ, WRITE, find_subscription
from elaastic.models import Export, ExportState
from elaastic.selectors.exports import ExportView, came_home, exports_of, exports_readable_by, views
from elaastic.services import exporting
from provisioning.domain.course import CARRY, CLEAN, TAKE
from tenants.api.base import ApiView
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import EmptyBody, read_body
from tenants.api.shapes import rfc3339
from tenants.models import Actor
from tenants.models.errors import NotFound

_MOMENTS: Final = ("asked_at", "taken_at", "stored_at")


class ExportedMachineShape(serializers.Serializer[Any]):
    """One machine. `taken_at`: its image was whole on the platform; `stored_at`: it lay in the archive, as `image`;
    null: not yet, or never. `reason`: why it was left out, stable; else empty. `recovery_point`: null until the
    archive was listed.
    """

    name = serializers.CharField()
    image = serializers.CharField()
    bytes = Int64(allow_null=True)
    sha512 = serializers.CharField()
    asked_at = serializers.DateTimeField(allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    stored_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    recovery_point = serializers.UUIDField(allow_null=True)


class ExportShape(serializers.Serializer[Any]):
    """What `export_shape` returns. The machines run on: each image is what its disk would be after a power cut.
    `trouble`: why the last step is tried again. `judged_at`: since when its result is known; `ended_at`: since when
    nothing of it is left on the platform.
    """

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    failover = serializers.UUIDField()
    state = one_of("ExportState", ExportState.values)
    stage = one_of("ExportStage", ("", TAKE, CARRY, CLEAN))
    machines = ExportedMachineShape(many=True)
    trouble = serializers.CharField()
    asked_by = PersonShape()
    asked_at = serializers.DateTimeField()
    judged_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


def export_shape(seen: ExportView) -> dict[str, Any]:
    """One export."""
    row, operation = seen.export, seen.operation
    subscription = row.failover.subscription
    return {
        "id": str(row.public_id),
        "subscription": str(subscription.public_id),
        "authority": str(subscription.authority.public_id),
        "failover": str(row.failover.public_id),
        "state": str(seen.state),
        "stage": operation.stage.kind if operation.stage else "",
        "machines": _machines(seen),
        "trouble": operation.trouble,
        "asked_by": person_shape(row.asked_by),
        "asked_at": rfc3339(row.asked_at),
        "judged_at": rfc3339(operation.judged_at),
        "ended_at": rfc3339(operation.ended_at),
    }


def _machines(seen: ExportView) -> list[dict[str, Any]]:
    home = came_home([seen], seen.export.failover.subscription)
    points = {name: one.point for name, one in home.items() if one.point}
    return [
        {
            "name": machine.name,
            "image": found.key if found.stored_at else "",
            "bytes": found.bytes or None,
            "sha512": found.sha512,
            **{name: getattr(found, name) or None for name in _MOMENTS},
            "reason": found.left_out,
            "recovery_point": str(points[machine.name].public_id) if machine.name in points else None,
        }
        for machine in seen.operation.course.machines
        for found in [seen.found(machine.name)]
    ]


def find_export(actor: Actor, public_id: UUID) -> Export:
    """The newest of the newest failover, when the caller may read it; NotFound where there is none."""
    found = exports_of(find_failover(actor, public_id)).first()
    if found is None:
        raise NotFound
    return found


def _told(call: Call, actor: Actor, public_id: UUID) -> Response:
    (seen,) = views([find_export(actor, public_id)])
    where = reverse("elaastic-api:failover-export", args=[public_id], request=call)
    return answer_single(call, seen.export.public_id, export_shape(seen), 202, Location=where)


class FailoverExport(ApiView):
    """The newest export of the newest failover."""

    policy = {"GET": READ, "POST": WRITE}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="exports_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: ExportShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """How far it is; with `wait`, as soon as its state or its stage changes. 404 where there never was one."""
        row = find_export(self.actor, public_id)

        def look() -> dict[str, Any]:
            return export_shape(views([find_export(self.actor, public_id)])[0])

        return answer_when_changed(request, row.public_id, look, ("id", "state", "stage"))

    @extend_schema(
        operation_id="exports_begin",
        parameters=[IDEMPOTENCY_KEY],
        request=EmptyBody,
        responses=answers({202: ExportShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Bring home what every machine that stands has on its disk now. Workers do the rest: follow `Location`."""
        row = find_subscription(self.actor, public_id)
        read_body(EmptyBody, request.data or {})
        exporting.begin_export(subscription=row, by=self.actor)
        return _told(request, self.actor, public_id)


class ExportDetail(ApiView):
    """One export, the newest or not."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="operations_export",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: ExportShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """As it is told for its failover; with `wait`, as soon as its state or its stage changes."""
        self._found(public_id)

        def look() -> dict[str, Any]:
            return export_shape(views([self._found(public_id)])[0])

        return answer_when_changed(request, public_id, look, ("state", "stage"))

    def _found(self, public_id: UUID) -> Export:
        found = exports_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise NotFound
        return found


class FailoverExportCancel(ApiView):
    """Stopping."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="exports_cancel",
        parameters=[IDEMPOTENCY_KEY],
        request=EmptyBody,
        responses=answers({202: ExportShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """No more is brought home; what came stays there."""
        row = find_export(self.actor, public_id)
        read_body(EmptyBody, request.data or {})
        exporting.stop_export(export=row, by=self.actor)
        return _told(request, self.actor, public_id)
