"""`/recovery-points/`: the images that arrived, each with what a worker found in it."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, answer_single
from elaastic.api.fields import Int64, one_of
from elaastic.api.next_actions import NextActionShape, action
from elaastic.api.sequences import row_parameters
from elaastic.api.subscriptions import READ
from elaastic.models import PointState, RecoveryPoint
from elaastic.selectors.recovery import points_readable_by
from elaastic.selectors.sentences import IMAGES
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.schema import answers, page_of
from tenants.api.shapes import rfc3339
from tenants.models.errors import NotFound

_SUM_FILE: Final = ("none", "matches", "differs")
_ACTIONS: Final = {
    PointState.LOOKING: "wait_for_look",
    PointState.USABLE: "none",
    PointState.REFUSED: "upload_again",
}


class DiskShape(serializers.Serializer[Any]):
    """One disk of an image. `virtual_bytes`: as the machine will see it."""

    name = serializers.CharField()
    format = serializers.CharField()
    virtual_bytes = Int64()


class RecoveryPointShape(serializers.Serializer[Any]):
    """One version of one object. Sums are of what the portal read, in hexadecimal, empty until then; `gone_at`:
    since when it is no longer in the archive; `sum_file`: what a file of sums beside it says; `in_use_until`: an
    operation uses it. `reason` and `message` say why it was refused.
    """

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    machine = serializers.CharField()
    archive = serializers.CharField()
    key = serializers.CharField()
    version = serializers.CharField()
    etag = serializers.CharField()
    size_bytes = Int64()
    state = one_of("RecoveryPointState", PointState.values)
    reason = serializers.CharField()
    message = serializers.CharField()
    format = serializers.CharField()
    virtual_bytes = Int64(allow_null=True)
    disks = DiskShape(many=True)
    sha256 = serializers.CharField()
    sha512 = serializers.CharField()
    sum_file = one_of("SumFile", _SUM_FILE)
    arrived_at = serializers.DateTimeField()
    looked_at = serializers.DateTimeField(allow_null=True)
    gone_at = serializers.DateTimeField(allow_null=True)
    in_use_until = serializers.DateTimeField(allow_null=True)
    next_action = NextActionShape()


def recovery_point_shape(row: RecoveryPoint) -> dict[str, Any]:
    """One row; its subscription and authority were selected with it."""
    disks = [{"name": d["name"], "format": d["form"], "virtual_bytes": d["virtual_bytes"]} for d in row.disks]
    return {
        "id": str(row.public_id),
        "subscription": str(row.subscription.public_id),
        "authority": str(row.subscription.authority.public_id),
        "machine": row.machine,
        "archive": row.archive,
        "key": row.key,
        "version": row.version,
        "etag": row.etag,
        "size_bytes": row.size,
        "state": row.state,
        "reason": row.reason,
        "message": str(IMAGES.get(row.reason, "")),
        "format": row.form,
        "virtual_bytes": row.virtual_bytes,
        "disks": disks,
        "sha256": row.sha256,
        "sha512": row.sha512,
        "sum_file": row.sum_file or "none",
        "arrived_at": rfc3339(row.arrived_at),
        "looked_at": rfc3339(row.looked_at),
        "gone_at": rfc3339(row.gone_at),
        "in_use_until": rfc3339(row.pinned_until),
        "next_action": action("none" if row.gone_at else _ACTIONS[PointState(row.state)]),
    }


RECOVERY_POINTS: Final[Listing[RecoveryPoint]] = Listing(
    model=RecoveryPoint,
    show=recovery_point_shape,
    sorts={"arrived_at": "arrived_at"},
    default_sort="-arrived_at",
    search=("machine", "key", "subscription__authority__name"),
    filters={
        "subscription": "subscription__public_id",
        "authority": "subscription__authority__public_id",
        "machine": "machine",
        "state": "state",
    },
)


class RecoveryPointList(ApiView):
    """What machines can start again from."""

    policy = {"GET": READ}
    parameters = RECOVERY_POINTS.parameters

    @extend_schema(
        operation_id="recovery_points_list",
        parameters=row_parameters(RECOVERY_POINTS),
        responses=answers({200: page_of("RecoveryPointPage", RecoveryPointShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of images, the newest first; refused ones and those that are gone from the archive too."""
        return paginate(request, points_readable_by(self.actor), RECOVERY_POINTS)


class RecoveryPointDetail(ApiView):
    """One image."""

    policy = {"GET": READ}

    @extend_schema(
        operation_id="recovery_points_detail",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: RecoveryPointShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """What it is, where it lies, and whether a machine can start from it."""
        found = points_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise NotFound
        return answer_single(request, f"{public_id}.recovery-point", recovery_point_shape(found))
