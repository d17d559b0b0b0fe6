"""`/requests/decisions/`: many at once, a result each."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.fields import Refusal, one_of
from elaastic.api.requests import DECIDE, MAX_NOTE
from elaastic.models import Decision, Request, RequestState
from elaastic.selectors.subscriptions import requests_readable_by, state_of
from elaastic.services.deciding_many import MOST, Outcome, Wanted, decide_many
from tenants.api.base import ApiView
from tenants.api.problems import problem
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import StrictSerializer, read_rows
from tenants.models.errors import Forbidden, Invalid, NotFound
from tenants.permissions import may_decide


class DecisionBody(StrictSerializer):
    """One decision. A yes names the plan that was shown; a no says why."""

    request = serializers.UUIDField()
    decision = serializers.ChoiceField([Decision.APPROVED.value, Decision.REJECTED.value])
    plan_digest = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True, default="")


class OutcomeShape(serializers.Serializer[Any]):
    """What became of one: `refusal` is a problem (RFC 9457), and null when it was decided as wanted."""

    request = serializers.UUIDField()
    decision = one_of("ManyDecision", ("approved", "rejected"))
    done = serializers.BooleanField()
    state = one_of("RequestState", RequestState.values)
    refusal = Refusal(allow_null=True)


class OutcomesShape(serializers.Serializer[Any]):
    """In the order in which they were sent."""

    items = OutcomeShape(many=True)


class RequestDecisions(ApiView):
    """Yes and no to many."""

    policy = {"POST": DECIDE}
    atomic_effect = False

    @extend_schema(
        operation_id="requests_decide_many",
        parameters=[IDEMPOTENCY_KEY],
        request=DecisionBody(many=True),
        responses=answers({200: OutcomesShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call) -> Response:
        """At most 200. Each is decided as if alone, under the same locks; one refusal stops no other."""
        if not may_decide(self.actor):
            raise Forbidden
        bodies = read_rows(DecisionBody, request.data, most=MOST)
        ids = [body["request"] for body in bodies]
        rows = {r.public_id: r for r in requests_readable_by(self.actor).filter(public_id__in=ids)}
        missing = {f"{n}.request": [NotFound.title] for n, id in enumerate(ids) if id not in rows}
        if missing:
            raise Invalid(errors=missing)
        twice = {f"{n}.request": [_("It is named twice.")] for n, id in enumerate(ids) if id in ids[:n]}
        if twice:
            raise Invalid(errors=twice)
        wanted = [Wanted(rows[b["request"]], b["decision"], b["plan_digest"], b["note"]) for b in bodies]
        found = list(decide_many(wanted, by=self.actor))
        after = {r.pk: r for r in Request.objects.filter(pk__in=[w.request.pk for w in wanted])}
        items = [self._shape(outcome, after[outcome.wanted.request.pk]) for outcome in found]
        return Response({"items": items})

    def _shape(self, outcome: Outcome, row: Request) -> dict[str, Any]:
        refusal = outcome.refusal
        where = f"{self.request.path}{row.public_id}/"
        return {
            "request": str(row.public_id),
            "decision": outcome.wanted.decision,
            "done": refusal is None,
            "state": str(state_of(row)),
            "refusal": problem(refusal, instance=where) if refusal else None,
        }
