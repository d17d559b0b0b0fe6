"""`/me/`, `/tokens/` and `/audit-events/`: the caller, the caller's keys, and the trail."""

from functools import partial
from typing import Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, answers, list_parameters, page_of
from tenants.api.serializers import TokenBody, read_body
from tenants.api.shapes import (
    AuditEventShape,
    IssuedTokenShape,
    MeShape,
    TokenShape,
    audit_event_shape,
    me_shape,
    token_shape,
)
from tenants.models import ApiToken, AuditEvent, LocalAuthority
from tenants.models.errors import Invalid, NotFound
from tenants.permissions import may_audit, may_read_some_audit
from tenants.selectors import (
    audit_events_readable_by,
    authorities_readable_by,
    my_authorities,
    tokens_of,
)
from tenants.services.tokens import issue_token, revoke_token

TOKENS: Final[Listing[ApiToken]] = Listing(
    model=ApiToken,
    show=token_shape,
    sorts={"created_at": "created_at", "expires_at": "expires_at"},
    default_sort="-created_at",
    search=("name", "prefix"),
)
AUDIT_FILTERS: Final = {
    "action": "action",
    "authority": "authority__public_id",
    "person": "actor__public_id",
    "subject_type": "subject_type",
    "subject_id": "subject_id",
}
AUDIT_EVENTS: Final[Listing[AuditEvent]] = Listing(
    model=AuditEvent,
    show=partial(audit_event_shape, whole=False),
    sorts={"id": "pk"},
    default_sort="-id",
    search=("action", "subject_id"),
    filters=AUDIT_FILTERS,
)
WHOLE_AUDIT_EVENTS: Final[Listing[AuditEvent]] = Listing(
    model=AuditEvent,
    show=partial(audit_event_shape, whole=True),
    sorts={"id": "pk"},
    default_sort="-id",
    search=("action", "subject_id"),
    filters=AUDIT_FILTERS,
)


class Me(ApiView):
    """Who I am."""

    policy = {"GET": Rule(anyone_signed_in)}

    @extend_schema(operation_id="me_read", responses=answers({200: MeShape}))
    def get(self, _request: Request) -> Response:
        """My roles, scopes, limits and authorities."""
        limit = self.allowance.limit if self.allowance else 0
        return Response(me_shape(self.actor, list(my_authorities(self.actor)), limit))


class TokenList(ApiView):
    """The caller's own tokens."""

    policy = {
        "GET": Rule(anyone_signed_in, ("tokens:read",)),
        "POST": Rule(anyone_signed_in, ("tokens:write",)),
    }
    parameters = TOKENS.parameters
    reveals_secret = True

    @extend_schema(
        operation_id="tokens_list",
        parameters=list_parameters(TOKENS),
        responses=answers({200: page_of("TokenPage", TokenShape)}),
    )
    def get(self, request: Request) -> Response:
        """A page of tokens, without secrets."""
        return paginate(request, tokens_of(self.actor.user), TOKENS)

    @extend_schema(
        operation_id="tokens_issue",
        parameters=[IDEMPOTENCY_KEY],
        request=TokenBody,
        responses=answers({201: IssuedTokenShape}, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Issue one; its secret is in this answer and nowhere else."""
        body = read_body(TokenBody, request.data)
        issued = issue_token(
            user=self.actor.user,
            scopes=body["scopes"],
            by=self.actor,
            name=body["name"],
            authority=self._authority(body.get("authority")),
            days=body["days"],
        )
        return Response({**token_shape(issued.token), "token": issued.secret}, status=201)

    def _authority(self, public_id: UUID | None) -> LocalAuthority | None:
        if public_id is None:
            return None
        found = authorities_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise Invalid(errors={"authority": [NotFound.title]})
        return found


class TokenDetail(ApiView):
    """One of the caller's tokens."""

    policy = {"DELETE": Rule(anyone_signed_in, ("tokens:write",))}

    @extend_schema(operation_id="tokens_revoke", responses=answers({204: None}, 404))
    def delete(self, _request: Request, public_id: UUID) -> Response:
        """Revoke it, now."""
        token = tokens_of(self.actor.user).filter(public_id=public_id).first()
        if token is None:
            raise NotFound
        revoke_token(token=token, by=self.actor)
        return Response(status=204)


class AuditEventList(ApiView):
    """The trail."""

    policy = {"GET": Rule(may_read_some_audit, ("audit:read",))}
    parameters = AUDIT_EVENTS.parameters

    @extend_schema(
        operation_id="audit_events_list",
        parameters=list_parameters(AUDIT_EVENTS),
        responses=answers({200: page_of("AuditEventPage", AuditEventShape)}),
    )
    def get(self, request: Request) -> Response:
        """A page of events, the newest first."""
        listing = WHOLE_AUDIT_EVENTS if may_audit(self.actor) else AUDIT_EVENTS
        return paginate(request, audit_events_readable_by(self.actor), listing)
