"""When a recovery plan is to be tried again. The terms say how often, and only a drill of the whole plan that
passed counts; before the first one, the day on which the plan came into force. From rows alone.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Max, Q

from elaastic.levels import LEVELS
from elaastic.models import RecoveryPlan, Subscription
from elaastic.selectors.today import ROME
from provisioning.selectors.operations import passed_keys
from provisioning.services.clock import now

# Hours in Italy: the evening's exports have arrived by then, and the first people come after it.
NIGHT: Final = range(1, 5)
# So many nights the portal tries by itself before it is said that nobody knows whether the plan still works.
OVERDUE_AFTER: Final = timedelta(days=7)
_YEAR: Final = 12


@dataclass(frozen=True)
class DrillDue:
    """`passed_at`: when the whole plan last came back; `due_at`: the beginning of the first night for the next."""

    passed_at: datetime | None
    due_at: datetime
    due: bool
    overdue: bool


def drills_due(rows: Iterable[Subscription]) -> dict[int, DrillDue]:
    """By row id, in one query; those of which no drill is expected now are left out."""
    expected = {row.pk: row for row in rows if _is_expected(row)}
    if not expected:
        return {}
    whole = Q(subscription__drills__machine="", subscription__drills__operation_key__in=passed_keys())
    plans = RecoveryPlan.objects.filter(version=1, subscription__in=expected).order_by("subscription")
    newest = plans.annotate(passed_at=Max("subscription__drills__settled_at", filter=whole))
    moment = now()
    found = newest.values_list("subscription", "at", "passed_at")
    return {pk: _due(expected[pk], at, passed_at, moment) for pk, at, passed_at in found}


def drill_due(subscription: Subscription) -> DrillDue | None:
    """The same for one."""
    return drills_due([subscription]).get(subscription.pk)


def _is_expected(row: Subscription) -> bool:
    """It has machines, stands, and goes on."""
    over = (
        row.suspended_at or row.leave_requested_at or row.ended_at or row.closed_at or row.mode.get("failed_over")
    )
    return bool(row.activated_at and LEVELS[row.level].natures) and not over


def _due(row: Subscription, planned_at: datetime, passed_at: datetime | None, moment: datetime) -> DrillDue:
    assert row.activated_at is not None
    since = passed_at or max(planned_at, row.activated_at)
    day = months_later(since.astimezone(ROME).date(), int(row.terms["drill_months"]))
    due_at = datetime.combine(day, time(NIGHT.start), ROME)
    return DrillDue(passed_at, due_at, due_at <= moment, due_at + OVERDUE_AFTER <= moment)


def months_later(day: date, months: int) -> date:
    """The same day of a later month; its last one where it is shorter."""
    years, month = divmod(day.month - 1 + months, _YEAR)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
