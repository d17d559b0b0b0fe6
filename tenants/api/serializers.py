"""What clients send. Unknown and unwritable fields are refused by name, never dropped in silence."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tenants.models import MANDATED_ROLES, SCOPES, AuthorityKind, DataClass, MemberRole
from tenants.models.codes import FISCAL, IPA, ISTAT, PHONE, PROVINCE
from tenants.models.errors import Invalid

# DRF takes a number for a text and a text for a number; the contract says what each field is.
_JSON_TYPES: Final[tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...]], ...]] = (
    (serializers.CharField, (str,)),
    (serializers.UUIDField, (str,)),
    (serializers.IntegerField, (int, float)),
    (serializers.FloatField, (int, float)),
)


class StrictSerializer(serializers.Serializer[Any]):
    """Base of every body that the API takes; `patterns` are published, and checked by the service in words."""

    patterns: ClassVar[Mapping[str, re.Pattern[str]]] = {}

    def to_internal_value(self, data: Any) -> Any:
        """DRF's, after names and types were looked at; all faults are told together."""
        faults: dict[str, Any] = {}
        if isinstance(data, Mapping):
            faults = {str(name): self._refusal(str(name)) for name in data if not self._writable(str(name))}
            faults |= {
                str(name): told for name, value in data.items() if (told := self._mistyped(str(name), value))
            }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise serializers.ValidationError({**error.detail, **faults}) from error
        if faults:
            raise serializers.ValidationError(faults)
        return value

    def _mistyped(self, name: str, value: Any) -> list[Any]:
        field = self.fields.get(name)
        wanted = next((types for kind, types in _JSON_TYPES if isinstance(field, kind)), None)
        if field is None or wanted is None or value is None:
            return []
        fits = isinstance(value, wanted) and not isinstance(value, bool)
        return [] if fits else [field.error_messages["invalid"]]

    def _writable(self, name: str) -> bool:
        known = self.fields.get(name)
        return known is not None and not known.read_only

    def _refusal(self, name: str) -> list[Any]:
        return [_("This field cannot be written.") if name in self.fields else _("There is no such field.")]


def read_body(serializer_class: type[StrictSerializer], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """The validated body. Raises DRF's ValidationError, or Invalid when it is no JSON object."""
    if not isinstance(data, Mapping):
        raise Invalid(_("Send a JSON object."))
    serializer = serializer_class(data=data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def read_rows(serializer_class: type[StrictSerializer], data: Any, *, most: int) -> list[dict[str, Any]]:
    """A list of bodies. Invalid names every fault by its place (`2.note`); nothing of it is done then."""
    if not isinstance(data, list):
        raise Invalid(_("Send a list of JSON objects."))
    if len(data) > most:
        raise Invalid(_("Send at most %(most)s at once.") % {"most": most})
    faults: dict[str, Any] = {}
    rows = []
    for place, entry in enumerate(data):
        try:
            rows.append(read_body(serializer_class, entry))
        except serializers.ValidationError as error:
            faults[str(place)] = error.detail
        except Invalid as error:
            faults[str(place)] = [str(error)]
    if faults:
        raise serializers.ValidationError(faults)
    return rows


class SeatBody(StrictSerializer):
    """Where the town hall stands; WGS 84 degrees."""

    address = serializers.CharField(max_length=200, required=False, allow_blank=True)
    lat = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)


class SecurityContactBody(StrictSerializer):
    """Whom to call within 24 hours of an incident."""

    patterns = {"phone": PHONE}

    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)


class AuthorityBody(StrictSerializer):
    """A body to register; codes are checked by the service, which knows their check digits."""

    patterns = {"ipa_code": IPA, "fiscal_code": FISCAL, "istat_code": ISTAT, "province": PROVINCE}

    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(AuthorityKind.choices)
    ipa_code = serializers.CharField(max_length=30)
    fiscal_code = serializers.CharField(max_length=20)
    istat_code = serializers.CharField(max_length=10, required=False, allow_blank=True)
    province = serializers.CharField(max_length=2)
    pec = serializers.EmailField()
    seat = SeatBody(required=False)
    seismic_zone = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=4)
    population = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10_000_000)
    external_ref = serializers.CharField(max_length=100, required=False, allow_blank=True)
    data_class = serializers.ChoiceField(DataClass.choices, required=False)
    security_contact = SecurityContactBody(required=False)


class ReasonBody(StrictSerializer):
    """Why an authority is suspended."""

    reason = serializers.CharField(max_length=500)


class NoteBody(StrictSerializer):
    """Words on an answer."""

    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class RegistrationNoBody(StrictSerializer):
    """Why a registration is refused."""

    reason = serializers.CharField(max_length=2000)


class RoleBody(StrictSerializer):
    """Another role for a member."""

    role = serializers.ChoiceField(MemberRole.choices)


class InvitationBody(StrictSerializer):
    """Whom to ask in, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(MemberRole.choices)


class MandateBody(StrictSerializer):
    """Which body may act, as what, and until which day (the end of it, in Italy)."""

    body = serializers.UUIDField()
    role = serializers.ChoiceField([(r.value, r.label) for r in MANDATED_ROLES])
    until = serializers.DateField()
    letter = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class EmptyBody(StrictSerializer):
    """An act that needs no words."""


class TokenBody(StrictSerializer):
    """A token to issue for oneself."""

    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    scopes = serializers.ListField(child=serializers.ChoiceField(list(SCOPES)), min_length=1, max_length=50)
    authority = serializers.UUIDField(required=False)
    days = serializers.IntegerField(required=False, default=90, min_value=1, max_value=366)


def columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """`{"seat": {"lat": 43.6}}` as the columns have it: `seat_lat`."""
    flat: dict[str, Any] = {}
    for name, value in body.items():
        if name in ("seat", "security_contact"):
            flat.update({f"{name}_{part}": inner for part, inner in value.items()})
            continue
        flat[name] = value
    return flat
