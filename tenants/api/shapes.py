"""What clients receive: plain functions for speed, and beside each the shape that the schema publishes.

A list of a hundred rows spends its time here, where DRF's serializers would take three times as long; a test
holds function and shape to the same fields.
"""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from tenants.models import (
    SCOPES,
    Actor,
    ApiToken,
    AuditEvent,
    AuthorityKind,
    AuthorityState,
    DataClass,
    LocalAuthority,
    MemberRole,
    RegionRoleName,
    UserKind,
)


def rfc3339(moment: datetime | None) -> str | None:
    """UTC, with a Z: `2026-11-22T16:30:00.123456Z`."""
    if moment is None:
        return None
    return f"{(moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat()[:-6]}Z"


def authority_shape(row: LocalAuthority) -> dict[str, Any]:
    """One authority."""
    return {
        "id": str(row.public_id),
        "name": row.name,
        "kind": row.kind,
        "ipa_code": row.ipa_code,
        "fiscal_code": row.fiscal_code,
        "istat_code": row.istat_code,
        "province": row.province,
        "pec": row.pec,
        "seat": {"address": row.seat_address, "lat": row.seat_lat, "lon": row.seat_lon},
        "seismic_zone": row.seismic_zone,
        "population": row.population,
        "external_ref": row.external_ref,
        "data_class": row.data_class,
        "security_contact": {
            "name": row.security_contact_name,
            "phone": row.security_contact_phone,
            "email": row.security_contact_email,
        },
        "state": row.state,
        "suspension_reason": row.suspension_reason,
        "registered_at": rfc3339(row.registered_at),
        "verified_at": rfc3339(row.verified_at),
    }


class SeatShape(serializers.Serializer[Any]):
    """WGS 84 degrees."""

    address = serializers.CharField()
    lat = serializers.FloatField(allow_null=True)
    lon = serializers.FloatField(allow_null=True)


class SecurityContactShape(serializers.Serializer[Any]):
    """Empty texts when nobody was named."""

    name = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()


class AuthorityShape(serializers.Serializer[Any]):
    """What `authority_shape` returns."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(AuthorityKind.choices)
    ipa_code = serializers.CharField()
    fiscal_code = serializers.CharField()
    istat_code = serializers.CharField()
    province = serializers.CharField()
    pec = serializers.CharField()
    seat = SeatShape()
    seismic_zone = serializers.IntegerField(allow_null=True, min_value=1, max_value=4)
    population = serializers.IntegerField(allow_null=True, min_value=0, max_value=10_000_000)
    external_ref = serializers.CharField()
    data_class = serializers.ChoiceField(DataClass.choices)
    security_contact = SecurityContactShape()
    state = serializers.ChoiceField(AuthorityState.choices)
    suspension_reason = serializers.CharField(help_text="Empty while it is not suspended.")
    registered_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(allow_null=True)


def token_shape(row: ApiToken) -> dict[str, Any]:
    """One token, without its secret, which nobody has."""
    return {
        "id": str(row.public_id),
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "authority": str(row.authority.public_id) if row.authority else None,
        "created_at": rfc3339(row.created_at),
        "expires_at": rfc3339(row.expires_at),
        "last_used_at": rfc3339(row.last_used_at),
        "revoked_at": rfc3339(row.revoked_at),
    }


class TokenShape(serializers.Serializer[Any]):
    """What `token_shape` returns."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(list(SCOPES)))
    authority = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class IssuedTokenShape(TokenShape):
    """The one answer that holds the secret."""

    token = serializers.CharField()


def audit_event_shape(row: AuditEvent, *, whole: bool) -> dict[str, Any]:
    """One event; only who reads the `whole` trail sees addresses and what is personal in before and after."""
    stored = getattr(row, "personal", None)
    personal: dict[str, Any] = stored.data if stored else {}
    return {
        "id": row.pk,
        "number": row.number,
        "at": rfc3339(row.at),
        "action": row.action,
        "person": str(row.actor.public_id),
        "email": personal.get("email", ""),
        "on_behalf_of": personal.get("on_behalf_of", ""),
        "ip": personal.get("ip", "") if whole else "",
        "authority": str(row.authority.public_id) if row.authority else None,
        "subject_type": row.subject_type,
        "subject_id": row.subject_id,
        "before": {**(row.before or {}), **((personal.get("before") or {}) if whole else {})},
        "after": {**(row.after or {}), **((personal.get("after") or {}) if whole else {})},
        "previous_hash": row.previous_hash,
        "hash": row.hash,
    }


class AuditEventShape(serializers.Serializer[Any]):
    """What `audit_event_shape` returns."""

    id = serializers.IntegerField(min_value=1)
    number = serializers.IntegerField(allow_null=True, min_value=1)
    at = serializers.DateTimeField()
    action = serializers.CharField()
    person = serializers.UUIDField()
    email = serializers.CharField()
    on_behalf_of = serializers.CharField()
    ip = serializers.CharField()
    authority = serializers.UUIDField(allow_null=True)
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    before = serializers.DictField()
    after = serializers.DictField()
    previous_hash = serializers.CharField()
    hash = serializers.CharField()


def me_shape(actor: Actor, authorities: list[LocalAuthority], limit: int) -> dict[str, Any]:
    """Who I am and what I may do."""
    roles = actor.user.roles_by_authority
    return {
        "id": str(actor.user.public_id),
        "email": actor.user.email,
        "full_name": actor.user.full_name,
        "kind": actor.user.kind,
        "region_roles": sorted(actor.user.region_roles),
        "scopes": sorted(SCOPES if actor.scopes is None else actor.scopes),
        "limits": {"calls_per_minute": limit},
        "authorities": [
            {
                "id": str(row.public_id),
                "name": row.name,
                "state": row.state,
                "role": roles[row.pk],
                "on_behalf_of": actor.user.mandates_by_authority.get(row.pk, ""),
            }
            for row in authorities
        ],
    }


class MyAuthorityShape(serializers.Serializer[Any]):
    """One authority that I belong to, or for which a body of mine holds a mandate: then its name stands here."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.ChoiceField(AuthorityState.choices)
    role = serializers.ChoiceField(MemberRole.choices)
    on_behalf_of = serializers.CharField()


class LimitsShape(serializers.Serializer[Any]):
    """What a caller may use."""

    calls_per_minute = serializers.IntegerField(min_value=1)


class MeShape(serializers.Serializer[Any]):
    """What `me_shape` returns."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    full_name = serializers.CharField()
    kind = serializers.ChoiceField(UserKind.choices)
    region_roles = serializers.ListField(child=serializers.ChoiceField(RegionRoleName.choices))
    scopes = serializers.ListField(child=serializers.ChoiceField(list(SCOPES)))
    limits = LimitsShape()
    authorities = serializers.ListField(child=MyAuthorityShape())
