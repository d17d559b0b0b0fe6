"""What clients receive about who acts for a body: members, invitations, mandates."""

from typing import Any, Final

from rest_framework import serializers

from tenants.api.shapes import rfc3339
from tenants.models import Invitation, Mandate, MemberRole, Membership

INVITATION_STATES: Final = ("waiting", "accepted", "withdrawn", "expired")
MANDATE_STATES: Final = ("in_force", "over", "ended")


def member_shape(row: Membership) -> dict[str, Any]:
    """One member."""
    return {
        "person": str(row.user.public_id),
        "email": row.user.email,
        "full_name": row.user.full_name,
        "role": row.role,
        "since": rfc3339(row.since),
    }


class MemberShape(serializers.Serializer[Any]):
    """What `member_shape` returns."""

    person = serializers.UUIDField()
    email = serializers.EmailField()
    full_name = serializers.CharField()
    role = serializers.ChoiceField(MemberRole.choices)
    since = serializers.DateTimeField()


def invitation_shape(row: Invitation) -> dict[str, Any]:
    """One invitation; its link is in the mail and nowhere else."""
    return {
        "id": str(row.public_id),
        "email": row.email,
        "role": row.role,
        "state": row.state,  # type: ignore[attr-defined]  # annotated by the selector
        "invited_by": str(row.invited_by.public_id),
        "invited_at": rfc3339(row.invited_at),
        "sent_at": rfc3339(row.sent_at),
        "expires_at": rfc3339(row.expires_at),
    }


class InvitationShape(serializers.Serializer[Any]):
    """What `invitation_shape` returns."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(MemberRole.choices)
    state = serializers.ChoiceField(INVITATION_STATES)
    invited_by = serializers.UUIDField()
    invited_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


def mandate_shape(row: Mandate) -> dict[str, Any]:
    """One mandate, as either side sees it."""
    return {
        "id": str(row.public_id),
        "town": {"id": str(row.town.public_id), "name": row.town.name},
        "body": {"id": str(row.body.public_id), "name": row.body.name},
        "role": row.role,
        "until": rfc3339(row.until),
        "letter": row.letter,
        "state": row.state,  # type: ignore[attr-defined]  # annotated by the selector
        "given_at": rfc3339(row.given_at),
        "ended_at": rfc3339(row.ended_at),
    }


class NamedShape(serializers.Serializer[Any]):
    """An authority, by its id and its name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class MandateShape(serializers.Serializer[Any]):
    """What `mandate_shape` returns."""

    id = serializers.UUIDField()
    town = NamedShape()
    body = NamedShape()
    role = serializers.ChoiceField(MemberRole.choices)
    until = serializers.DateTimeField()
    letter = serializers.CharField()
    state = serializers.ChoiceField(MANDATE_STATES)
    given_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
