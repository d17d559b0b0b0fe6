"""`/subscriptions/{id}/copies/`: which archive has how many copies, where, and how far from the town hall."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.answers import IF_NONE_MATCH, answer_single
from elaastic.api.fields import Int32, one_of
from elaastic.api.subscriptions import READ, find_subscription
from elaastic.selectors.copies import ArchiveCopies, copies_of_archives
from tenants.api.base import ApiView
from tenants.api.schema import answers


@extend_schema_field({"type": "number", "format": "double", "minimum": 0})
class _Km(serializers.FloatField):
    """Kilometres."""


class SiteCopyShape(serializers.Serializer[Any]):
    """A whole copy. `distance_km` as the crow flies from the town hall; null when nobody said where that is."""

    site = serializers.CharField()
    name = serializers.CharField()
    distance_km = _Km(allow_null=True)


class ArchiveCopiesShape(serializers.Serializer[Any]):
    """One archive. `given_up`: the terms no longer name it, and what is in it is kept as it is; then `copies` is 0
    and `immutability` empty while nobody has seen them. `target` and `sites` are empty until a place was chosen.
    """

    name = serializers.CharField()
    given_up = serializers.BooleanField()
    immutability = one_of("SeenImmutability", ("", "none", "governance", "compliance"))
    copies = Int32()
    target = serializers.CharField()
    sites = SiteCopyShape(many=True)


class CopiesShape(serializers.Serializer[Any]):
    """Every archive with its copies."""

    archives = ArchiveCopiesShape(many=True)


def _shape(one: ArchiveCopies) -> dict[str, Any]:
    return {
        "name": one.name,
        "given_up": not one.in_terms,
        "immutability": one.immutability,
        "copies": one.copies,
        "target": one.target,
        "sites": [{"site": s.site.code, "name": s.site.name, "distance_km": s.distance_km} for s in one.sites],
    }


class SubscriptionCopies(ApiView):
    """Where are the copies?"""

    policy = {"GET": READ}

    @extend_schema(
        operation_id="subscriptions_copies",
        parameters=[IF_NONE_MATCH],
        responses=answers({200: CopiesShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """By the terms and the approved placement; of what was given up, as it was last seen."""
        found = copies_of_archives(find_subscription(self.actor, public_id))
        return answer_single(request, f"{public_id}.copies", {"archives": [_shape(one) for one in found]})
