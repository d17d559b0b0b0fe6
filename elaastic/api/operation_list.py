"""`/operations/`: every operation in one list, whatever its kind; each has its own shape at its own address."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.fields import one_of
from elaastic.api.operations import told
from elaastic.api.restoring import RestoreTestDetailShape
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.api.subscriptions import READ, WRITE
from elaastic.models import (
    RESTORE_TOOLS,
    Drill,
    DrillState,
    Export,
    ExportState,
    Failover,
    RestoreState,
    RestoreTest,
    Subscription,
)
from elaastic.selectors import drills, exports, failovers
from elaastic.selectors.failovers import FailoverState
from elaastic.selectors.readings import longest_unproven, restore_tests_readable_by
from elaastic.selectors.subscriptions import subscriptions_readable_by
from elaastic.services import proving
from tenants.api.base import ApiView
from tenants.api.merging import Merged, Part, paginate_merged
from tenants.api.pagination import Listing
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.api.shapes import rfc3339
from tenants.models import Actor, User
from tenants.models.errors import Invalid, NotFound


@dataclass(frozen=True)
class Common:
    """What every operation has."""

    row: RestoreTest | Drill | Export | Failover
    subscription: Subscription
    state: str
    asked_by: User | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Kind:
    """`seen`: of a page's rows, in as many queries as of one. `detail`: the address of one by itself."""

    rows: Callable[[Actor], QuerySet[Any]]
    seen: Callable[[Iterable[Any]], Iterator[Common]]
    listing: Listing[Any]
    detail: str


def _restore_tests(rows: Iterable[RestoreTest]) -> Iterator[Common]:
    for row in rows:
        yield Common(row, row.subscription, row.state, row.asked_by, row.ended_at)


def _drills(rows: Iterable[Drill]) -> Iterator[Common]:
    for one in drills.views(rows):
        row = one.drill
        yield Common(row, row.subscription, one.state, row.asked_by, one.operation.ended_at)


def _exports(rows: Iterable[Export]) -> Iterator[Common]:
    for one in exports.views(rows):
        row = one.export
        yield Common(row, row.failover.subscription, one.state, row.asked_by, one.operation.ended_at)


def _failovers(rows: Iterable[Failover]) -> Iterator[Common]:
    for one in failovers.views(rows):
        row = one.failover
        yield Common(row, row.subscription, one.state, row.asked_by, one.ended_at)


def _listing(model: type[Any], subscription: str = "subscription", *search: str) -> Listing[Any]:
    return Listing(
        model=model,
        # The whole page is shown at once.
        show=lambda row: {"row": row},
        sorts={"asked_at": "asked_at"},
        default_sort="-asked_at",
        search=(*search, f"{subscription}__authority__name"),
        filters={
            "subscription": f"{subscription}__public_id",
            "authority": f"{subscription}__authority__public_id",
        },
    )


KINDS: Final[Mapping[str, Kind]] = {
    "restore_test": Kind(
        restore_tests_readable_by, _restore_tests, _listing(RestoreTest, "subscription", "archive"), "operation"
    ),
    "drill": Kind(drills.drills_readable_by, _drills, _listing(Drill, "subscription", "machine"), "drill"),
    "failover": Kind(failovers.failovers_readable_by, _failovers, _listing(Failover), "operation-failover"),
    "export": Kind(
        exports.exports_readable_by, _exports, _listing(Export, "failover__subscription"), "operation-export"
    ),
}  # fmt: skip
_ANY: Final = next(iter(KINDS.values())).listing
_STATES: Final = [str(one) for states in (RestoreState, DrillState, FailoverState, ExportState) for one in states]
KIND: Final = OpenApiParameter("kind", OpenApiTypes.STR, enum=list(KINDS))


class OperationShape(serializers.Serializer[Any]):
    """What every operation has; the rest is at `url`, in the shape of its `kind`. `state`: what its kind calls it.
    `asked_by`: null where the portal began it by itself. `ended_at`: since when nothing of it goes on.
    """

    id = serializers.UUIDField()
    kind = one_of("OperationKind", KINDS)
    url = serializers.URLField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    state = one_of("OperationState", dict.fromkeys(_STATES))
    asked_by = PersonShape(allow_null=True)
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class OperationBody(StrictSerializer):
    """A restore test to begin. Without an archive it is of the one whose restore was proven the longest ago."""

    kind = serializers.ChoiceField(["restore_test"])
    subscription = serializers.UUIDField()
    tool = serializers.ChoiceField(RESTORE_TOOLS)
    archive = serializers.CharField(max_length=40, required=False)


class OperationList(ApiView):
    """The operations that the caller may see; beginning a restore test."""

    policy = {"GET": READ, "POST": WRITE}
    parameters = _ANY.parameters | {"kind"}

    @extend_schema(
        operation_id="operations_list",
        parameters=[*row_parameters(_ANY), KIND],
        responses=answers({200: page_of("OperationPage", OperationShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of restore tests, drills, failovers and exports, the newest first."""
        parts = {name: Part(kind.rows(self.actor), kind.listing) for name, kind in _asked_for(request).items()}
        return paginate_merged(request, parts, lambda page: _shown(request, page))

    @extend_schema(
        operation_id="operations_begin",
        parameters=[IDEMPOTENCY_KEY],
        request=OperationBody,
        responses=answers({202: RestoreTestDetailShape}, 409, 413, 415, 422),
    )
    def post(self, request: Call) -> Response:
        """Begin a restore test: the portal names what is to come back, or hands out a proof file to copy first.

        A drill is begun at `/operations/drills/`, an export at `/subscriptions/{id}/failover/export/`; a failover
        is asked for by PATCH of its subscription.
        """
        body = read_body(OperationBody, request.data)
        row = self._subscription(body["subscription"])
        test = proving.begin_restore_test(
            subscription=row,
            archive=body.get("archive") or longest_unproven(row),
            tool=body["tool"],
            by=self.actor,
        )
        return told(request, test, 202)

    def _subscription(self, public_id: UUID) -> Subscription:
        found = subscriptions_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise Invalid(errors={"subscription": [NotFound.title]})
        return found


def _asked_for(call: Call) -> Mapping[str, Kind]:
    given = call.query_params.get("kind")
    if given is None:
        return KINDS
    if given not in KINDS:
        raise Invalid(errors={"kind": [_("Choose one of %(known)s.") % {"known": ", ".join(KINDS)}]})
    return {given: KINDS[given]}


def _shown(call: Call, page: Sequence[Merged]) -> list[dict[str, Any]]:
    """In the page's order, each kind looked at once."""
    shown = {}
    for name, kind in KINDS.items():
        for one in kind.seen([merged.row for merged in page if merged.part == name]):
            shown[name, one.row.pk] = _shape(call, name, kind, one)
    return [shown[one.part, one.row.pk] for one in page]


def _shape(call: Call, name: str, kind: Kind, one: Common) -> dict[str, Any]:
    return {
        "id": str(one.row.public_id),
        "kind": name,
        "url": reverse(f"elaastic-api:{kind.detail}", args=[one.row.public_id], request=call),
        "subscription": str(one.subscription.public_id),
        "authority": str(one.subscription.authority.public_id),
        "state": str(one.state),
        "asked_by": person_shape(one.asked_by) if one.asked_by else None,
        "asked_at": rfc3339(one.row.asked_at),
        "ended_at": rfc3339(one.ended_at),
    }
