"""`/capacity/`, `/platforms/` and `/orphans/`: the region as its own people see it."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elaastic.api.fields import Int64
from elaastic.api.sequences import SequenceListing, paginate_sequence, sequence_parameters
from elaastic.permissions import may_read_region
from provisioning.selectors.capacity import PlatformView, Room, platforms, rooms
from provisioning.selectors.orphans import Sighting, open_sightings
from tenants.api.base import ApiView
from tenants.api.policy import Rule
from tenants.api.schema import answers, page_of
from tenants.api.shapes import rfc3339


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
    sampled_at = serializers.DateTimeField(allow_null=True)
    sites_down = serializers.ListField(child=serializers.CharField())


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
        "sampled_at": rfc3339(platform.sampled_at),
        "sites_down": list(platform.sites_down),
    }


class OrphanShape(serializers.Serializer[Any]):
    """What `orphan_shape` returns; `marker` is what the object says of itself."""

    platform = serializers.CharField()
    kind = serializers.CharField()
    external_id = serializers.CharField()
    marker = serializers.CharField()
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()


def orphan_shape(seen: Sighting) -> dict[str, Any]:
    """One object that carries our marker and is in no row."""
    return {
        "platform": seen.platform,
        "kind": seen.kind,
        "external_id": seen.external_id,
        "marker": seen.marker,
        "first_seen": rfc3339(seen.first_seen),
        "last_seen": rfc3339(seen.last_seen),
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

# More than this is not a list to read but an accident to look into.
MAX_ORPHANS: Final = 5_000
ORPHANS: Final[SequenceListing[Sighting]] = SequenceListing(
    show=orphan_shape,
    identity=lambda seen: f"{seen.platform}/{seen.kind}/{seen.external_id}",
    sorts={"first_seen": lambda seen: (seen.first_seen, seen.platform, seen.kind, seen.external_id)},
    search=lambda seen: f"{seen.external_id} {seen.marker}",
    filters={"platform": lambda seen: seen.platform, "kind": lambda seen: seen.kind},
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


class OrphanList(ApiView):
    """What is ours on a platform and in no row."""

    policy = {"GET": Rule(may_read_region, ("stacks:read",))}
    parameters = ORPHANS.parameters

    @extend_schema(
        operation_id="orphans_list",
        parameters=sequence_parameters(ORPHANS),
        responses=answers({200: page_of("OrphanPage", OrphanShape)}),
    )
    def get(self, request: Request) -> Response:
        """Those that the last census saw, the oldest first; what bears data is only ever reported."""
        return paginate_sequence(request, open_sightings(MAX_ORPHANS), ORPHANS)
