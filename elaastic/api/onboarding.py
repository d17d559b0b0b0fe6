"""`/authorities/bulk/`: many at once, as JSON or as CSV, a result a row."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request as Call
from rest_framework.response import Response

from elaastic.api.fields import Int32, Refusal, one_of
from elaastic.services.onboarding import MOST, Outcome, Wanted, onboard
from elaastic.sheets import Line, read_sheet
from tenants.api.base import ApiView
from tenants.api.policy import Rule
from tenants.api.problems import meaning_of, problem
from tenants.api.schema import IDEMPOTENCY_KEY, answers
from tenants.api.serializers import AuthorityBody, columns, read_body
from tenants.models.errors import DomainError, Invalid
from tenants.permissions import may_verify
from tenants.services.authorities import AuthorityDetails


class CsvParser(BaseParser):
    """A sheet, as `sheets.read_sheet` describes it; UTF-8."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Its lines."""
        try:
            text = stream.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise exceptions.ParseError("The file is not UTF-8.") from error
        return read_sheet(text, most=MOST)


class OnboardingBody(AuthorityBody):
    """One body to register; with `quota_gib` it also asks for level 1, with its defaults and so much space."""

    quota_gib = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=1_000_000)


class OnboardedShape(serializers.Serializer[Any]):
    """What became of one row: `refusal` is a problem (RFC 9457), and then nothing of the row was done."""

    row = Int32(min_value=1)
    outcome = one_of("OnboardingOutcome", ("registered", "known", "refused"))
    authority = serializers.UUIDField(allow_null=True)
    subscription = serializers.UUIDField(allow_null=True)
    asked = serializers.BooleanField()
    refusal = Refusal(allow_null=True)


class OnboardedAllShape(serializers.Serializer[Any]):
    """In the order in which they were sent."""

    items = OnboardedShape(many=True)


class AuthoritiesBulk(ApiView):
    """Take in many."""

    policy: ClassVar[Mapping[str, Rule]] = {
        "POST": Rule(may_verify, ("authorities:write", "authorities:verify", "subscriptions:write"))
    }
    atomic_effect = False
    parser_classes = [JSONParser, CsvParser]

    @extend_schema(
        operation_id="authorities_bulk",
        parameters=[IDEMPOTENCY_KEY],
        request={"application/json": OnboardingBody(many=True), "text/csv": str},
        responses=answers({200: OnboardedAllShape}, 409, 413, 415, 422),
    )
    def post(self, request: Call) -> Response:
        """At most 500 rows, each whole or not at all. The same rows again change nothing."""
        outcomes = onboard(list(_wanted(request.data)), by=self.actor)
        return Response({"items": [_shape(n, o, request.path) for n, o in enumerate(outcomes, start=1)]})


def _wanted(rows: Any) -> Iterable[Wanted | DomainError]:
    if not isinstance(rows, list) or len(rows) > MOST:
        raise Invalid(_("Send a list of at most %(most)s JSON objects, or a CSV.") % {"most": MOST})
    return [wanted_of(row) if isinstance(row, Line) else _of_json(row) for row in rows]


def wanted_of(line: Line) -> Wanted | DomainError:
    """A line of a sheet, or its refusal."""
    if line.details is None:
        return Invalid(errors=line.faults)
    return Wanted(line.details, line.quota_gib)


def _of_json(row: Any) -> Wanted | DomainError:
    try:
        body = read_body(OnboardingBody, row)
    except (exceptions.ValidationError, DomainError) as error:
        return meaning_of(error)
    quota = body.pop("quota_gib", None)
    return Wanted(AuthorityDetails(**columns(body)), quota)


def _shape(row: int, outcome: Outcome, path: str) -> dict[str, Any]:
    refused = outcome.refusal is not None
    return {
        "row": row,
        "outcome": "refused" if refused else "registered" if outcome.registered else "known",
        "authority": str(outcome.authority.public_id) if outcome.authority else None,
        "subscription": str(outcome.subscription.public_id) if outcome.subscription else None,
        "asked": outcome.asked,
        "refusal": problem(outcome.refusal, instance=path) if outcome.refusal else None,
    }
