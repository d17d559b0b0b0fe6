"""Restore tests: `/operations/restore-tests/` lists them, `/operations/{id}/` is one: read, answered, given up."""

import re
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.collecting import AnyText
from elaastic.api.filters import by_restore_state
from elaastic.api.restoring import (
    RestoreTestDetailShape,
    RestoreTestShape,
    restore_test_detail_shape,
    restore_test_shape,
)
from elaastic.api.sequences import row_parameters
from elaastic.api.subscriptions import READ, WRITE
from elaastic.models import RestoreState, RestoreTest
from elaastic.models.errors import NoRestoreTest
from elaastic.permissions import may_ask
from elaastic.selectors.readings import restore_tests_readable_by
from elaastic.services import proving
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.rendering import JsonRenderer
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.models import Actor
from tenants.models.errors import Forbidden, NotFound

RESTORE_TESTS: Final[Listing[RestoreTest]] = Listing(
    model=RestoreTest,
    show=restore_test_shape,
    sorts={"asked_at": "asked_at"},
    default_sort="-asked_at",
    search=("archive", "subscription__authority__name"),
    filters={
        "subscription": "subscription__public_id",
        "authority": "subscription__authority__public_id",
        "archive": "archive",
    },
)
STATE: Final = OpenApiParameter("state", str, enum=RestoreState.values)
SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


class OperationAnswerBody(StrictSerializer):
    """The SHA-256 of what came out."""

    patterns = {"sha256": SHA256}

    sha256 = serializers.RegexField(
        rf"^{SHA256.pattern}\Z",
        trim_whitespace=False,
        error_messages={"invalid": _("Send the SHA-256: 64 digits and letters from a to f.")},
    )


class OperationCancelBody(StrictSerializer):
    """`failed`: it was tried and does not come back, which is a result; `stopped`: nothing was shown either way."""

    outcome = serializers.ChoiceField(["stopped", "failed"], required=False, default="stopped")


def find_operation(actor: Actor, public_id: UUID) -> RestoreTest:
    """The operation when the caller may read it; absent and foreign are the same."""
    found = restore_tests_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def told(call: Call, row: RestoreTest, status: int) -> Response:
    """The operation as it is after an act, and where to follow it."""
    where = reverse("elaastic-api:operation", args=[row.public_id], request=call)
    return answer_single(call, row.public_id, restore_test_detail_shape(row), status, Location=where)


class RestoreTestList(ApiView):
    """The restore tests that the caller may see."""

    policy = {"GET": READ}
    parameters = RESTORE_TESTS.parameters | {"state"}

    @extend_schema(
        operation_id="restore_tests_list",
        parameters=[*row_parameters(RESTORE_TESTS), STATE],
        responses=answers({200: page_of("RestoreTestPage", RestoreTestShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of restore tests, the newest first."""
        rows = by_restore_state(request, restore_tests_readable_by(self.actor))
        return paginate(request, rows, RESTORE_TESTS)


class OperationDetail(ApiView):
    """One operation."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="operations_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: RestoreTestDetailShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The operation as it is; with `wait`, as soon as its state changes."""
        find_operation(self.actor, public_id)

        def look() -> dict[str, Any]:
            return restore_test_detail_shape(find_operation(self.actor, public_id))

        return answer_when_changed(request, public_id, look, ("state",))


class OperationProofFile(ApiView):
    """What is to be copied."""

    policy = {"GET": READ}
    renderer_classes = (JsonRenderer, AnyText)

    @extend_schema(
        operation_id="operations_proof_file",
        responses={**answers({}, 404, 406, 409), (200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Call, public_id: UUID) -> HttpResponseBase:
        """The proof file, while the state is `copying`: afterwards it comes out of the backup or not at all."""
        row = find_operation(self.actor, public_id)
        if not may_ask(self.actor, row.subscription):
            raise Forbidden
        if row.state != RestoreState.COPYING:
            raise NoRestoreTest
        disposition = f'attachment; filename="{row.filename}"'
        return HttpResponse(
            row.proof_text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition}
        )


class OperationAnswer(ApiView):
    """What came out."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="operations_answer",
        parameters=[IDEMPOTENCY_KEY],
        request=OperationAnswerBody,
        responses=answers({200: RestoreTestDetailShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Compare: `state` is `passed` when it is what was copied. A wrong sum is counted, and the state stays
        `restoring` until `tries_left` is 0; then it is `failed`.
        """
        row = find_operation(self.actor, public_id)
        body = read_body(OperationAnswerBody, request.data)
        ended = proving.answer_restore_test(test=row, sha256=body["sha256"], by=self.actor)
        return told(request, ended, 200)


class OperationCancel(ApiView):
    """Giving up."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="operations_cancel",
        parameters=[IDEMPOTENCY_KEY],
        request=OperationCancelBody,
        responses=answers({200: RestoreTestDetailShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """End it, with a result or without one."""
        row = find_operation(self.actor, public_id)
        body = read_body(OperationCancelBody, request.data or {})
        proving.stop_restore_test(test=row, failed=body["outcome"] == "failed", by=self.actor)
        return told(request, find_operation(self.actor, public_id), 200)
