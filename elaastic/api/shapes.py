"""Subscriptions and requests as clients get them; beside each function the shape that the schema publishes."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from elaastic.api.fields import AnyObject, Int32, LevelNumber, one_of
from elaastic.api.next_actions import (
    ConditionShape,
    NextActionShape,
    conditions_of,
    request_next_action,
    subscription_next_action,
)
from elaastic.models import Request, RequestKind, RequestState, SubscriptionState
from elaastic.selectors.access import Access
from elaastic.selectors.subscriptions import Credential, Overview, state_of
from elaastic.services.talking import digest_of
from tenants.api.shapes import rfc3339
from tenants.models import User


class TargetShape(serializers.Serializer[Any]):
    """Where archives with so many `copies` are: one on each of `sites`."""

    id = serializers.CharField()
    sites = serializers.ListField(child=serializers.CharField())
    copies = Int32()


class PlacementShape(serializers.Serializer[Any]):
    """Where it lives: `platforms` by provider; empty until a plan was approved. `sites`: all that hold copies, and
    the space on each. `targets`: one for each number of copies that an archive has; `target` is the first's id.
    """

    platforms = serializers.DictField(child=serializers.CharField())
    target = serializers.CharField()
    sites = serializers.ListField(child=serializers.CharField())
    targets = TargetShape(many=True)
    reserve = serializers.CharField()


def placement_shape(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A placement; `reserve` is the site on which machines start, empty where there are none.

    From the stored form as it is: lists of many subscriptions show it. One target alone is stored without a list.
    """
    target, sites = stored.get("target", ""), stored.get("sites", [])
    alone = [{"id": target, "sites": sites, "copies": len(sites)}] if target else []
    return {"platforms": {}, "target": "", "sites": [], "targets": alone, "reserve": "", **stored}


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
    failed_over = serializers.BooleanField()
    conditions = ConditionShape(many=True)
    next_action = NextActionShape()
    request = serializers.UUIDField(allow_null=True)
    stack = serializers.CharField()
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    activated_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    drill_due_at = serializers.DateTimeField(allow_null=True)
    suspended_at = serializers.DateTimeField(allow_null=True)
    leave_requested_at = serializers.DateTimeField(allow_null=True)
    kept_until = serializers.DateTimeField(allow_null=True)
    agreed_until = serializers.DateField(allow_null=True)
    writes_until = serializers.DateField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


def subscription_shape(seen: Overview) -> dict[str, Any]:
    """One subscription. `request` is the open one; `verified_at`: when a restore last passed; `failed_over`: its
    machines stand on the reserve, or are being started there.
    """
    row = seen.subscription
    authority = row.authority
    return {
        "id": str(row.public_id),
        "authority": str(authority.public_id),
        "authority_name": authority.name,
        "ipa_code": authority.ipa_code,
        "external_ref": row.external_ref,
        "level": row.level,
        "terms": row.terms,
        "placement": placement_shape(row.placement),
        "state": str(seen.state),
        "failed_over": bool(row.mode.get("failed_over")),
        "conditions": conditions_of(seen),
        "next_action": subscription_next_action(seen),
        "request": str(seen.open_request.public_id) if seen.open_request else None,
        "stack": row.stack_key,
        "created_at": rfc3339(row.created_at),
        "approved_at": rfc3339(row.approved_at),
        "activated_at": rfc3339(row.activated_at),
        "verified_at": rfc3339(row.verified_at),
        "drill_due_at": rfc3339(seen.drill.due_at) if seen.drill else None,
        "suspended_at": rfc3339(row.suspended_at),
        "leave_requested_at": rfc3339(row.leave_requested_at),
        "kept_until": rfc3339(row.kept_until),
        "agreed_until": row.agreed_until.isoformat() if row.agreed_until else None,
        "writes_until": row.writes_until.isoformat() if row.writes_until else None,
        "ended_at": rfc3339(row.ended_at),
    }


class PersonShape(serializers.Serializer[Any]):
    """Somebody, by name; their address is in the audit trail."""

    id = serializers.UUIDField()
    full_name = serializers.CharField()


class CounterShape(serializers.Serializer[Any]):
    """Terms that the region would approve; accepting needs the digest."""

    terms = AnyObject()
    digest = serializers.CharField()
    proposed_by = PersonShape(allow_null=True)


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
    question_at = serializers.DateTimeField(allow_null=True)
    counter = CounterShape(allow_null=True)
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
        "question_at": rfc3339(row.question_at),
        "counter": _counter(row),
        "problem_message": row.planning_message,
        "decided_by": _person(row.decided_by),
        "decided_at": rfc3339(row.decided_at),
        "applied_at": rfc3339(row.applied_at),
        "note": row.note,
    }


def person_shape(user: User) -> dict[str, str]:
    """One person."""
    return {"id": str(user.public_id), "full_name": user.full_name}


def _person(user: User | None) -> dict[str, str] | None:
    return person_shape(user) if user else None


def _counter(row: Request) -> dict[str, Any] | None:
    if not row.counter or row.question_at is None:
        return None
    return {"terms": row.counter, "digest": digest_of(row), "proposed_by": _person(row.counter_by)}


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


class WayShape(serializers.Serializer[Any]):
    """A protocol beside S3. `password` is the secret key again; the host key and its fingerprint are SFTP's."""

    protocol = one_of("WayProtocol", ("swift", "sftp", "webdav"))
    url = serializers.CharField()
    user = serializers.CharField()
    password = serializers.CharField()
    host = serializers.CharField()
    port = Int32()
    host_key = serializers.CharField(allow_blank=True)
    host_key_fingerprint = serializers.CharField(allow_blank=True)


class RevealedShape(serializers.Serializer[Any]):
    """The one answer that holds the secret, for every protocol that was chosen."""

    name = serializers.CharField()
    kind = one_of("CredentialKind", ("s3",))
    endpoint = serializers.CharField()
    region = serializers.CharField()
    access_key = serializers.CharField()
    secret_key = serializers.CharField()
    buckets = serializers.ListField(child=serializers.CharField())
    other_protocols = WayShape(many=True)


def revealed_shape(access: Access) -> dict[str, Any]:
    """A credential with its secret at hand."""
    return {
        "name": access.name,
        "kind": "s3",
        "endpoint": access.endpoint,
        "region": access.region,
        "access_key": access.access_key,
        "secret_key": access.secret,
        "buckets": list(access.buckets),
        "other_protocols": [
            {
                "protocol": way.protocol,
                "url": way.url,
                "user": way.user,
                "password": access.secret,
                "host": way.host,
                "port": way.port,
                "host_key": way.host_key,
                "host_key_fingerprint": way.fingerprint,
            }
            for way in access.ways
        ],
    }
