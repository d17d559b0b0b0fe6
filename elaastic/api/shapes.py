"""Subscriptions and requests as clients get them; beside each function the shape that the schema publishes."""

from typing import Any

from rest_framework import serializers

from elaastic.api.fields import AnyObject, LevelNumber, one_of
from elaastic.api.next_actions import (
    ConditionShape,
    NextActionShape,
    conditions_of,
    request_next_action,
    subscription_next_action,
)
from elaastic.models import Request, RequestKind, RequestState, SubscriptionState
from elaastic.selectors.subscriptions import Credential, Overview, state_of
from tenants.api.shapes import rfc3339
from tenants.models import User


class PlacementShape(serializers.Serializer[Any]):
    """Where it lives: `platforms` by provider; empty until a plan was approved."""

    platforms = serializers.DictField(child=serializers.CharField())
    target = serializers.CharField()
    sites = serializers.ListField(child=serializers.CharField())


class SubscriptionShape(serializers.Serializer[Any]):
    """What `subscription_shape` returns. `terms` follow the level's JSON Schema."""

    id = serializers.UUIDField()
    authority = serializers.UUIDField()
    authority_name = serializers.CharField()
    ipa_code = serializers.CharField()
    external_ref = serializers.CharField()
    level = LevelNumber()
    terms = AnyObject()
    placement = PlacementShape()
    state = one_of("SubscriptionState", SubscriptionState.values)
    conditions = ConditionShape(many=True)
    next_action = NextActionShape()
    request = serializers.UUIDField(allow_null=True)
    stack = serializers.CharField()
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    activated_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    suspended_at = serializers.DateTimeField(allow_null=True)
    leave_requested_at = serializers.DateTimeField(allow_null=True)
    kept_until = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


def subscription_shape(seen: Overview) -> dict[str, Any]:
    """One subscription. `request` is the open one; `verified_at` waits for the first tested restore."""
    row = seen.subscription
    return {
        "id": str(row.public_id),
        "authority": str(row.authority.public_id),
        "authority_name": row.authority.name,
        "ipa_code": row.authority.ipa_code,
        "external_ref": row.external_ref,
        "level": row.level,
        "terms": row.terms,
        "placement": {"platforms": {}, "target": "", "sites": [], **row.placement},
        "state": str(seen.state),
        "conditions": conditions_of(seen),
        "next_action": subscription_next_action(seen),
        "request": str(seen.open_request.public_id) if seen.open_request else None,
        "stack": row.stack_key,
        "created_at": rfc3339(row.created_at),
        "approved_at": rfc3339(row.approved_at),
        "activated_at": rfc3339(row.activated_at),
        "verified_at": None,
        "suspended_at": rfc3339(row.suspended_at),
        "leave_requested_at": rfc3339(row.leave_requested_at),
        "kept_until": rfc3339(row.kept_until),
        "ended_at": rfc3339(row.ended_at),
    }


class PersonShape(serializers.Serializer[Any]):
    """Somebody, by name; their address is in the audit trail."""

    id = serializers.UUIDField()
    full_name = serializers.CharField()


class RequestShape(serializers.Serializer[Any]):
    """What `request_shape` returns. Nobody requested what the portal asked for by itself (a repair)."""

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    authority_name = serializers.CharField()
    ipa_code = serializers.CharField()
    kind = one_of("RequestKind", RequestKind.values)
    level = LevelNumber()
    terms = AnyObject()
    state = one_of("RequestState", RequestState.values)
    next_action = NextActionShape()
    requested_by = PersonShape(allow_null=True)
    created_at = serializers.DateTimeField()
    plan_digest = serializers.CharField()
    problem = serializers.CharField()
    problem_message = serializers.CharField()
    decided_by = PersonShape(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()


def request_shape(row: Request) -> dict[str, Any]:
    """One request; needs its subscription, authority and people selected with it."""
    authority = row.subscription.authority
    return {
        "id": str(row.public_id),
        "subscription": str(row.subscription.public_id),
        "authority": str(authority.public_id),
        "authority_name": authority.name,
        "ipa_code": authority.ipa_code,
        "kind": row.kind,
        "level": row.level,
        "terms": row.terms,
        "state": str(state_of(row)),
        "next_action": request_next_action(row),
        "requested_by": _person(row.requested_by or row.preapproved_by),
        "created_at": rfc3339(row.created_at),
        "plan_digest": row.plan_digest if row.plan_due is None else "",
        "problem": row.planning_problem,
        "problem_message": row.planning_message,
        "decided_by": _person(row.decided_by),
        "decided_at": rfc3339(row.decided_at),
        "applied_at": rfc3339(row.applied_at),
        "note": row.note,
    }


def _person(user: User | None) -> dict[str, str] | None:
    return {"id": str(user.public_id), "full_name": user.full_name} if user else None


class CredentialShape(serializers.Serializer[Any]):
    """What `credential_shape` returns: what there is to collect, without secrets."""

    name = serializers.CharField()
    kind = one_of("CredentialKind", ("s3",))
    ready = serializers.BooleanField()
    access_key = serializers.CharField()
    revealed = serializers.BooleanField()
    former_until = serializers.DateTimeField(allow_null=True)


def credential_shape(row: Credential) -> dict[str, Any]:
    """One credential; `access_key` is empty until it is ready."""
    return {
        "name": row.name,
        "kind": row.kind,
        "ready": row.ready,
        "access_key": row.access_key,
        "revealed": row.secret_shown,
        "former_until": rfc3339(row.former_until),
    }


class RevealedShape(serializers.Serializer[Any]):
    """The one answer that holds the secret."""

    name = serializers.CharField()
    kind = one_of("CredentialKind", ("s3",))
    endpoint = serializers.CharField()
    region = serializers.CharField()
    access_key = serializers.CharField()
    secret_key = serializers.CharField()
    buckets = serializers.ListField(child=serializers.CharField())
