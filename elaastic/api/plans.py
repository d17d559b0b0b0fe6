"""A plan as both sides read it before the decision."""

from typing import Any

from rest_framework import serializers

from elaastic.api.fields import AnyObject, Int64, one_of
from elaastic.api.shapes import PlacementShape, placement_shape
from elaastic.models import Request
from provisioning.domain.plan import Action
from provisioning.selectors.capacity import Effect, plan_effects
from provisioning.selectors.stacks import PlanView
from tenants.api.shapes import rfc3339


class ChangeShape(serializers.Serializer[Any]):
    """One line: `before` and `after` hold what differs, in the words of the kind."""

    action = one_of("PlanAction", tuple(Action))
    kind = serializers.CharField()
    name = serializers.CharField()
    platform = serializers.CharField()
    before = AnyObject()
    after = AnyObject()
    reason = serializers.CharField()
    purge = serializers.BooleanField()


class EffectShape(serializers.Serializer[Any]):
    """What a yes does to one site; the resource's name says the unit (`storage_gib`: GiB of 2^30 bytes)."""

    platform = serializers.CharField()
    site = serializers.CharField()
    resource = serializers.CharField()
    total = Int64()
    used = Int64()
    amount = Int64()
    used_after = Int64()
    fits = serializers.BooleanField()


class PlanShape(serializers.Serializer[Any]):
    """What `plan_shape` returns. `unseen` are platforms that could not be looked at."""

    request = serializers.UUIDField()
    digest = serializers.CharField()
    state = one_of("PlanState", ("proposed", "approved", "applied", "superseded"))
    created_at = serializers.DateTimeField()
    placement = PlacementShape()
    changes = ChangeShape(many=True)
    capacity = EffectShape(many=True)
    unseen = serializers.ListField(child=serializers.CharField())


def plan_shape(request: Request, plan: PlanView) -> dict[str, Any]:
    """The plan of this request, with today's capacity."""
    return {
        "request": str(request.public_id),
        "digest": plan.digest,
        "state": plan.state,
        "created_at": rfc3339(plan.created_at),
        "placement": placement_shape(plan.placement.as_json()),
        "changes": [{"purge": False, **change} for change in plan.changes],
        "capacity": [effect_shape(effect) for effect in plan_effects(plan)],
        "unseen": plan.unseen,
    }


def effect_shape(effect: Effect) -> dict[str, Any]:
    """What it does to one site."""
    room = effect.room
    return {
        "platform": room.platform,
        "site": room.site,
        "resource": room.resource,
        "total": room.total,
        "used": room.used,
        "amount": effect.amount,
        "used_after": effect.after,
        "fits": effect.fits,
    }
