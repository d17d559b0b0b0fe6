"""Filters on what is derived: the questions of `subscription_state`, put to the database."""

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request as Call

from elaastic.levels import LEVELS
from elaastic.models import Request, RequestState, RestoreState, RestoreTest, Subscription, SubscriptionState
from elaastic.selectors.readings import restore_tests_in_state
from elaastic.selectors.subscriptions import requests_in_state
from provisioning.domain.conditions import State
from provisioning.selectors.stacks import stacks_in
from tenants.models.errors import Invalid

_OPEN: Final = Q(closed_at=None, ended_at=None)
_STAYS: Final = _OPEN & Q(leave_requested_at=None)
_RUNS: Final = _STAYS & Q(suspended_at=None)
_AGREED: Final = _RUNS & Q(approved_at__isnull=False)


def by_subscription_state(call: Call, rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """`?state=` of subscriptions. Raises Invalid for a state that there is not."""
    given = call.query_params.get("state")
    if given is None:
        return rows
    return rows.filter(_subscriptions_that_are(SubscriptionState(_known("state", given, SubscriptionState.values))))


def by_level(call: Call, rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """`?level=` of subscriptions. Raises Invalid for a level that there is not."""
    given = call.query_params.get("level")
    return rows if given is None else rows.filter(level=int(_known("level", given, [str(n) for n in LEVELS])))


def by_request_state(call: Call, rows: QuerySet[Request]) -> QuerySet[Request]:
    """`?state=` of requests. Raises Invalid for a state that there is not."""
    given = call.query_params.get("state")
    return rows if given is None else requests_in_state(rows, _known("state", given, RequestState.values))


def by_restore_state(call: Call, rows: QuerySet[RestoreTest]) -> QuerySet[RestoreTest]:
    """`?state=` of restore tests. Raises Invalid for a state that there is not."""
    given = call.query_params.get("state")
    return rows if given is None else restore_tests_in_state(rows, _known("state", given, RestoreState.values))


def _known(name: str, given: str, values: list[Any]) -> str:
    if given not in values:
        raise Invalid(errors={name: [_("Choose one of %(known)s.") % {"known": ", ".join(values)}]})
    return given


def _subscriptions_that_are(state: SubscriptionState) -> Q:
    plain = {
        SubscriptionState.REJECTED: Q(closed_at__isnull=False),
        SubscriptionState.ENDED: Q(closed_at=None, ended_at__isnull=False),
        SubscriptionState.LEAVING: _OPEN & Q(leave_requested_at__isnull=False),
        SubscriptionState.SUSPENDED: _STAYS & Q(suspended_at__isnull=False),
        SubscriptionState.REQUESTED: _RUNS & Q(approved_at=None),
    }
    if state in plain:
        return plain[state]
    if state in (SubscriptionState.ACTIVE, SubscriptionState.CHANGING):
        at_work = Q(stack_key__in=stacks_in([State.PENDING, State.PROGRESSING]).values("key"))
        return (
            _AGREED & Q(activated_at__isnull=False) & (at_work if state == SubscriptionState.CHANGING else ~at_work)
        )
    # An approved subscription has a stack: its plan was approved with it.
    waits = Q(stack_key__in=stacks_in([State.PENDING]).filter(reason="").values("key"))
    return _AGREED & Q(activated_at=None) & (waits if state == SubscriptionState.APPROVED else ~waits)
