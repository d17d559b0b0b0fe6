"""`/subscriptions/{id}/renew/`, `/inventory/` and `/certificate/`: the agreement's end, and what follows."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, answer_single
from elaastic.api.changing import ANSWERS, _Act
from elaastic.api.fields import Int64, one_of
from elaastic.api.requests import decided
from elaastic.api.subscriptions import READ, WRITE, find_subscription
from elaastic.selectors.inventory import Kept, certificate, inventory
from elaastic.services.agreeing import renew
from tenants.api.base import ApiView
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import EmptyBody
from tenants.api.shapes import rfc3339


class SubscriptionRenew(_Act):
    """Three more years."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="subscriptions_renew", parameters=[IDEMPOTENCY_KEY], request=EmptyBody, responses=ANSWERS
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """Ask for the renewal, in the agreement's last six months or after its end."""
        asked = renew(subscription=self.found(request, public_id), by=self.actor)
        return decided(request, asked, self.actor, 202)


class KeptShape(serializers.Serializer[Any]):
    """One thing that is kept; `until` null: for as long as `why` says. Sizes are null until somebody has looked."""

    kind = one_of("KeptKind", ("archive", "key", "record"))
    name = serializers.CharField()
    sites = serializers.ListField(child=serializers.CharField())
    bucket = serializers.CharField()
    held_bytes = Int64(allow_null=True)
    held_objects = Int64(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    why = one_of("KeptWhy", ("in_force", "retention", "restores", "proof", "law"))


class InventoryShape(serializers.Serializer[Any]):
    """Everything that is kept of an authority."""

    subscription = serializers.UUIDField()
    kept = KeptShape(many=True)


class CertificateShape(serializers.Serializer[Any]):
    """That everything was deleted, as last seen; the trail's members are null and empty until it is sealed."""

    subscription = serializers.UUIDField()
    request = serializers.UUIDField()
    plan_digest = serializers.CharField()
    asked_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    archives = KeptShape(many=True)
    trail_number = Int64(allow_null=True)
    trail_hash = serializers.CharField()
    fingerprint = serializers.CharField()


def kept_shape(one: Kept) -> dict[str, Any]:
    """One thing."""
    return {
        "kind": one.kind,
        "name": one.name,
        "sites": list(one.where),
        "bucket": one.bucket,
        "held_bytes": one.held_bytes,
        "held_objects": one.held_objects,
        "until": rfc3339(one.until),
        "why": one.why,
    }


class SubscriptionInventory(ApiView):
    """What is kept."""

    policy = {"GET": READ}

    @extend_schema(
        operation_id="subscriptions_inventory",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: InventoryShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """What is kept where, until when and why. From rows; no platform is asked."""
        row = find_subscription(self.actor, public_id)
        body = {"subscription": str(row.public_id), "kept": [kept_shape(one) for one in inventory(row)]}
        return answer_single(request, f"{public_id}.inventory", body)


class SubscriptionCertificate(ApiView):
    """What is gone."""

    policy = {"GET": READ}

    @extend_schema(
        operation_id="subscriptions_certificate",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: CertificateShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The certificate of deletion; 404 until a purge was carried out to its end."""
        found = certificate(find_subscription(self.actor, public_id))
        body = {
            "subscription": str(found.subscription.public_id),
            "request": str(found.request.public_id),
            "plan_digest": found.request.plan_digest,
            "asked_at": rfc3339(found.request.created_at),
            "approved_at": rfc3339(found.request.decided_at),
            "ended_at": rfc3339(found.subscription.ended_at),
            "archives": [kept_shape(one) for one in found.archives],
            "trail_number": found.trail_number,
            "trail_hash": found.trail_hash,
            "fingerprint": found.fingerprint,
        }
        return answer_single(request, f"{public_id}.certificate", body)
