"""A restore test from its beginning to its row: with an object that the portal read, and with a proof file."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from elaastic.models import RESTORE_TRIES, RestoreState, RestoreTest, Subscription, Verification
from elaastic.models.errors import NoRestoreTest, NothingToRestore, RestoreTestOpen, WritingStopped
from elaastic.selectors.readings import next_to_read
from elaastic.services import arriving, changing, planning, proving
from provisioning.domain.errors import PlatformDown
from provisioning.models import ArchiveSample, ArrivedObject, Resource
from provisioning.services.clock import now
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden, Invalid, TooMany
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Town


@dataclass(frozen=True)
class Thing:
    """An object in an archive that lies in memory."""

    key: str
    body: bytes
    written: datetime

    @property
    def size(self) -> int:
        return len(self.body)

    @property
    def etag(self) -> str:
        return self.md5

    @property
    def md5(self) -> str:
        return hashlib.md5(self.body).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Seen:
    held_bytes: int
    held_objects: int
    current_bytes: int
    current_objects: int
    newest: datetime | None
    arrived: list[Thing]


class Shelf:
    """What lies in the town's one archive; `rotten`: what a reading brings instead."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.rotten: dict[str, bytes] = {}
        self.down = False

    def put(self, key: str, body: bytes = b"bilancio 2026") -> Thing:
        self.things[key] = Thing(key, body, now())
        return self.things[key]

    def figures(
        self, tenant: str, bucket: str, access_key: str, secret_key: object, since: datetime | None
    ) -> Seen:
        self._answer()
        size, count = sum(t.size for t in self.things.values()), len(self.things)
        newest = max((t.written for t in self.things.values()), default=None)
        lately = [t for t in self.things.values() if since is None or t.written > since]
        return Seen(size, count, size, count, newest, lately)

    def listed(self, bucket: str, key: str, access_key: str, secret_key: object) -> Thing | None:
        return self.things.get(key)

    def digest(self, bucket: str, key: str, access_key: str, secret_key: object) -> Thing | None:
        self._answer()
        found = self.things.get(key)
        if found is None or key not in self.rotten:
            return found
        body = self.rotten[key]
        return Thing(key, body, found.written) if body else None

    def _answer(self) -> None:
        if self.down:
            raise PlatformDown("It does not answer.")


