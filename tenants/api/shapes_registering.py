"""What clients of the region receive about a body that registered itself."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.shapes import SeatShape, SecurityContactShape, rfc3339
from tenants.models import AuthorityKind, DataClass, PaperKind, Registration, RegistrationState
from tenants.services.registrations import same_body

_PLAIN: Final = (
    "name", "kind", "ipa_code", "fiscal_code", "istat_code", "province", "pec", "seismic_zone", "population",
    "data_class",
)  # fmt: skip


def registration_shape(row: Registration) -> dict[str, Any]:
    """One registration, as lists show it."""
    told = row.details
    return {
        "id": str(row.public_id),
        "state": row.state,
        "details": {
            **{name: told.get(name) for name in _PLAIN},
            "seat": {"address": told["seat_address"], "lat": told["seat_lat"], "lon": told["seat_lon"]},
            "security_contact": {part: told[f"security_contact_{part}"] for part in ("name", "phone", "email")},
        },
        "contact": {"name": row.contact_name, "email": row.contact_email},
        "sent_in_at": rfc3339(row.sent_in_at),
        "pec_proven_at": rfc3339(row.pec_proven_at),
        "decided_at": rfc3339(row.decided_at),
        "note": row.note,
        "authority": str(row.authority.public_id) if row.authority else None,
    }


def registration_detail_shape(row: Registration) -> dict[str, Any]:
    """With its letters, and the authorities that have one of its codes; three queries."""
    waits = row.state == RegistrationState.TO_CHECK
    letters = row.papers.order_by("number").values("number", "kind", "size_bytes", "sha256")
    return {
        **registration_shape(row),
        "letters": list(letters),
        "known_authorities": [str(one.public_id) for one in same_body(row)] if waits else [],
    }


@extend_schema_field({"type": "integer", "format": "int32", "minimum": 0})
class Count(serializers.IntegerField):
    """A number with its width."""


class RegistrationDetailsShape(serializers.Serializer[Any]):
    """What a body says of itself; its codes have been checked for form alone."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(AuthorityKind.choices)
    ipa_code = serializers.CharField()
    fiscal_code = serializers.CharField()
    istat_code = serializers.CharField()
    province = serializers.CharField()
    pec = serializers.EmailField()
    seat = SeatShape()
    seismic_zone = Count(allow_null=True)
    population = Count(allow_null=True)
    data_class = serializers.ChoiceField(DataClass.choices)
    security_contact = SecurityContactShape()


class ContactShape(serializers.Serializer[Any]):
    """Who sent it, and would be the first owner."""

    name = serializers.CharField()
    email = serializers.EmailField()


class RegistrationShape(serializers.Serializer[Any]):
    """What `registration_shape` returns."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(RegistrationState.choices)
    details = RegistrationDetailsShape()
    contact = ContactShape()
    sent_in_at = serializers.DateTimeField()
    pec_proven_at = serializers.DateTimeField(allow_null=True, help_text="null: there is a letter instead.")
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    authority = serializers.UUIDField(allow_null=True, help_text="Which it became.")


class LetterShape(serializers.Serializer[Any]):
    """A letter; its content is on the page of the registration."""

    number = Count()
    kind = serializers.ChoiceField(PaperKind.choices)
    size_bytes = Count()
    sha256 = serializers.CharField()


class RegistrationDetailShape(RegistrationShape):
    """What `registration_detail_shape` returns."""

    letters = LetterShape(many=True)
    known_authorities = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="Authorities with one of its codes, while it waits: refuse it then.",
    )
