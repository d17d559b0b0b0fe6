"""Drills from earlier images: which are drawn, what of that is written down, and what it says about the RPO."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localtime
from pypdf import PdfReader

from elaastic.models import Drill, DrillState, PointState, RecoveryPoint, Subscription
from elaastic.models.errors import NothingToStart
from elaastic.selectors.drills import DrillView, view
from elaastic.selectors.recovery import pinned
from elaastic.services import drilling, drills_due
from elaastic.views.minutes import draw
from provisioning.domain.course import LARGEST
from provisioning.models import Operation
from provisioning.services.clock import now
from tenants.models import AuditEvent
from tenants.models.errors import Invalid
from tests.elaastic.region import MemoryProvider
from tests.elaastic.services import test_services_drilling as drilled
from tests.elaastic.services.town import Town

row, brings = drilled.row, drilled.brings
DAY_S = 86_400


def aged(row: Subscription, machine: str, days: int, **changed: Any) -> RecoveryPoint:
    """An image that arrived so many days ago."""
    made = drilled.point(row, machine, keyed=f"{machine}/{days}-{len(changed)}")
    RecoveryPoint.objects.filter(pk=made.pk).update(arrived_at=now() - timedelta(days=days), **changed)
    return made


def begun(town: Town, row: Subscription, machine: str = "", images: str = "random") -> Drill:
    by = town.world["owner"].actor
    return drilling.begin_drill(subscription=row, machine=machine, images=images, by=by)


def started_from(drill: Drill) -> dict[str, RecoveryPoint | None]:
    seen = view(drill)
    return {machine.name: seen.point(machine) for machine in seen.operation.course.machines}


@pytest.fixture
def passed(town: Town, row: Subscription, hybrid: MemoryProvider) -> DrillView:
    """`web` from an image of ten days, `mail` from its only one."""
    hybrid.consoles.update(web="login:", mail="login:")
    older, newest, only = aged(row, "web", 10), aged(row, "web", 1), aged(row, "mail", 2)
    drill = begun(town, row)
    assert started_from(drill) == {"web": older, "mail": only}
    assert set(pinned(row)) == {older, only} and newest not in pinned(row)
    assert drilled.ended(town, drill) == DrillState.PASSED
    return view(drill)


def test_what_was_drawn_is_written_down_and_its_age_is_no_measure_of_the_rpo(
    passed: DrillView, row: Subscription
) -> None:
    assert passed.rpo_s is not None and 10 * DAY_S <= passed.rpo_s < 11 * DAY_S and not passed.is_of_newest
    assert AuditEvent.objects.get(action="drill.begun").after["images"] == "random"
    lines = {line.evidence["machine"]: line.evidence for line in row.verifications.all()}
    assert lines["web"]["images"] == "random" and lines["web"]["key"].startswith("web/10-")
    told = " ".join(PdfReader(io.BytesIO(draw(passed.drill, "en"))).pages[0].extract_text().split())
    assert "Drawn at random from the earlier ones" in told and "this is no measure of the RPO" in told
    arrived = started_from(passed.drill)["web"]
    assert arrived is not None and f"arrived on {localtime(arrived.arrived_at):%d/%m/%Y}" in told
    assert "not kept" not in told and told.count("kept") == 1  # the RTO


def test_only_what_could_start_is_drawn_and_each_of_it_in_time(town: Town, row: Subscription) -> None:
    can = {aged(row, "web", days) for days in (3, 4, 5)}
    aged(row, "web", 1)
    aged(row, "web", 6, state=PointState.REFUSED)
    aged(row, "web", 7, gone_at=now())
    aged(row, "web", 8, form="vma")
    aged(row, "web", 9, size=LARGEST + 1)
    aged(row, "mail", 10)
    met = {drilling.prepare(row, "web", "random").points["web"] for _time in range(100)}
    assert met == can


def test_where_there_is_no_earlier_one_nothing_is_begun(town: Town, row: Subscription) -> None:
    aged(row, "web", 1)
    aged(row, "web", 2, state=PointState.REFUSED)
    with pytest.raises(NothingToStart) as refused:
        begun(town, row, "web")
    assert "web" in str(refused.value.detail)
    with pytest.raises(Invalid) as wrong:
        begun(town, row, "web", images="oldest")
    assert set(wrong.value.errors) == {"images"}
    assert not Drill.objects.exists() and not pinned(row).exists()


def over(drill: Drill, verdict: str) -> None:
    """As workers leave it."""
    moment = now()
    mine = Operation.objects.filter(stack__key=drill.operation_key)
    mine.update(verdict=verdict, judged_at=moment, ended_at=moment)
    Drill.objects.filter(pk=drill.pk).update(settled_at=moment)


def test_the_newest_stay_bad_whatever_earlier_ones_showed(town: Town, row: Subscription) -> None:
    """The clock starts from the newest: it is not told to try them again by a drill from others."""
    newest, _mail = aged(row, "web", 1), aged(row, "mail", 1)
    aged(row, "web", 2)
    over(begun(town, row, images="newest"), "backup_bad")
    over(begun(town, row), "backup_bad")
    way = drills_due.obstacle(row)
    assert way is not None and way.code == "backup_bad"
    RecoveryPoint.objects.filter(pk=newest.pk).update(gone_at=now())
    assert drills_due.obstacle(row) is None