@pytest.fixture
def shelf(town: Town, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    for name in ("figures", "listed", "digest"):
        monkeypatch.setattr(town.region, name, getattr(shelf, name), raising=False)
    return shelf


def begun(town: Town, tool: str = "rclone", row: Subscription | None = None) -> RestoreTest:
    row = row or town.active()
    return proving.begin_restore_test(subscription=row, archive="backup", tool=tool, by=town.world["owner"].actor)


def fresh(test: RestoreTest) -> RestoreTest:
    return RestoreTest.objects.select_related("subscription__authority").get(pk=test.pk)


def answer(town: Town, test: RestoreTest, text: str, who: str = "owner") -> RestoreTest:
    return proving.answer_restore_test(test=fresh(test), sha256=text, by=town.world[who].actor)


def test_a_random_object_comes_back_and_the_subscription_is_verified(town: Town, shelf: Shelf) -> None:
    row = town.active()
    put = shelf.put("documenti/bilancio.pdf")
    test = begun(town, row=row)
    assert fresh(test).state == RestoreState.CHOOSING
    arriving.tick()
    assert fresh(test).sample == {"bucket": "backup", "key": put.key, "size": put.size}
    row.refresh_from_db()
    assert row.verified_at is None
    ended = answer(town, test, f"{put.sha256.upper()}  documenti/bilancio.pdf\n")
    assert ended.state == RestoreState.PASSED
    row.refresh_from_db()
    proof = Verification.objects.get(kind="restored")
    assert (proof.passed, proof.by, row.verified_at) == (True, town.world["owner"].user, proof.at)
    assert proof.evidence["sha256"] == put.sha256


def test_encrypted_copies_are_proven_by_a_file_that_went_through_them(town: Town, shelf: Shelf) -> None:
    row = town.active()
    pack = b"only restic knows"
    shelf.put(f"data/ab/{hashlib.sha256(pack).hexdigest()}", pack)
    test = begun(town, "rclone", row)
    arriving.tick()
    # A pack shows nothing about the passphrase: a proof file is asked for whatever the program was said to be.
    assert fresh(test).state == RestoreState.COPYING
    text = fresh(test).proof_text
    with pytest.raises(NoRestoreTest):
        answer(town, test, hashlib.sha256(text.encode()).hexdigest())
    town.later.passed += timedelta(minutes=1)
    arriving.tick()
    assert fresh(test).state == RestoreState.COPYING, "nothing has arrived since"
    shelf.put("data/cd/" + "0" * 64, b"the next copy")
    arriving.look_at_arrivals(subscription=row, by=town.world["owner"].actor)
    arriving.tick()
    assert fresh(test).state == RestoreState.RESTORING, "the look that was asked for opens the next step"
    answer(town, test, hashlib.sha256(text.encode()).hexdigest())
    assert Verification.objects.get().evidence["proof_file"] == test.filename


def test_no_two_proof_files_are_alike(town: Town, shelf: Shelf) -> None:
    first = begun(town, "restic")
    proving.stop_restore_test(test=first, failed=False, by=town.world["owner"].actor)
    second = begun(town, "restic", first.subscription)
    assert first.proof_text != second.proof_text
    assert first.filename != second.filename
    assert not Verification.objects.exists(), "what was only stopped shows nothing"


def test_wrong_answers_end_it_as_failed(town: Town, shelf: Shelf) -> None:
    shelf.put("a.txt")
    test = begun(town)
    arriving.tick()
    with pytest.raises(Invalid):
        answer(town, test, "no sum at all")
    for left in range(RESTORE_TRIES - 1, 0, -1):
        told = answer(town, test, "0" * 64)
        assert (told.state, told.tries_left) == (RestoreState.RESTORING, left)
    assert answer(town, test, "0" * 64).state == RestoreState.FAILED
    assert not Verification.objects.get().passed
    assert Subscription.objects.get().verified_at is None
    with pytest.raises(NoRestoreTest):
        answer(town, test, "0" * 64)


def copying(town: Town, shelf: Shelf) -> RestoreTest:
    """A proof file was handed out, and the copy that took it has arrived; nobody has looked at it since."""
    row = town.active()
    arriving.look_at_arrivals(subscription=row, by=town.world["owner"].actor)
    arriving.tick()
    test = begun(town, "restic", row)
    town.later.passed += timedelta(minutes=1)
    shelf.put("data/cd/" + "0" * 64, b"with the proof file")
    return test


def proves(town: Town, test: RestoreTest) -> str:
    arriving.tick()
    return answer(town, test, fresh(test).sha256).state


def test_what_was_copied_is_proven_although_writing_was_stopped_since(town: Town, shelf: Shelf) -> None:
    test = copying(town, shelf)
    changing.suspend(subscription=test.subscription, by=town.world["operator"].actor)
    carried_out()
    assert fresh(test).subscription.suspended_at is not None
    town.later.passed += timedelta(minutes=1)
    arriving.look_at_arrivals(subscription=test.subscription, by=town.world["owner"].actor)
    assert proves(town, test) == RestoreState.PASSED


def test_who_leaves_finishes_the_test_that_was_begun_and_begins_none(town: Town, shelf: Shelf) -> None:
    test = copying(town, shelf)
    arriving.look_at_arrivals(subscription=test.subscription, by=town.world["operator"].actor)
    arriving.tick()
    RestoreTest.objects.update(ready_at=None, look_due=now())
    asked = changing.leave(subscription=test.subscription, by=town.world["owner"].actor)
    workers_make_plans()
    asked.refresh_from_db()
    town.approve(asked)
    carried_out()
    assert fresh(test).subscription.leave_requested_at is not None
    assert proves(town, test) == RestoreState.PASSED
    with pytest.raises(WritingStopped):
        begun(town, "rclone", fresh(test).subscription)


def test_while_writing_is_stopped_only_clear_copies_are_proven_anew(town: Town, shelf: Shelf) -> None:
    row = town.active()
    put = shelf.put("a.txt")
    changing.suspend(subscription=row, by=town.world["operator"].actor)
    carried_out()
    row.refresh_from_db()
    for tool in ("restic", "other"):
        with pytest.raises(WritingStopped):
            begun(town, tool, row)
    assert not RestoreTest.objects.exists()
    test = begun(town, "rclone", row)
    arriving.tick()
    assert answer(town, test, put.sha256).state == RestoreState.PASSED


def test_a_test_that_is_open_at_the_end_shows_nothing_either_way(town: Town, shelf: Shelf) -> None:
    test = begun(town)
    Subscription.objects.update(ended_at=now())
    arriving.tick()
    assert (fresh(test).state, fresh(test).look_due) == (RestoreState.STOPPED, None)
    assert not Verification.objects.exists()


def carried_out() -> None:
    workers_make_plans()
    planning.tick()
    workers_bring_everything_up()


def test_one_at_a_time_and_only_what_exists(town: Town, shelf: Shelf) -> None:
    test = begun(town)
    with pytest.raises(RestoreTestOpen):
        begun(town, row=test.subscription)
    with pytest.raises(Invalid) as refused:
        proving.begin_restore_test(
            subscription=test.subscription, archive="foto", tool="floppy", by=town.world["owner"].actor
        )
    assert set(refused.value.errors) == {"archive", "tool"}


def test_before_it_stands_there_is_nothing_to_restore(town: Town) -> None:
    asked = town.asked()
    with pytest.raises(NothingToRestore):
        begun(town, row=asked.subscription)


@pytest.mark.parametrize("who", ["viewer", "operator", "stranger", "auditor"])
def test_only_who_acts_for_the_authority_proves(town: Town, shelf: Shelf, who: str) -> None:
    test = begun(town)
    by = town.world[who].actor
    before = AuditEvent.objects.count()
    for act in (
        lambda: proving.begin_restore_test(subscription=test.subscription, archive="backup", tool="restic", by=by),
        lambda: proving.answer_restore_test(test=test, sha256="0" * 64, by=by),
        lambda: proving.stop_restore_test(test=test, failed=False, by=by),
    ):
        with pytest.raises(Forbidden):
            act()
    assert AuditEvent.objects.count() == before


def test_every_act_is_in_the_trail_once(town: Town, shelf: Shelf) -> None:
    put = shelf.put("a.txt")
    test = begun(town)
    arriving.look_at_arrivals(subscription=test.subscription, by=town.world["owner"].actor)
    arriving.tick()
    answer(town, test, "0" * 64)
    answer(town, test, put.sha256)
    said = list(AuditEvent.objects.filter(subject_type="subscription").values_list("action", flat=True))
    ours = [a for a in said if a.startswith(("restore_test", "arrivals"))]
    assert sorted(ours) == sorted(
        ["restore_test.begun", "arrivals.looked_at", "restore_test.answered", "restore_test.ended"]
    )


def test_a_row_of_the_ledger_is_never_changed(town: Town, shelf: Shelf) -> None:
    put = shelf.put("a.txt")
    test = begun(town)
    arriving.tick()
    answer(town, test, put.sha256)
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.update(passed=False)
    assert Verification.objects.get().passed


def test_a_platform_that_does_not_answer_is_asked_again(town: Town, shelf: Shelf) -> None:
    shelf.put("a.txt")
    test = begun(town)
    shelf.down = True
    arriving.tick()
    assert fresh(test).state == RestoreState.CHOOSING
    shelf.down = False
    town.later.passed += arriving.LOOK_AGAIN
    arriving.tick()
    assert fresh(test).state == RestoreState.RESTORING


def sampled(town: Town, shelf: Shelf) -> Subscription:
    row = town.active()
    arriving.look_at_arrivals(subscription=row, by=town.world["owner"].actor)
    arriving.tick()
    row.refresh_from_db()
    assert row.look_due is None
    return row


def read(row: Subscription) -> Any:
    arriving.read_next()
    proof = row.verifications.filter(kind="readable").first()
    assert proof is not None
    return proof.passed, proof.evidence["objects"], [f["fault"] for f in proof.evidence["faults"]]


def test_what_arrived_is_read_again_and_is_the_same(town: Town, shelf: Shelf) -> None:
    for name in ("a", "b", "c"):
        shelf.put(name, name.encode())
    row = sampled(town, shelf)
    assert read(row) == (True, 3, [])
    assert next_to_read() is None, "a week has to pass"
    town.later.passed += timedelta(days=8)
    assert next_to_read() == (row, "backup")


@pytest.mark.parametrize(("instead", "fault"), [(b"bilancia 2026", "content"), (b"", "unreadable"), (b"b", "size")])
def test_one_byte_that_turned_is_found(town: Town, shelf: Shelf, instead: bytes, fault: str) -> None:
    shelf.put("a.txt")
    row = sampled(town, shelf)
    shelf.rotten["a.txt"] = instead
    assert read(row) == (False, 1, [fault])


def test_a_file_named_by_its_content_is_held_against_its_name(town: Town, shelf: Shelf) -> None:
    shelf.put("data/00/" + "0" * 64, b"whatever")
    assert read(sampled(town, shelf)) == (False, 1, ["content"])


def test_what_the_town_replaced_is_no_loss(town: Town, shelf: Shelf) -> None:
    shelf.put("a.txt", b"one")
    shelf.put("b.txt", b"two")
    row = sampled(town, shelf)
    shelf.put("a.txt", b"three")
    assert read(row) == (True, 1, [])
    assert ArrivedObject.objects.count() == 1


def test_an_empty_archive_is_not_read(town: Town, shelf: Shelf) -> None:
    row = sampled(town, shelf)
    assert ArchiveSample.objects.filter(resource=Resource.objects.get(name="archive-backup")).exists()
    assert next_to_read() is None
    assert not row.verifications.exists()


def test_a_look_is_asked_for_once_a_minute_whoever_asks(town: Town, shelf: Shelf) -> None:
    row = town.active()
    arriving.look_at_arrivals(subscription=row, by=town.world["owner"].actor)
    with pytest.raises(TooMany):
        arriving.look_at_arrivals(subscription=row, by=town.world["operator"].actor)
    assert AuditEvent.objects.filter(action="arrivals.looked_at").count() == 1
    town.later.passed += timedelta(seconds=61)
    arriving.look_at_arrivals(subscription=row, by=town.world["operator"].actor)
    assert AuditEvent.objects.filter(action="arrivals.looked_at").count() == 2
