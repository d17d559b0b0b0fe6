"""The dead-man's switch: late, full, told once, over once, whoever looks how often."""

from datetime import timedelta

import pytest
from django.core import mail

from elaastic.freshness import Freshness, archives_watched, worst
from elaastic.models import Alert, Subscription
from elaastic.services import watching
from provisioning.models import ArchiveSample, Resource
from provisioning.services.clock import now
from tests.elaastic.services.town import TERMS, Town

GIB = 2**30


def sampled(row: Subscription, *, newest_hours: float | None, held_gib: float = 1, archive: str = "backup") -> None:
    """A worker looked just now; the newest copy is so old."""
    resource = Resource.objects.get(stack__key=row.stack_key, name=f"archive-{archive}")
    newest = None if newest_hours is None else now() - timedelta(hours=newest_hours)
    ArchiveSample.objects.create(
        resource=resource,
        at=now(),
        held_bytes=int(held_gib * GIB),
        held_objects=1,
        current_bytes=1,
        current_objects=1,
        newest_at=newest,
    )


def seen(row: Subscription) -> str:
    return str(worst(archives_watched(row)))


@pytest.mark.parametrize(
    ("hours", "state"), [(None, "waiting"), (1, "fresh"), (23.9, "fresh"), (24.1, "late"), (500, "late")]
)
def test_the_newest_copy_is_held_against_the_agreed_interval(town: Town, hours: float | None, state: str) -> None:
    row = town.active()
    sampled(row, newest_hours=hours)
    assert seen(row) == state


def test_what_nobody_looked_at_is_not_called_late(town: Town) -> None:
    row = town.active()
    assert seen(row) == Freshness.WAITING, "it has just begun: nobody can have looked yet"
    town.later.passed += timedelta(minutes=31)
    assert seen(row) == Freshness.UNKNOWN
    sampled(row, newest_hours=30)
    assert seen(row) == Freshness.LATE
    town.later.passed += timedelta(minutes=31)
    assert seen(row) == Freshness.UNKNOWN


def test_a_first_copy_that_never_comes_is_late_after_the_interval(town: Town) -> None:
    row = town.active()
    sampled(row, newest_hours=None)
    town.later.passed += timedelta(hours=25)
    sampled(row, newest_hours=None)
    assert seen(row) == Freshness.LATE


def test_a_new_archive_has_its_own_first_interval(town: Town) -> None:
    row = town.active(archives=[*TERMS["archives"], {"name": "foto", "expected_interval_hours": 24}])
    town.later.passed += timedelta(hours=100)
    sampled(row, newest_hours=1)
    sampled(row, newest_hours=None, archive="foto")
    assert seen(row) == Freshness.WAITING


def test_late_is_told_once_to_who_acts_and_its_end_once(town: Town) -> None:
    row = town.active()
    sampled(row, newest_hours=30)
    for _again in range(3):
        watching.tick()
    assert [m.subject for m in mail.outbox] == ["[Mcloud] Una copia è in ritardo in «backup»"]
    told = mail.outbox[0]
    owner = town.world["owner"].user
    assert owner is not None
    assert owner.email in told.to
    assert not {p.user.email for n in ("viewer", "stranger", "approver") if (p := town.world[n]).user} & set(
        told.to
    )
    assert f"/subscriptions/{row.public_id}/" in told.body
    sampled(row, newest_hours=0.1)
    for _again in range(3):
        watching.tick()
    assert len(mail.outbox) == 2
    assert "arriv" in mail.outbox[1].subject
    assert Alert.objects.get().ended_at is not None


def test_the_same_thing_may_be_late_again(town: Town) -> None:
    row = town.active()
    for hours in (30, 1, 40):
        sampled(row, newest_hours=hours)
        watching.tick()
    assert Alert.objects.count() == 2
    assert len(mail.outbox) == 3


def test_a_mail_server_that_does_not_answer_is_asked_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    row = town.active()
    sampled(row, newest_hours=30)
    with monkeypatch.context() as down:
        down.setattr(watching, "tell", refused)
        watching.tick()
        watching.tick()
    assert Alert.objects.get().told_at is None
    town.later.passed += watching.TELL_AGAIN
    sampled(row, newest_hours=30)
    watching.tick()
    assert Alert.objects.get().told_at is not None
    assert len(mail.outbox) == 1


def refused(alert: Alert) -> None:
    raise ConnectionRefusedError(f"nobody took {alert}")


def test_nearly_full_is_told_and_does_not_flutter(town: Town) -> None:
    row = town.active()
    for held in (91, 89, 91, 88):
        sampled(row, newest_hours=1, held_gib=held)
        watching.tick()
    assert [a.kind for a in Alert.objects.all()] == ["full"]
    assert len(mail.outbox) == 1
    sampled(row, newest_hours=1, held_gib=50)
    watching.tick()
    assert len(mail.outbox) == 2


def test_a_suspension_ends_the_waiting(town: Town) -> None:
    row = town.active()
    sampled(row, newest_hours=30)
    watching.tick()
    Subscription.objects.filter(pk=row.pk).update(suspended_at=now())
    watching.tick()
    assert Alert.objects.get().ended_at is not None


def test_queries_do_not_grow_with_the_town(town: Town, django_assert_max_num_queries: object) -> None:
    row = town.active()
    sampled(row, newest_hours=1)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        watching.look([row] * 50)
