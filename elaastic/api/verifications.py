"""`/verifications/`: what was shown to come back, the newest first; and all of it to take away."""

from typing import Any, Final
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.fields import AnyObject, Int32, Int64, one_of
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.api.subscriptions import READ
from elaastic.models import Verification, VerificationKind
from elaastic.selectors.bundles import BUNDLE, make_bundle
from elaastic.selectors.readings import verifications_readable_by
from elaastic.selectors.subscriptions import subscriptions_readable_by
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.rendering import JsonRenderer
from tenants.api.schema import answers, page_of
from tenants.api.shapes import rfc3339
from tenants.models.errors import Invalid


class VerificationShape(serializers.Serializer[Any]):
    """What `verification_shape` returns. `by` is null where the portal read by itself; `evidence` says what was
    tried and what it was compared with. `hash` is the SHA-256 of the link as the bundle has it, `previous_hash`
    that of the link before in the same subscription's chain.
    """

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    archive = serializers.CharField()
    kind = one_of("VerificationKind", VerificationKind.values)
    passed = serializers.BooleanField()
    at = serializers.DateTimeField()
    by = PersonShape(allow_null=True)
    seconds = Int64()
    evidence = AnyObject()
    number = Int32()
    previous_hash = serializers.CharField()
    hash = serializers.CharField()


def verification_shape(row: Verification) -> dict[str, Any]:
    """One row of the ledger."""
    return {
        "id": str(row.public_id),
        "subscription": str(row.subscription.public_id),
        "authority": str(row.subscription.authority.public_id),
        "archive": row.archive,
        "kind": row.kind,
        "passed": row.passed,
        "at": rfc3339(row.at),
        "by": person_shape(row.by) if row.by else None,
        "seconds": row.seconds,
        "evidence": row.evidence,
        "number": row.number,
        "previous_hash": row.previous_hash,
        "hash": row.hash,
    }


VERIFICATIONS: Final[Listing[Verification]] = Listing(
    model=Verification,
    show=verification_shape,
    sorts={"at": "at"},
    default_sort="-at",
    search=("archive", "subscription__authority__name"),
    filters={
        "subscription": "subscription__public_id",
        "authority": "subscription__authority__public_id",
        "kind": "kind",
    },
)


class VerificationList(ApiView):
    """What was proven."""

    policy = {"GET": READ}
    parameters = VERIFICATIONS.parameters

    @extend_schema(
        operation_id="verifications_list",
        parameters=row_parameters(VERIFICATIONS),
        responses=answers({200: page_of("VerificationPage", VerificationShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of proofs, the newest first: read back by the portal, or restored by the authority."""
        return paginate(request, verifications_readable_by(self.actor), VERIFICATIONS)


class AnyZip(JsonRenderer):
    """Lets a client say `Accept: application/zip`. The file is sent as it is: only refusals come this way."""

    media_type = "application/zip"
    format = "zip"


class VerificationExport(ApiView):
    """The ledger as a file."""

    policy = {"GET": READ}
    parameters = frozenset({"subscription", "authority"})
    renderer_classes = (JsonRenderer, AnyZip)

    @extend_schema(
        operation_id="verifications_export",
        parameters=[OpenApiParameter(name, OpenApiTypes.UUID) for name in ("authority", "subscription")],
        responses={**answers({}, 406), (200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Call) -> HttpResponseBase:
        """Whole chains, each line as it was summed up, and how to check them without the portal: a ZIP with
        `verifications.jsonl`, `heads.jsonl`, `check.py`, and words in Italian and English.
        """
        rows = subscriptions_readable_by(self.actor)
        if one := self._asked("subscription"):
            rows = rows.filter(public_id=one)
        if one := self._asked("authority"):
            rows = rows.filter(authority__public_id=one)
        return FileResponse(make_bundle(rows), as_attachment=True, filename=BUNDLE, content_type="application/zip")

    def _asked(self, name: str) -> UUID | None:
        given = self.request.query_params.get(name)
        try:
            return UUID(given) if given is not None else None
        except ValueError as error:
            raise Invalid(errors={name: [_("This value is not valid here.")]}) from error
