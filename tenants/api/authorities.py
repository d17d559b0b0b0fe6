"""`/authorities/`."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from tenants.api.base import ApiView
from tenants.api.conditions import etag_of, is_unchanged, require_match
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, IF_MATCH, answers, list_parameters, page_of
from tenants.api.serializers import AuthorityBody, EmptyBody, ReasonBody, columns, read_body
from tenants.api.shapes import AuthorityShape, authority_shape
from tenants.models import Actor, LocalAuthority
from tenants.models.errors import NotFound
from tenants.permissions import may_register, may_verify
from tenants.selectors import authorities_readable_by
from tenants.services.authorities import (
    AuthorityDetails,
    register_authority,
    resume_authority,
    suspend_authority,
    update_authority,
    verify_authority,
)

AUTHORITIES: Final[Listing[LocalAuthority]] = Listing(
    model=LocalAuthority,
    show=authority_shape,
    sorts={"name": "name", "ipa_code": "ipa_code", "registered_at": "registered_at"},
    default_sort="name",
    search=("name", "ipa_code", "fiscal_code", "external_ref"),
    filters={
        "ipa_code": "ipa_code",
        "fiscal_code": "fiscal_code",
        "external_ref": "external_ref",
        "state": "state",
        "kind": "kind",
        "province": "province",
    },
)
READ: Final = Rule(anyone_signed_in, ("authorities:read",))
VERIFY: Final = Rule(may_verify, ("authorities:verify",))


def find_or_404(actor: Actor, public_id: UUID) -> LocalAuthority:
    """The authority when the caller may read it; absent and foreign are the same."""
    found = authorities_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def answer(row: LocalAuthority, status: int = 200, **headers: str) -> Response:
    """One authority with its ETag."""
    etag = etag_of(row.public_id, row.version)
    return Response(authority_shape(row), status=status, headers={"ETag": etag, **headers})


class AuthorityList(ApiView):
    """The authorities that the caller may see; registering one."""

    policy = {"GET": READ, "POST": Rule(may_register, ("authorities:write",))}
    parameters = AUTHORITIES.parameters

    @extend_schema(
        operation_id="authorities_list",
        parameters=list_parameters(AUTHORITIES),
        responses=answers({200: page_of("AuthorityPage", AuthorityShape)}),
    )
    def get(self, request: Request) -> Response:
        """A page of authorities."""
        return paginate(request, authorities_readable_by(self.actor), AUTHORITIES)

    @extend_schema(
        operation_id="authorities_register",
        parameters=[IDEMPOTENCY_KEY],
        request=AuthorityBody,
        responses=answers({201: AuthorityShape}, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Register one; it waits for verification unless the caller may verify."""
        details = AuthorityDetails(**columns(read_body(AuthorityBody, request.data)))
        row = register_authority(details=details, by=self.actor)
        where = reverse("tenants-api:authority", args=[row.public_id], request=request)
        return answer(row, 201, Location=where)


class AuthorityDetail(ApiView):
    """One authority."""

    policy = {"GET": READ, "PATCH": Rule(anyone_signed_in, ("authorities:write",))}

    @extend_schema(operation_id="authorities_read", responses=answers({200: AuthorityShape}, 404))
    def get(self, request: Request, public_id: UUID) -> Response:
        """The authority as it is, or 304."""
        row = find_or_404(self.actor, public_id)
        etag = etag_of(row.public_id, row.version)
        if is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return answer(row)

    @extend_schema(
        operation_id="authorities_change",
        parameters=[IF_MATCH],
        request=AuthorityBody(partial=True),
        responses=answers({200: AuthorityShape}, 404, 409, 412, 413, 415),
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is named and nothing else."""
        row = find_or_404(self.actor, public_id)
        changes = columns(read_body(AuthorityBody, request.data, partial=True))
        matched = require_match(request, etag_of(row.public_id, row.version))
        version = row.version if matched else None
        return answer(update_authority(authority=row, changes=changes, by=self.actor, expected_version=version))


class _Act(ApiView):
    """An act of the region on one authority."""

    policy = {"POST": VERIFY}

    def act(self, row: LocalAuthority, request: Request) -> LocalAuthority:
        """What the act does."""
        raise NotImplementedError

    def answer_act(self, request: Request, public_id: UUID) -> Response:
        """Find, act, show."""
        return answer(self.act(find_or_404(self.actor, public_id), request))


class AuthorityVerify(_Act):
    """The body is what it claims to be."""

    @extend_schema(
        operation_id="authorities_verify", parameters=[IDEMPOTENCY_KEY], request=EmptyBody,
        responses=answers({200: AuthorityShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Verify."""
        return self.answer_act(request, public_id)

    def act(self, row: LocalAuthority, request: Request) -> LocalAuthority:
        """No words needed."""
        read_body(EmptyBody, _body(request))
        return verify_authority(authority=row, by=self.actor)


class AuthoritySuspend(_Act):
    """Nothing new for it until it is resumed."""

    @extend_schema(
        operation_id="authorities_suspend", parameters=[IDEMPOTENCY_KEY], request=ReasonBody,
        responses=answers({200: AuthorityShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Suspend, with a reason."""
        return self.answer_act(request, public_id)

    def act(self, row: LocalAuthority, request: Request) -> LocalAuthority:
        """The reason goes into the trail."""
        reason = read_body(ReasonBody, _body(request))["reason"]
        return suspend_authority(authority=row, reason=reason, by=self.actor)


class AuthorityResume(_Act):
    """Back to what it was."""

    @extend_schema(
        operation_id="authorities_resume", parameters=[IDEMPOTENCY_KEY], request=EmptyBody,
        responses=answers({200: AuthorityShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Resume."""
        return self.answer_act(request, public_id)

    def act(self, row: LocalAuthority, request: Request) -> LocalAuthority:
        """No words needed."""
        read_body(EmptyBody, _body(request))
        return resume_authority(authority=row, by=self.actor)


def _body(request: Request) -> Any:
    """An absent body is an empty object; DRF hands an empty form for it."""
    return request.data or {}
