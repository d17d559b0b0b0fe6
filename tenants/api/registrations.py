"""`/registrations/`: bodies that registered themselves, and the region's answer to them."""

import json
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from tenants.api.base import ApiView
from tenants.api.conditions import etag_of, is_unchanged
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule
from tenants.api.schema import IDEMPOTENCY_KEY, answers, list_parameters, page_of
from tenants.api.serializers import NoteBody, RegistrationNoBody, read_body
from tenants.api.shapes_registering import (
    RegistrationDetailShape,
    RegistrationShape,
    registration_detail_shape,
    registration_shape,
)
from tenants.models import Registration
from tenants.models.errors import NotFound
from tenants.permissions import may_read_region, may_verify
from tenants.selectors import registrations_for_the_region
from tenants.services.registrations import accept_registration, refuse_registration

REGISTRATIONS: Final[Listing[Registration]] = Listing(
    model=Registration,
    show=registration_shape,
    sorts={"sent_in_at": "sent_in_at"},
    default_sort="-sent_in_at",
    search=("pec", "contact_email", "contact_name"),
    filters={"state": "state", "pec": "pec"},
)
READ: Final = Rule(may_read_region, ("authorities:read",))
VERIFY: Final = Rule(may_verify, ("authorities:verify",))


def _find(public_id: UUID) -> Registration:
    found = registrations_for_the_region().filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


class RegistrationList(ApiView):
    """Those whose mailbox or letter has been seen."""

    policy = {"GET": READ}
    parameters = REGISTRATIONS.parameters

    @extend_schema(
        operation_id="registrations_list",
        parameters=list_parameters(REGISTRATIONS),
        responses=answers({200: page_of("RegistrationPage", RegistrationShape)}),
    )
    def get(self, request: Request) -> Response:
        """A page of registrations, the newest first; `state=to_check` are those that wait for the region."""
        return paginate(request, registrations_for_the_region(), REGISTRATIONS)


class RegistrationDetail(ApiView):
    """One registration."""

    policy = {"GET": READ}

    @extend_schema(operation_id="registrations_read", responses=answers({200: RegistrationDetailShape}, 404))
    def get(self, request: Request, public_id: UUID) -> Response:
        """What the body says, what was checked of it, and who has one of its codes already; or 304."""
        answer = _answer(_find(public_id))
        if is_unchanged(request, answer["ETag"]):
            return Response(status=304, headers={"ETag": answer["ETag"]})
        return answer


class RegistrationApprove(ApiView):
    """Yes."""

    policy = {"POST": VERIFY}

    @extend_schema(
        operation_id="registrations_approve", parameters=[IDEMPOTENCY_KEY], request=NoteBody,
        responses=answers({200: RegistrationDetailShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Register and verify the body, and invite its first owner. The note says how a letter was checked."""
        row = _find(public_id)
        note = read_body(NoteBody, _body(request))["note"]
        authority = accept_registration(registration=row, note=note, by=self.actor)
        where = reverse("tenants-api:authority", args=[authority.public_id], request=request)
        return _answer(_find(public_id), Location=where)


class RegistrationReject(ApiView):
    """No."""

    policy = {"POST": VERIFY}

    @extend_schema(
        operation_id="registrations_reject", parameters=[IDEMPOTENCY_KEY], request=RegistrationNoBody,
        responses=answers({200: RegistrationDetailShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Refuse it; the reason is mailed to the contact."""
        row = _find(public_id)
        reason = read_body(RegistrationNoBody, _body(request))["reason"]
        refuse_registration(registration=row, reason=reason, by=self.actor)
        return _answer(_find(public_id))


def _answer(row: Registration, **headers: str) -> Response:
    """With its ETag: a digest of what is sent, since others' codes are in it."""
    body = registration_detail_shape(row)
    version = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
    return Response(body, headers={"ETag": etag_of(row.public_id, version), **headers})


def _body(request: Request) -> Any:
    """An absent body is an empty object; DRF hands an empty form for it."""
    return request.data or {}
