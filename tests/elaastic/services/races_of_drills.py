"""Three schedulers at a drill that is due, on whichever database `races.py` runs."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.test import override_settings

from elaastic.models import Drill, PointState, RecoveryPoint, Request, Subscription
from elaastic.selectors.today import ROME
from elaastic.services import drills_due, planning
from elaastic.services.asking import request_subscription
from provisioning.models import Operation
from provisioning.models.clock import clock
from provisioning.services import capacity, operations
from tests.elaastic import region as simulated
from tests.elaastic.machines import TERMS_2, WEB, let_machines_start
from tests.elaastic.services.town import Later

AtOnce = Callable[..., list[str]]


def drilled_at_once(stage: Any, at_once: AtOnce) -> dict[str, Any]:
    """In the night two months after a town began, one of the three dies at the moment of beginning."""
    folder = Path(os.environ["MCLOUD_DATA_DIR"]) / "machines"
    folder.mkdir()
    with override_settings(REGION_FILE=let_machines_start(folder)):
        capacity.load_totals()
        row = _town(stage)
        clock.source = later = Later()
        later.passed = _night(2) - later.now()
        rounds = [at_once(*[drills_due.tick] * 3)]
        begun = Drill.objects.filter(subscription=row).count()
        # However soon it ends: this night has had its drill.
        moment = later.now()
        Operation.objects.update(verdict="not_tested", judged_at=moment, ended_at=moment)
        Drill.objects.update(settled_at=moment)
        rounds.append(at_once(*[drills_due.tick] * 3))
        again = Drill.objects.filter(subscription=row).count()
        later.passed += timedelta(days=1)
        rounds.append(_with_one_that_dies(at_once))
        rounds.append(at_once(*[drills_due.tick] * 3))
        nights = [str(night) for night in Drill.objects.order_by("night").values_list("night", flat=True)]
        return {
            "bad": [o for outcomes in rounds for o in outcomes if o.startswith("!!")],
            "died": sum(o == "died" for outcomes in rounds for o in outcomes),
            "begun": [begun, again, Drill.objects.count()],
            "nights": len(set(nights)),
            "operations": Operation.objects.count(),
        }


def _town(stage: Any) -> Subscription:
    terms = {**TERMS_2, "machines": [WEB], "drill_months": 1}
    asked = request_subscription(authority=stage.authority(), level=2, terms=terms, by=stage.actor("owner"))
    planning.make_plan(asked.pk)
    stage.approve(Request.objects.get(pk=asked.pk), "approver")
    simulated.workers_bring_everything_up()
    row = Subscription.objects.get(pk=asked.subscription_id)
    assert row.activated_at
    RecoveryPoint.objects.create(
        subscription=row, machine="web", archive="images", key="web/disk", version="v1", etag="e", size=1,
        arrived_at=row.activated_at, noted_at=row.activated_at, state=PointState.USABLE, form="qcow2", sha512="0",
    )  # fmt: skip
    return row


def _night(months: int) -> datetime:
    """At two, in Italy."""
    return (clock.now().astimezone(ROME) + timedelta(days=31 * months)).replace(hour=2, minute=0)


def _with_one_that_dies(at_once: AtOnce) -> list[str]:
    real, deaths = operations.begin, [SystemExit()]

    def begin(**asked: Any) -> None:
        real(**asked)
        if deaths:
            raise deaths.pop()

    operations.begin = begin
    try:
        return at_once(*[drills_due.tick] * 3)
    finally:
        operations.begin = real
