"""The peer of `bench api`: what an ordinary developer writes with DRF for the same list.

A `ModelSerializer` with the fields of the portal's own answer, which the bench holds against it item by item; a
statement for the rows with their authorities (`select_related`), one for the open requests (`prefetch_related`),
one each for the stacks and their keys (`in_bulk` and a prefetch, since a stack is found by its key), so that its
queries are as many at every size. What is derived, a state or whose move it is, both take from the same functions.
"""

from collections.abc import Iterable
from datetime import UTC
from typing import Any, Final

from django.db.models import Prefetch
from rest_framework import generics, serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer

from elaastic.api.next_actions import conditions_of, subscription_next_action
from elaastic.api.shapes import placement_shape
from elaastic.levels import LEVELS
from elaastic.models import Request, Subscription, subscription_state
from elaastic.selectors.drills_due import DrillDue, drills_due
from elaastic.selectors.subscriptions import Credential, Overview
from provisioning.domain.conditions import Condition, State
from provisioning.models import Resource, Stack
from provisioning.selectors.brief import KeyView
from tenants.models import LocalAuthority

_MOMENTS: Final = (
    "created_at", "approved_at", "activated_at", "verified_at", "suspended_at", "leave_requested_at", "kept_until",
    "ended_at",
)  # fmt: skip

_OF_A_KEY: Final = ("stack_id", "name", "state", "revealed_at", "outputs")


class PlainSubscription(serializers.ModelSerializer[Subscription]):
    """The portal's fields."""

    id = serializers.UUIDField(source="public_id")
    authority = serializers.UUIDField(source="authority.public_id")
    authority_name = serializers.CharField(source="authority.name")
    ipa_code = serializers.CharField(source="authority.ipa_code")
    placement = serializers.SerializerMethodField()
    state = serializers.CharField(source="seen.state")
    failed_over = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()
    next_action = serializers.SerializerMethodField()
    request = serializers.UUIDField(source="seen.open_request.public_id", default=None)
    stack = serializers.CharField(source="stack_key")
    drill_due_at = serializers.DateTimeField(source="seen.drill.due_at", default=None, default_timezone=UTC)

    class Meta:
        model = Subscription
        fields = [
            "id", "authority", "authority_name", "ipa_code", "external_ref", "level", "terms", "placement", "state",
            "failed_over", "conditions", "next_action", "request", "stack", *_MOMENTS, "agreed_until",
            "writes_until", "drill_due_at",
        ]  # fmt: skip
        extra_kwargs = {name: {"default_timezone": UTC} for name in _MOMENTS}

    def get_placement(self, row: Any) -> Any:
        """Where it is."""
        return placement_shape(row.placement)

    def get_failed_over(self, row: Any) -> Any:
        """Whether its machines stand here."""
        return bool(row.mode.get("failed_over"))

    def get_conditions(self, row: Any) -> Any:
        """How it stands."""
        return conditions_of(row.seen)

    def get_next_action(self, row: Any) -> Any:
        """Whose move it is."""
        return subscription_next_action(row.seen)


class Pages(LimitOffsetPagination):
    """A hundred."""

    default_limit = 100


class PlainList(generics.ListAPIView[Subscription]):
    """The same rows in the same order, for whoever has a token."""

    queryset = (
        Subscription.objects.select_related("authority")
        .prefetch_related(Prefetch("requests", Request.objects.filter(decision=""), to_attr="asked"))
        .order_by("-created_at", "-pk")
    )
    serializer_class = PlainSubscription
    pagination_class = Pages
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]

    def paginate_queryset(self, queryset: Any) -> Any:
        """With what is derived from the stacks."""
        page = super().paginate_queryset(queryset)
        keys = (
            Resource.objects.filter(kind="ceph.key", name__in=_key_names()).exclude(state="gone").only(*_OF_A_KEY)
        )
        stacks = Stack.objects.prefetch_related(Prefetch("resources", keys.only(*_OF_A_KEY), to_attr="keys"))
        found = stacks.in_bulk([row.stack_key for row in page or ()], field_name="key")
        due = drills_due(page or ())
        for row in page or ():
            row.seen = _seen(row, found.get(row.stack_key), due.get(row.pk))
        return page


class ColumnsAlone(serializers.ModelSerializer[Subscription]):
    """Every column, and of the authority too; nothing that stands in another table's rows."""

    class Body(serializers.ModelSerializer[LocalAuthority]):
        """The whole authority."""

        class Meta:
            model = LocalAuthority
            fields = [column.name for column in LocalAuthority._meta.concrete_fields]

    authority = Body()

    class Meta:
        model = Subscription
        fields = [column.name for column in Subscription._meta.concrete_fields]


class ColumnsList(generics.ListAPIView[Subscription]):
    """Another list, that says neither a state nor whose move it is: two statements, and the easiest there is."""

    queryset = Subscription.objects.select_related("authority").order_by("-created_at", "-pk")
    serializer_class = ColumnsAlone
    pagination_class = Pages
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]


def _key_names() -> Iterable[str]:
    return {name for level in LEVELS.values() for name in level.credentials.values()}


def _seen(row: Any, stack: Any, drill: DrillDue | None) -> Overview:
    condition = Condition(State(stack.state), stack.reason, stack.message) if stack else None
    held = {key.name: key for key in stack.keys} if stack else {}
    level = LEVELS[row.level]
    credentials = tuple(_credential(name, held.get(key)) for name, key in level.credentials.items())
    asked = row.asked[0] if row.asked else None
    return Overview(row, subscription_state(row, condition), condition, asked, level, credentials, drill)


def _credential(name: str, key: Any) -> Credential:
    if key is None:
        return Credential(name, "s3", ready=False, access_key="", secret_shown=False)
    view = KeyView(key.name, key.state, key.revealed_at is not None, key.outputs.get("access_key"))
    return Credential(name, "s3", view.is_there, view.access_key or "", view.revealed)
