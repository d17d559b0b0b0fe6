"""Drills that fall due: when, who begins them, what is in the way, and who is told. Machines in memory."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from elaastic.freshness import light_of
from elaastic.levels.level2_terms import SCHEMA
from elaastic.models import Alert, Drill, DrillState, RecoveryPoint, Subscription
from elaastic.selectors.drills import view
from elaastic.selectors.drills_due import drill_due, months_later
from elaastic.selectors.recovery_plans import plan_in_force, why_stale
from elaastic.selectors.today import ROME
from elaastic.services import drilling, drills_due, watching
from elaastic.services.recovery_plans import save_plan
from provisioning.services.clock import now
from tenants.models import AuditEvent
from tests.elaastic.machines import WEB
from tests.elaastic.region import MemoryProvider
from tests.elaastic.services import test_services_drilling as drilled
from tests.elaastic.services.town import Town

row, brings = drilled.row, drilled.brings


def by_night(town: Town, days: timedelta | None = None, hour: int = 2) -> None:
    """So many days after now, at this hour in Italy; else the first night in which it is due after six months."""
    six_months = months_later(now().astimezone(ROME).date(), 6) - now().astimezone(ROME).date()
    then: datetime = (now() + (six_months if days is None else days)).astimezone(ROME)
    town.later.passed += then.replace(hour=hour, minute=0) - now()


@pytest.fixture
def images(row: Subscription, hybrid: MemoryProvider) -> dict[str, RecoveryPoint]:
    """Both machines have one, and come back from it."""
    hybrid.consoles.update(web="login:", mail="login:")
    return {name: drilled.point(row, name) for name in ("web", "mail")}


def due_of(row: Subscription) -> Any:
    found = drill_due(Subscription.objects.get(pk=row.pk))
    assert found is not None
    return found


def test_it_falls_due_by_the_terms_and_a_drill_that_passed_begins_the_time_anew(
    town: Town, row: Subscription, images: Any
) -> None:
    first = due_of(row)
    began = row.activated_at.astimezone(ROME).date()  # type: ignore[union-attr]
    assert first.due_at == datetime.combine(months_later(began, 6), datetime.min.time(), ROME).replace(hour=1)
    assert not first.due and first.passed_at is None
    for hour, begun in ((0, 0), (5, 0), (12, 0), (1, 1)):
        by_night(town, timedelta(days=0) if Drill.objects.exists() else timedelta(days=200), hour)
        drills_due.tick()
        assert Drill.objects.count() == begun, hour
    drill = Drill.objects.get()
    assert (drill.asked_by, drill.machine, drill.night) == (None, "", now().astimezone(ROME).date())
    assert drilled.ended(town, drill) == DrillState.PASSED
    again = due_of(row)
    assert not again.due and again.passed_at is not None and again.due_at > now() + timedelta(days=150)
    assert {line.by for line in row.verifications.all()} == {None}
    assert not AuditEvent.objects.filter(action="drill.begun").exists()


def test_before_it_is_due_nobody_begins_one(town: Town, row: Subscription, images: Any) -> None:
    by_night(town, timedelta(days=150))
    drills_due.tick()
    assert not Drill.objects.exists()


def test_one_machine_that_came_back_is_no_drill_of_the_plan(town: Town, row: Subscription, images: Any) -> None:
    by_night(town)
    assert drilled.ended(town, drilled.begun(town, row, "web")) == DrillState.PASSED
    assert due_of(row).due


def test_not_while_another_operation_is_open(town: Town, row: Subscription, images: Any) -> None:
    by_night(town)
    open_ = drilled.begun(town, row, "web")
    drills_due.tick()
    assert list(Drill.objects.all()) == [open_]


def test_not_while_writing_is_stopped_nor_on_the_way_out(town: Town, row: Subscription, images: Any) -> None:
    by_night(town)
    for stopped in ("suspended_at", "leave_requested_at"):
        Subscription.objects.filter(pk=row.pk).update(**{stopped: now()})
        assert drill_due(Subscription.objects.get(pk=row.pk)) is None
        drills_due.tick()
        Subscription.objects.filter(pk=row.pk).update(**{stopped: None})
    assert not Drill.objects.exists()


def test_what_could_not_be_tested_is_tried_again_in_the_next_night_and_not_before(
    town: Town, row: Subscription, images: Any
) -> None:
    by_night(town)
    drills_due.tick()
    drilling.stop_drill(drill=Drill.objects.get(), by=town.world["owner"].actor)
    drilled.ended(town, Drill.objects.get())
    by_night(town, timedelta(), 4)
    drills_due.tick()
    assert Drill.objects.count() == 1
    by_night(town, timedelta(days=1))
    drills_due.tick()
    assert Drill.objects.count() == 2


def impatient(town: Town, row: Subscription) -> None:
    document = plan_in_force(row).document | {
        "checks": {n: [{"kind": "console", "text": "login:", "within_seconds": 10}] for n in ("web", "mail")}
    }
    save_plan(subscription=row, document=document, seen=1, by=town.world["owner"].actor)


def test_the_same_bad_image_is_not_tried_every_night(
    town: Town, row: Subscription, images: Any, hybrid: MemoryProvider
) -> None:
    impatient(town, row)
    hybrid.consoles["mail"] = ""
    by_night(town)
    drills_due.tick()
    drill = Drill.objects.get()
    drilled.carried_on(town, lambda: view(drill).operation.found.of("mail").started_at != "")
    town.later.passed += timedelta(minutes=1)
    assert drilled.ended(town, drill) == DrillState.BACKUP_BAD
    by_night(town, timedelta(days=1))
    drills_due.tick()
    assert Drill.objects.count() == 1
    way = drills_due.obstacle(row)
    assert way is not None and (way.code, way.who) == ("backup_bad", "authority")
    images["mail"].gone_at = now()
    images["mail"].save()
    drilled.point(row, "mail", keyed="mail/newer")
    assert drills_due.obstacle(row) is None
    drills_due.tick()
    assert Drill.objects.count() == 2


def no_image(town: Town, row: Subscription) -> None:
    RecoveryPoint.objects.filter(machine="mail").update(gone_at=now())


def other_machines(town: Town, row: Subscription) -> None:
    row.terms["machines"] = [WEB]
    row.save()


def other_addresses(town: Town, row: Subscription) -> None:
    row.terms["lan"] = "192.168.77.0/24"
    row.save()


def people(town: Town, row: Subscription) -> None:
    document = plan_in_force(row).document
    document["groups"][0]["before"] = [{"text": "Call the provider.", "who": "authority"}]
    save_plan(subscription=row, document=document, seen=1, by=town.world["owner"].actor)


@pytest.mark.parametrize(
    ("happened", "code"),
    [
        (no_image, "no_recovery_point"), (other_machines, "plan_stale"), (other_addresses, "plan_stale"),
        (people, "people_needed"),
    ],
)  # fmt: skip
def test_what_cannot_be_begun_is_told_once_with_whose_move_it_is(
    town: Town, row: Subscription, images: Any, happened: Any, code: str
) -> None:
    happened(town, row)
    by_night(town)
    mail.outbox.clear()
    for _look in range(3):
        drills_due.tick()
        watching.tick()
    assert not Drill.objects.exists()
    way = drills_due.obstacle(Subscription.objects.get(pk=row.pk))
    assert way is not None and (way.code, way.who) == (code, "authority") and way.text.endswith(".")
    assert Alert.objects.filter(kind="drill").count() == 1
    assert sum("piano di ripartenza" in letter.subject for letter in mail.outbox) == 1


def test_an_alert_ends_with_the_drill_that_passed(town: Town, row: Subscription, images: Any) -> None:
    by_night(town)
    watching.tick()
    assert not Alert.objects.filter(kind="drill").exists(), "the portal can begin it in this very night"
    by_night(town, timedelta(days=8), 12)
    watching.tick()
    assert Alert.objects.filter(kind="drill", ended_at=None).count() == 1
    by_night(town, timedelta(days=1))
    drills_due.tick()
    assert drilled.ended(town, Drill.objects.get()) == DrillState.PASSED
    watching.tick()
    assert not Alert.objects.filter(kind="drill", ended_at=None).exists()


def test_a_plan_that_was_not_tried_for_too_long_is_stale_and_no_light_is_green(
    town: Town, row: Subscription, images: Any
) -> None:
    def codes() -> list[str]:
        return [finding.code for finding in why_stale(plan_in_force(row), drill_due(row))]

    assert codes() == []
    by_night(town)
    assert due_of(row).due and codes() == []
    assert light_of([], due_of(row)) == "off"
    by_night(town, timedelta(days=8))
    assert codes() == ["not_tried"]
    drills_due.tick()
    assert drilled.ended(town, Drill.objects.get()) == DrillState.PASSED, "an old plan can still be tried"
    assert codes() == []


def test_months_are_the_calendars() -> None:
    assert months_later(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_later(date(2026, 12, 15), 1) == date(2027, 1, 15)
    assert months_later(date(2026, 1, 31), 12) == date(2027, 1, 31)
    assert SCHEMA["properties"]["drill_months"]["enum"] == [1, 3, 6, 12]
