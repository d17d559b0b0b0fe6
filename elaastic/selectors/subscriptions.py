"""Subscriptions and requests as pages and the API show them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from django.db.models import Q, QuerySet

from elaastic.levels import AS_USUAL, LEVELS, Level, Mode
from elaastic.models import (
    Request,
    RequestState,
    Subscription,
    SubscriptionState,
    request_state,
    subscription_state,
)
from elaastic.selectors.drills_due import DrillDue, drills_due
from provisioning.domain.conditions import Condition, State
from provisioning.selectors.brief import KeyView, keys_of
from provisioning.selectors.brief import conditions as conditions_by_stack
from provisioning.selectors.stacks import ResourceView, resources
from tenants.models import Actor, LocalAuthority
from tenants.selectors import authorities_readable_by, reads_every_authority


def subscriptions_readable_by(actor: Actor) -> QuerySet[Subscription]:
    """Of one's own authorities; every one for the region."""
    rows = Subscription.objects.select_related("authority")
    if reads_every_authority(actor):
        return rows
    return rows.filter(authority__in=authorities_readable_by(actor).values("pk"))


def live_subscription(authority: LocalAuthority) -> Subscription | None:
    """The one that an authority has, or has asked for; there is at most one."""
    return Subscription.objects.filter(authority=authority, ended_at=None, closed_at=None).first()


def requests_readable_by(actor: Actor) -> QuerySet[Request]:
    """Requests of the subscriptions one may read."""
    readable = authorities_readable_by(actor).values("pk")
    rows = Request.objects.filter(subscription__authority__in=readable)
    return rows.select_related(
        "subscription__authority", "requested_by", "preapproved_by", "decided_by", "counter_by"
    )


def requests_in_state(rows: QuerySet[Request], state: str) -> QuerySet[Request]:
    """The rows that `request_state` would give this state: the same questions, as a query."""
    goes_by_itself = Q(preapproved_by__isnull=False, planning_problem="")
    asked, open_ = Q(decision="", question_at__isnull=False), Q(decision="", question_at__isnull=True)
    planned = Q(plan_due__isnull=True) & ~Q(plan_digest="") & ~goes_by_itself
    questions = {
        RequestState.PLANNING: open_ & ~planned,
        RequestState.AWAITING_DECISION: open_ & planned,
        RequestState.MORE_INFORMATION: asked,
        RequestState.APPROVED: Q(decision="approved", applied_at__isnull=True),
        RequestState.APPLIED: Q(decision="approved", applied_at__isnull=False),
    }
    return rows.filter(questions.get(RequestState(state), Q(decision=state)))


class Credential(NamedTuple):
    """One thing that is handed out; `secret_shown` says that its secret was collected. `former_until`: the key
    before it works until then.
    """

    name: str
    kind: str
    ready: bool
    access_key: str
    secret_shown: bool
    former_until: datetime | None = None


class Overview(NamedTuple):
    """One subscription with what is derived from elsewhere."""

    subscription: Subscription
    state: SubscriptionState
    stack: Condition | None
    open_request: Request | None
    level: Level
    credentials: tuple[Credential, ...]
    drill: DrillDue | None = None

    @property
    def to_collect(self) -> Credential | None:
        """The first whose secret can be seen and was not."""
        return next((c for c in self.credentials if c.ready and not c.secret_shown), None)

    @property
    def condition(self) -> Condition:
        """The stack's condition; pending when there is none yet."""
        return self.stack or Condition(State.PENDING)


def overviews(rows: Iterable[Subscription]) -> list[Overview]:
    """Four queries in all: the rows, how their stacks stand, their open requests, their credentials; a fifth for
    drills where any has machines.
    """
    found = list(rows)
    conditions = conditions_by_stack([s.stack_key for s in found])
    asked = _open_requests([s.id for s in found])
    held = _credentials_of(found)
    due = drills_due(found)
    return [_overview(s, conditions.get(s.stack_key), asked.get(s.id), held[s.id], due.get(s.id)) for s in found]


def _overview(
    row: Subscription,
    stack: Condition | None,
    asked: Request | None,
    held: tuple[Credential, ...],
    drill: DrillDue | None,
) -> Overview:
    return Overview(row, subscription_state(row, stack), stack, asked, LEVELS[row.level], held, drill)


def _open_requests(ids: Sequence[int]) -> dict[int, Request]:
    """By subscription, in one query. Most have none, and the ORM's own statement costs more than all answers."""
    if not ids:
        return {}
    places = ", ".join(["%s"] * len(ids))
    rows = Request.objects.raw(_OPEN.format(places=places), ids)
    return {row.subscription_id: row for row in rows}


_OPEN: Final = "SELECT * FROM elaastic_request WHERE decision = '' AND subscription_id IN ({places})"


def overview(subscription: Subscription) -> Overview:
    """The same for one."""
    return overviews([subscription])[0]


def credentials(subscription: Subscription) -> tuple[Credential, ...]:
    """What there is to collect, without secrets."""
    return _credentials_of([subscription])[subscription.id]


def _credentials_of(rows: Sequence[Subscription]) -> dict[int, tuple[Credential, ...]]:
    """The same for several subscriptions, by row id, in one query."""
    modes = [Mode.parse(s.mode) for s in rows]
    keys = [_present_keys(s.level, mode) for s, mode in zip(rows, modes, strict=True)]
    found = keys_of([s.stack_key for s in rows], {key for present in keys for key in present.values()})
    return {
        s.id: tuple(_handed_out(s, mode, present, found[s.stack_key]))
        for s, mode, present in zip(rows, modes, keys, strict=True)
    }


def _present_keys(number: int, mode: Mode) -> dict[str, str]:
    """Credential -> the resource that is its key now."""
    return _first_keys(number) if mode is AS_USUAL else _keys_in(number, mode)


@cache
def _first_keys(number: int) -> dict[str, str]:
    """Of the many whose keys were never changed."""
    return _keys_in(number, AS_USUAL)


def _keys_in(number: int, mode: Mode) -> dict[str, str]:
    level = LEVELS[number]
    return {name: level.key(name, mode) for name in level.credentials}


def _handed_out(
    subscription: Subscription, mode: Mode, keys: Mapping[str, str], rows: list[KeyView]
) -> Iterator[Credential]:
    by_name = {row.name: row for row in rows}
    for name, key in keys.items():
        if not mode.leaving or key in by_name:
            former_until = subscription.keys_until if len(mode.serials(name)) > 1 else None
            yield _credential(name, by_name.get(key), former_until)


def _credential(name: str, row: KeyView | None, former_until: datetime | None) -> Credential:
    ready = row is not None and row.is_there
    return Credential(
        name=name,
        kind="s3",
        ready=ready,
        access_key=row.access_key or "" if row and ready else "",
        secret_shown=bool(row and row.revealed),
        former_until=former_until,
    )


def archives(subscription: Subscription) -> list[ResourceView]:
    """The buckets, as they stand."""
    return [r for r in resources(subscription.stack_key) if r.kind == "ceph.bucket"]


def state_of(request: Request) -> RequestState:
    """The request's state."""
    return request_state(request)
