"""`/capacity/` and `/platforms/`: the region as its own people see it."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elaastic.api.fields import Int64
from elaastic.api.sequences import SequenceListing, paginate_sequence, sequence_parameters
from elaastic.permissions import may_read_region
from provisioning.selectors.capacity import PlatformView, Room, platforms, rooms
from tenants.api.base import ApiView
from tenants.api.policy import Rule
from tenants.api.schema import answers, page_of


class RoomShape(serializers.Serializer[Any]):
    """What `room_shape` returns; the resource's name says the unit (`storage_gib`: GiB of 2^30 bytes)."""

    platform = serializers.CharField()
    site = serializers.CharField()
    resource = serializers.CharField()
    total = Int64()
    used = Int64()
    free = Int64()


def room_shape(room: Room) -> dict[str, Any]:
    """One capacity row: what may be promised, what is, and what is left."""
    return {
        "platform": room.platform,
        "site": room.site,
        "resource": room.resource,
        "total": room.total,
        "used": room.used,
        "free": room.free,
    }


class PlatformShape(serializers.Serializer[Any]):
    """What `platform_shape` returns. `held`: it is ahead of the database, and nothing is written to it."""

    id = serializers.CharField()
    provider = serializers.CharField()
    sites = serializers.ListField(child=serializers.CharField())
    region = serializers.CharField()
    endpoint = serializers.CharField()
    reachable = serializers.BooleanField()
    held = serializers.BooleanField()
    last_error = serializers.CharField()


def platform_shape(platform: PlatformView) -> dict[str, Any]:
    """One platform of the region file, and what is known of it."""
    return {
        "id": platform.id,
        "provider": platform.provider,
        "sites": list(platform.sites),
        "region": platform.region,
        "endpoint": platform.endpoint,
        "reachable": platform.reachable,
        "held": platform.held,
        "last_error": platform.last_error,
    }


ROOMS: Final[SequenceListing[Room]] = SequenceListing(
    show=room_shape,
    identity=lambda room: f"{room.platform}/{room.site}/{room.resource}",
    sorts={
        "place": lambda room: (room.platform, room.site, room.resource),
        "free": lambda room: (room.free, room.platform, room.site, room.resource),
    },
    search=lambda room: f"{room.platform} {room.site} {room.resource}",
    filters={
        "platform": lambda room: room.platform,
        "site": lambda room: room.site,
        "resource": lambda room: room.resource,
    },
)
PLATFORMS: Final[SequenceListing[PlatformView]] = SequenceListing(
    show=platform_shape,
    identity=lambda platform: platform.id,
    sorts={"id": lambda platform: platform.id},
    search=lambda platform: f"{platform.id} {platform.provider}",
    filters={"provider": lambda platform: platform.provider},
)


class Capacity(ApiView):
    """What the region can promise."""

    policy = {"GET": Rule(may_read_region, ("capacity:read",))}
    parameters = ROOMS.parameters

    @extend_schema(
        operation_id="capacity_list",
        parameters=sequence_parameters(ROOMS),
        responses=answers({200: page_of("RoomPage", RoomShape)}),
    )
    def get(self, request: Request) -> Response:
        """By platform, site and resource, from rows: no platform is asked."""
        return paginate_sequence(request, rooms(), ROOMS)


class PlatformList(ApiView):
    """The installations that the region file names."""

    policy = {"GET": Rule(may_read_region, ("stacks:read",))}
    parameters = PLATFORMS.parameters

    @extend_schema(
        operation_id="platforms_list",
        parameters=sequence_parameters(PLATFORMS),
        responses=answers({200: page_of("PlatformPage", PlatformShape)}),
    )
    def get(self, request: Request) -> Response:
        """Reachable or not, held or not, with the last error."""
        return paginate_sequence(request, platforms(), PLATFORMS)
