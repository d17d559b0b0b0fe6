"""What a stack consists of and what happened to it, for its authority and for the region alike."""

from typing import Any, Final

from rest_framework import serializers

from elaastic.api.fields import AnyObject, Int64, one_of
from elaastic.api.next_actions import WHO, whose_move
from elaastic.api.sequences import SequenceListing
from provisioning.domain.conditions import State
from provisioning.selectors.stacks import EventView, Left, ResourceView
from tenants.api.schema import page_of
from tenants.api.shapes import rfc3339

# A timeline is read whole: events are written only when something happened, some dozens a year.
MAX_EVENTS: Final = 10_000


class LeftShape(serializers.Serializer[Any]):
    """Of what is removed in pieces: objects (earlier versions and deletion marks too) and bytes, when a worker last
    counted them. Null while nothing is removed, or nobody has counted.
    """

    objects = Int64()
    bytes = Int64()
    at = serializers.DateTimeField()


class ResourceShape(serializers.Serializer[Any]):
    """What `resource_shape` returns; `outputs` hold no secret."""

    name = serializers.CharField()
    kind = serializers.CharField()
    platform = serializers.CharField()
    external_id = serializers.CharField()
    state = one_of("ConditionState", tuple(State))
    reason = serializers.CharField()
    message = serializers.CharField()
    whose_move = one_of("WhoseMove", WHO)
    wish = one_of("ResourceWish", ("present", "absent", "retained"))
    orphan = serializers.BooleanField()
    left = LeftShape(allow_null=True)
    outputs = AnyObject()
    seen = AnyObject()
    revealed_at = serializers.DateTimeField(allow_null=True)
    next_look = serializers.DateTimeField(allow_null=True)


def resource_shape(row: ResourceView) -> dict[str, Any]:
    """One resource, as wanted and as last seen."""
    return {
        "name": row.name,
        "kind": row.kind,
        "platform": row.platform,
        "external_id": row.external_id,
        "state": str(row.condition.state),
        "reason": row.condition.reason,
        "message": row.condition.message,
        "whose_move": whose_move(row.condition),
        "wish": row.wish,
        "orphan": row.orphan,
        "left": left_shape(row.left) if row.left else None,
        "outputs": dict(row.outputs),
        "seen": dict(row.seen),
        "revealed_at": rfc3339(row.revealed_at),
        "next_look": rfc3339(row.next_look),
    }


def left_shape(left: Left) -> dict[str, Any]:
    """What is left of it."""
    return {"objects": left.objects, "bytes": left.bytes, "at": rfc3339(left.at)}


class EventShape(serializers.Serializer[Any]):
    """What `event_shape` returns: one past-tense line; `resource` is empty for the whole stack."""

    id = Int64()
    at = serializers.DateTimeField()
    resource = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()


def event_shape(row: EventView) -> dict[str, Any]:
    """One event."""
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "resource": row.resource,
        "reason": row.reason,
        "message": row.message,
    }


RESOURCES: Final[SequenceListing[ResourceView]] = SequenceListing(
    show=resource_shape,
    identity=lambda row: row.name,
    sorts={"name": lambda row: row.name, "state": lambda row: (row.condition.state, row.name)},
    search=lambda row: f"{row.name} {row.kind} {row.external_id}",
    filters={"kind": lambda row: row.kind, "state": lambda row: str(row.condition.state)},
)
EVENTS: Final[SequenceListing[EventView]] = SequenceListing(
    show=event_shape,
    identity=lambda row: str(row.id),
    sorts={"id": lambda row: row.id},
    search=lambda row: f"{row.resource} {row.reason} {row.message}",
    filters={"resource": lambda row: row.resource, "reason": lambda row: row.reason},
)
# One component each, however many addresses answer with it.
RESOURCE_PAGE: Final = page_of("ResourcePage", ResourceShape)
EVENT_PAGE: Final = page_of("EventPage", EventShape)
