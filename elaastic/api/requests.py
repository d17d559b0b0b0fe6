"""`/requests/`: reading them, reading their plans, deciding."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.filters import by_request_state
from elaastic.api.plans import PlanShape, plan_shape
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import RequestShape, request_shape
from elaastic.models import Request, RequestState
from elaastic.models.errors import PlanNotReady, PlanStale
from elaastic.selectors.subscriptions import requests_readable_by
from elaastic.services import deciding
from elaastic.services.asking import withdraw_request
from elaastic.services.deciding import approve_request, reject_request
from provisioning.domain import errors as provisioning_errors
from provisioning.selectors.stacks import plan as plan_view
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import EmptyBody, StrictSerializer, read_body
from tenants.models import Actor
from tenants.models.errors import NotFound

REQUESTS: Final[Listing[Request]] = Listing(
    model=Request,
    show=request_shape,
    sorts={"created_at": "created_at"},
    default_sort="-created_at",
    search=("subscription__authority__name", "subscription__authority__ipa_code", "subscription__external_ref"),
    filters={
        "subscription": "subscription__public_id",
        "authority": "subscription__authority__public_id",
        "ipa_code": "subscription__authority__ipa_code",
        "kind": "kind",
    },
)
STATE: Final = OpenApiParameter("state", str, enum=RequestState.values)
READ: Final = Rule(anyone_signed_in, ("subscriptions:read",))
WRITE: Final = Rule(anyone_signed_in, ("subscriptions:write",))
# The role is asked by the service, after the object was found: who may not see a request is told 404, not 403.
DECIDE: Final = Rule(anyone_signed_in, ("requests:decide",))
MAX_NOTE: Final = 2000


class ApprovalBody(StrictSerializer):
    """A yes to exactly the plan that was shown."""

    plan_digest = serializers.CharField(max_length=64)
    note = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True, default="")


class RejectionBody(StrictSerializer):
    """A no; the authority reads the note."""

    note = serializers.CharField(max_length=MAX_NOTE)


def find_request(actor: Actor, public_id: UUID) -> Request:
    """The request when the caller may read it; absent and foreign are the same."""
    found = requests_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def decided(call: Call, row: Request, actor: Actor, status: int) -> Response:
    """The request as it is after an act, and where to follow it."""
    fresh = find_request(actor, row.public_id)
    where = reverse("elaastic-api:request", args=[row.public_id], request=call)
    return answer_single(call, row.public_id, request_shape(fresh), status, Location=where)


class RequestList(ApiView):
    """The requests that the caller may see."""

    policy = {"GET": READ}
    parameters = REQUESTS.parameters | {"state"}

    @extend_schema(
        operation_id="requests_list",
        parameters=[*row_parameters(REQUESTS), STATE],
        responses=answers({200: page_of("RequestPage", RequestShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of requests, the newest first."""
        return paginate(request, by_request_state(request, requests_readable_by(self.actor)), REQUESTS)


class RequestDetail(ApiView):
    """One request."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="requests_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: RequestShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The request as it is; with `wait`, as soon as its state changes."""
        find_request(self.actor, public_id)

        def look() -> dict[str, Any]:
            return request_shape(find_request(self.actor, public_id))

        return answer_when_changed(request, public_id, look, ("state", "problem", "plan_digest"))


class RequestPlan(ApiView):
    """What approving would do."""

    policy = {"GET": READ}

    @extend_schema(
        operation_id="requests_plan",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: PlanShape, 304: None}, 404, 409),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The plan of the request, the same for the town and for the region."""
        row = find_request(self.actor, public_id)
        found = plan_view(row.plan_id) if row.plan_id is not None and row.plan_due is None else None
        if found is None:
            raise PlanNotReady
        return answer_single(request, public_id, plan_shape(row, found))


class RequestApprove(ApiView):
    """Yes."""

    policy = {"POST": DECIDE}

    def handle_exception(self, exc: Exception) -> Response:
        """An overtaken plan is made again here too: under an idempotency key, the refusal rolled that back."""
        if isinstance(exc, PlanStale) and isinstance(exc.__cause__, provisioning_errors.PlanStale):
            deciding._plan_again(find_request(self.actor, self.kwargs["public_id"]))
        return super().handle_exception(exc)

    @extend_schema(
        operation_id="requests_approve",
        parameters=[IDEMPOTENCY_KEY],
        request=ApprovalBody,
        responses=answers({202: RequestShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Approve: capacity is reserved, and the work begins."""
        row = find_request(self.actor, public_id)
        body = read_body(ApprovalBody, request.data)
        approve_request(request=row, plan_digest=body["plan_digest"], note=body["note"], by=self.actor)
        return decided(request, row, self.actor, 202)


class RequestReject(ApiView):
    """No."""

    policy = {"POST": DECIDE}

    @extend_schema(
        operation_id="requests_reject",
        parameters=[IDEMPOTENCY_KEY],
        request=RejectionBody,
        responses=answers({200: RequestShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Reject, and say why."""
        row = find_request(self.actor, public_id)
        body = read_body(RejectionBody, request.data or {})
        reject_request(request=row, note=body["note"], by=self.actor)
        return decided(request, row, self.actor, 200)


class RequestWithdraw(ApiView):
    """The authority takes it back."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="requests_withdraw",
        parameters=[IDEMPOTENCY_KEY],
        request=EmptyBody,
        responses=answers({200: RequestShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Withdraw; a new one may follow at once."""
        row = find_request(self.actor, public_id)
        read_body(EmptyBody, request.data or {})
        withdraw_request(request=row, by=self.actor)
        return decided(request, row, self.actor, 200)
