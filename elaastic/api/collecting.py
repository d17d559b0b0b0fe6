"""`/subscriptions/{id}/…`: what exists, what happened, and what is handed over."""

from typing import Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.provisioned import EVENT_PAGE, EVENTS, MAX_EVENTS, RESOURCE_PAGE, RESOURCES
from elaastic.api.sequences import SequenceListing, paginate_sequence, sequence_parameters
from elaastic.api.shapes import CredentialShape, RevealedShape, credential_shape, revealed_shape
from elaastic.api.subscriptions import READ, WRITE, find_subscription
from elaastic.models import Subscription
from elaastic.models.errors import NotReady
from elaastic.selectors.access import Access
from elaastic.selectors.configs import TOOLS, tools_for
from elaastic.selectors.subscriptions import Credential, credentials
from elaastic.services.collecting import connection_of, reveal_credential
from provisioning.selectors.stacks import events, resources
from tenants.api.base import ApiView
from tenants.api.rendering import JsonRenderer
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import EmptyBody, read_body
from tenants.models.errors import Invalid

CREDENTIALS: Final[SequenceListing[Credential]] = SequenceListing(
    show=credential_shape,
    identity=lambda row: row.name,
    sorts={"name": lambda row: row.name},
    search=lambda row: row.name,
)


class SubscriptionResources(ApiView):
    """What exists."""

    policy = {"GET": READ}
    parameters = RESOURCES.parameters

    @extend_schema(
        operation_id="subscriptions_resources",
        parameters=sequence_parameters(RESOURCES),
        responses=answers({200: RESOURCE_PAGE}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """Each resource with its condition."""
        row = find_subscription(self.actor, public_id)
        return paginate_sequence(request, resources(row.stack_key), RESOURCES)


class SubscriptionEvents(ApiView):
    """The timeline."""

    policy = {"GET": READ}
    parameters = EVENTS.parameters

    @extend_schema(
        operation_id="subscriptions_events",
        parameters=sequence_parameters(EVENTS),
        responses=answers({200: EVENT_PAGE}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """What happened, the oldest first."""
        row = find_subscription(self.actor, public_id)
        return paginate_sequence(request, events(row.stack_key, limit=MAX_EVENTS), EVENTS)


class CredentialList(ApiView):
    """What there is to collect."""

    policy = {"GET": READ}
    parameters = CREDENTIALS.parameters

    @extend_schema(
        operation_id="credentials_list",
        parameters=sequence_parameters(CREDENTIALS),
        responses=answers({200: page_of("CredentialPage", CredentialShape)}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """Without secrets."""
        return paginate_sequence(request, credentials(find_subscription(self.actor, public_id)), CREDENTIALS)


class CredentialReveal(ApiView):
    """The secret, once."""

    policy = {"POST": WRITE}
    reveals_secret = True

    @extend_schema(
        operation_id="credentials_reveal",
        parameters=[IDEMPOTENCY_KEY],
        request=EmptyBody,
        responses=answers({200: RevealedShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID, name: str) -> Response:
        """Show it; the audit trail says to whom, and nobody is shown it again."""
        row = find_subscription(self.actor, public_id)
        read_body(EmptyBody, request.data or {})
        shown = reveal_credential(subscription=row, name=name, by=self.actor)
        return Response(revealed_shape(shown.access))


class AnyText(JsonRenderer):
    """Lets a client say `Accept: text/plain`. The file is sent as it is: only refusals come this way."""

    media_type = "text/plain"
    format = "txt"


class ClientConfig(ApiView):
    """A file for an ordinary client."""

    policy = {"GET": READ}
    parameters = frozenset({"tool", "credential"})
    renderer_classes = (JsonRenderer, AnyText)

    @extend_schema(
        operation_id="client_config_read",
        parameters=[
            OpenApiParameter("tool", OpenApiTypes.STR, enum=list(TOOLS), required=True),
            OpenApiParameter("credential", OpenApiTypes.STR, enum=["writer", "restore"], default="writer"),
        ],
        responses={**answers({}, 404, 406, 409), (200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Call, public_id: UUID) -> HttpResponseBase:
        """It works once the secret is filled in; the portal does not have it any more."""
        row = find_subscription(self.actor, public_id)
        access = access_of(row, self._credential(row))
        made = TOOLS[self._one_of("tool", tools_for(access))](access)
        disposition = f'attachment; filename="{made.filename}"'
        return HttpResponse(
            made.text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition}
        )

    def _credential(self, row: Subscription) -> Credential:
        found = {credential.name: credential for credential in credentials(row)}
        return found[self._one_of("credential", list(found), default="writer")]

    def _one_of(self, name: str, known: list[str], default: str = "") -> str:
        given = self.request.query_params.get(name, default)
        if given not in known:
            raise Invalid(errors={name: [_("Choose one of %(known)s.") % {"known": ", ".join(known)}]})
        return given


def access_of(row: Subscription, credential: Credential) -> Access:
    """Where the archives are and by which key, without its secret. Raises NotReady."""
    where = connection_of(row)
    if not credential.ready or not where.buckets or not where.endpoint:
        raise NotReady
    return where.access(credential.name, credential.access_key)
