"""`/recovery-plans/`: in which order a town's machines start again. A plan has the id of its subscription."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, answer_single, tag_of
from elaastic.api.fields import AnyObject, Int32
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.api.subscriptions import READ, WRITE, find_subscription
from elaastic.models import RecoveryPlan
from elaastic.selectors.drills_due import DrillDue, drill_due, drills_due
from elaastic.selectors.recovery_plans import (
    plan_in_force,
    plans_in_force_readable_by,
    versions_of,
    why_stale,
)
from elaastic.selectors.sentences import PLAN_FINDINGS
from elaastic.services.recovery_plans import save_plan
from tenants.api.base import ApiView
from tenants.api.conditions import require_match
from tenants.api.pagination import Listing, paginate
from tenants.api.schema import IF_MATCH, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.api.shapes import rfc3339


class StaleReasonShape(serializers.Serializer[Any]):
    """Why a plan no longer fits: a stable code, what it is about (a machine, addresses, a site), and a sentence."""

    code = serializers.CharField()
    about = serializers.CharField()
    message = serializers.CharField()


class PlanVersionShape(serializers.Serializer[Any]):
    """What `version_shape` returns. `document` follows `recovery_plan_schema` of the subscription's level; nobody
    saved the first version, which the terms gave by themselves.
    """

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    authority_name = serializers.CharField()
    version = Int32()
    document = AnyObject()
    saved_by = PersonShape(allow_null=True)
    saved_at = serializers.DateTimeField()


class RecoveryPlanShape(PlanVersionShape):
    """The version in force. `stale`: something moved since it was written; the reasons are derived each time."""

    stale = serializers.BooleanField()
    stale_reasons = StaleReasonShape(many=True)


def version_shape(row: RecoveryPlan) -> dict[str, Any]:
    """One version of a plan."""
    subscription = row.subscription
    return {
        "id": str(subscription.public_id),
        "subscription": str(subscription.public_id),
        "authority": str(subscription.authority.public_id),
        "authority_name": subscription.authority.name,
        "version": row.version,
        "document": row.document,
        "saved_by": person_shape(row.by) if row.by else None,
        "saved_at": rfc3339(row.at),
    }


def plan_shape(row: RecoveryPlan, drill: DrillDue | None) -> dict[str, Any]:
    """The version in force, and whether it still fits; `drill` is its subscription's."""
    found = why_stale(row, drill)
    reasons = [
        {"code": f.code, "about": f.about, "message": str(PLAN_FINDINGS[f.code] % {"about": f.about})}
        for f in found
    ]
    return {**version_shape(row), "stale": bool(found), "stale_reasons": reasons}


_FILTERS: Final = {"subscription": "subscription__public_id", "authority": "subscription__authority__public_id"}
PLANS: Final[Listing[RecoveryPlan]] = Listing(
    model=RecoveryPlan,
    # The whole page is shaped at once, because drills are in another table.
    show=lambda row: {"row": row},
    sorts={"saved_at": "at"},
    default_sort="-saved_at",
    search=("subscription__authority__name",),
    filters=_FILTERS,
)
VERSIONS: Final[Listing[RecoveryPlan]] = Listing(
    model=RecoveryPlan,
    show=version_shape,
    sorts={"version": "version"},
    default_sort="-version",
    search=("by__full_name",),
)


class PlanBody(StrictSerializer):
    """The whole plan; what is left out is a fault, not "as before"."""

    document = serializers.DictField()


class RecoveryPlanList(ApiView):
    """The plans in force."""

    policy = {"GET": READ}
    parameters = PLANS.parameters

    @extend_schema(
        operation_id="recovery_plans_list",
        parameters=row_parameters(PLANS),
        responses=answers({200: page_of("RecoveryPlanPage", RecoveryPlanShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of plans, the last written first: one for each subscription with machines."""
        page = paginate(request, plans_in_force_readable_by(self.actor), PLANS)
        rows = [item["row"] for item in page.data["items"]]
        due = drills_due(row.subscription for row in rows)
        page.data["items"] = [plan_shape(row, due.get(row.subscription_id)) for row in rows]
        return page


def _told(row: RecoveryPlan) -> dict[str, Any]:
    return plan_shape(row, drill_due(row.subscription))


class RecoveryPlanDetail(ApiView):
    """The plan of one subscription, by the subscription's id."""

    policy = {"GET": READ, "PATCH": WRITE}

    @extend_schema(
        operation_id="recovery_plans_read",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: RecoveryPlanShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The version in force."""
        return answer_single(request, public_id, _told(self._plan(public_id)))

    @extend_schema(
        operation_id="recovery_plans_save",
        parameters=[IF_MATCH],
        request=PlanBody,
        responses=answers({200: RecoveryPlanShape}, 404, 409, 412, 413, 415),
    )
    def patch(self, request: Call, public_id: UUID) -> Response:
        """A new version, whole. Send `If-Match`: without it, what somebody saved meanwhile is replaced."""
        body = read_body(PlanBody, request.data)
        plan = self._plan(public_id)
        require_match(request, tag_of(public_id, _told(plan)))
        made = save_plan(
            subscription=plan.subscription, document=body["document"], seen=plan.version, by=self.actor
        )
        return answer_single(request, public_id, _told(made))

    def _plan(self, public_id: UUID) -> RecoveryPlan:
        return plan_in_force(find_subscription(self.actor, public_id))


class RecoveryPlanVersions(ApiView):
    """What a plan said before."""

    policy = {"GET": READ}
    parameters = VERSIONS.parameters

    @extend_schema(
        operation_id="recovery_plans_versions",
        parameters=row_parameters(VERSIONS),
        responses=answers({200: page_of("PlanVersionPage", PlanVersionShape)}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """Every version, the newest first. An old one is put back in force by saving its document again."""
        row = find_subscription(self.actor, public_id)
        plan_in_force(row)  # 404 where there are no machines
        return paginate(request, versions_of(row), VERSIONS)
