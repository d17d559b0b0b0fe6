"""Subscriptions and requests as pages and the API show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from elaastic.levels import LEVELS, Level, Mode
from elaastic.models import (
    Request,
    RequestState,
    Subscription,
    SubscriptionState,
    request_state,
    subscription_state,
)
from provisioning.domain.conditions import Condition, State
from provisioning.selectors.stacks import ResourceView, StackView, resources, resources_of, stacks
from tenants.models import Actor, LocalAuthority
from tenants.selectors import authorities_readable_by


def subscriptions_readable_by(actor: Actor) -> QuerySet[Subscription]:
    """Of one's own authorities; every one for the region."""
    readable = authorities_readable_by(actor).values("pk")
    return Subscription.objects.filter(authority__in=readable).select_related("authority")


def live_subscription(authority: LocalAuthority) -> Subscription | None:
    """The one that an authority has, or has asked for; there is at most one."""
    return Subscription.objects.filter(authority=authority, ended_at=None, closed_at=None).first()


def requests_readable_by(actor: Actor) -> QuerySet[Request]:
    """Requests of the subscriptions one may read."""
    readable = authorities_readable_by(actor).values("pk")
    rows = Request.objects.filter(subscription__authority__in=readable)
    return rows.select_related("subscription__authority", "requested_by", "preapproved_by", "decided_by")


def requests_in_state(rows: QuerySet[Request], state: str) -> QuerySet[Request]:
    """The rows that `request_state` would give this state: the same questions, as a query."""
    goes_by_itself = Q(preapproved_by__isnull=False, planning_problem="")
    open_, planned = Q(decision=""), Q(plan_due__isnull=True) & ~Q(plan_digest="") & ~goes_by_itself
    questions = {
        RequestState.PLANNING: open_ & ~planned,
        RequestState.AWAITING_DECISION: open_ & planned,
        RequestState.APPROVED: Q(decision="approved", applied_at__isnull=True),
        RequestState.APPLIED: Q(decision="approved", applied_at__isnull=False),
    }
    return rows.filter(questions.get(RequestState(state), Q(decision=state)))


@dataclass(frozen=True)
class Credential:
    """One thing that is handed out; `secret_shown` says that its secret was collected. `former_until`: the key
    before it works until then.
    """

    name: str
    kind: str
    ready: bool
    access_key: str
    secret_shown: bool
    former_until: datetime | None = None


@dataclass(frozen=True)
class Overview:
    """One subscription with what is derived from elsewhere."""

    subscription: Subscription
    state: SubscriptionState
    stack: StackView | None
    open_request: Request | None
    level: Level
    credentials: tuple[Credential, ...]

    @property
    def to_collect(self) -> Credential | None:
        """The first whose secret can be seen and was not."""
        return next((c for c in self.credentials if c.ready and not c.secret_shown), None)

    @property
    def condition(self) -> Condition:
        """The stack's condition; pending when there is none yet."""
        return self.stack.condition if self.stack else Condition(State.PENDING)


def overviews(rows: Iterable[Subscription]) -> list[Overview]:
    """Four queries in all: the rows, their stacks, their open requests, their credentials."""
    found = list(rows)
    by_key = stacks(s.stack_key for s in found)
    asked = {r.subscription_id: r for r in Request.objects.filter(subscription__in=found, decision="")}
    held = _credentials_of(found)
    return [
        Overview(
            subscription=s,
            state=subscription_state(s, by_key[s.stack_key].condition if s.stack_key in by_key else None),
            stack=by_key.get(s.stack_key),
            open_request=asked.get(s.pk),
            level=LEVELS[s.level],
            credentials=tuple(held[s.pk]),
        )
        for s in found
    ]


def overview(subscription: Subscription) -> Overview:
    """The same for one."""
    return overviews([subscription])[0]


def credentials(subscription: Subscription) -> list[Credential]:
    """What there is to collect, without secrets."""
    return _credentials_of([subscription])[subscription.pk]


def _credentials_of(rows: Iterable[Subscription]) -> dict[int, list[Credential]]:
    """The same for several subscriptions, by row id, in one query."""
    asked = list(rows)
    found = resources_of(s.stack_key for s in asked)
    return {s.pk: _handed_out(s, found[s.stack_key]) for s in asked}


def _handed_out(subscription: Subscription, rows: list[ResourceView]) -> list[Credential]:
    by_name = {row.name: row for row in rows}
    level, mode = LEVELS[subscription.level], Mode.parse(subscription.mode)
    return [
        _credential(
            name,
            by_name.get(level.key(name, mode)),
            subscription.keys_until if len(mode.serials(name)) > 1 else None,
        )
        for name in level.credentials
        if not mode.leaving or level.key(name, mode) in by_name
    ]


def _credential(name: str, row: ResourceView | None, former_until: datetime | None) -> Credential:
    ready = row is not None and row.condition.state in (State.READY, State.RETAINED)
    return Credential(
        name=name,
        kind="s3",
        ready=ready,
        access_key=str(row.outputs.get("access_key", "")) if row and ready else "",
        secret_shown=bool(row and row.revealed_at),
        former_until=former_until,
    )


def archives(subscription: Subscription) -> list[ResourceView]:
    """The buckets, as they stand."""
    return [r for r in resources(subscription.stack_key) if r.kind == "ceph.bucket"]


def state_of(request: Request) -> RequestState:
    """The request's state."""
    return request_state(request)
