"""Workers that overtake each other, answers that come after the world moved, databases that go back in time.

"Meanwhile" is what somebody else does while the worker stands at a checkpoint.
"""

import pytest

from provisioning.domain.conditions import State
from provisioning.domain.observation import Outcome
from provisioning.domain.secrets import Secret
from provisioning.engine import breaker, census, claims
from provisioning.engine.claims import LEASE
from provisioning.engine.outside import outside
from provisioning.models import Event, OrphanSighting, PlatformState, Resource, Stack
from provisioning.services import platforms, stacks, upkeep
from tests.provisioning.engine.cloud import FOREVER
from tests.provisioning.engine.model_kinds import PLATFORM
from tests.provisioning.engine.room import Room

READY = ("ready", "")
LONG = LEASE.total_seconds() + 1


def test_only_one_worker_holds_a_stack(room: Room) -> None:
    assert claims.take(room.stack.pk)
    assert claims.take(room.stack.pk) is None
    room.wait(LONG)
    assert claims.take(room.stack.pk)


def test_a_worker_that_lost_its_claim_can_neither_renew_nor_release_nor_intend(room: Room) -> None:
    room.approve({"project": 1})
    late = claims.take(room.stack.pk)
    assert late
    room.wait(LONG)
    assert not claims.commit_intent(late, room.row("project"), {}, {})
    assert not claims.renew(late)
    now = claims.take(room.stack.pk)
    assert now
    assert not claims.commit_intent(late, room.row("project"), {}, {})
    assert not claims.write_look(late, room.row("project"), message="What I saw before I slept.")
    assert not claims.renew(late)
    late.wanted = room.stack.wanted
    assert not claims.release(late, None, {})
    assert room.stack.claim_token == now.token
    assert claims.commit_intent(now, room.row("project"), {}, {})


def test_an_intent_of_an_older_generation_or_version_is_not_written(room: Room) -> None:
    room.approve({"project": 1})
    claim, row, older = claims.take(room.stack.pk), room.row("project"), room.row("project")
    assert claim
    older.stack.generation = 0
    assert not claims.commit_intent(claim, older, {}, {})
    assert claims.commit_intent(claim, room.row("project"), {}, {})
    assert not claims.commit_intent(claim, row, {}, {})


def test_a_worker_paused_beyond_its_lease_does_not_send(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle(3)
    room.approve_over({"project": 1, "net": 1, "server": 1})
    room.at["intent create"] = lambda: room.wait(LONG)
    sent = room.writes()
    room.work()
    assert room.audit.sends["create"] == sent


def test_a_wake_during_the_work_is_not_slept_over(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.at["releasing"] = lambda: room.approve_over({"project": 1, "net": 1})
    stacks.look_now("a")
    room.work()
    assert room.state("net") == READY
    assert room.stack.state == State.READY


def test_a_summary_from_before_a_wake_is_not_written(room: Room) -> None:
    claim = claims.take(room.stack.pk)
    assert claim
    claims.wake(room.stack.pk)
    assert not claims.release(claim, None, {"state": "ready", "reason": "", "message": ""})
    assert room.stack.state == State.PENDING
    assert room.stack.claim_token == claim.token


def test_an_object_that_a_person_found_meanwhile_is_not_made_again(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle()

    def meanwhile() -> None:
        thing = room.cloud.create("server", "sim.a.server", "sim.a.server", 1, "a")
        stacks.adopt("a", "server", thing.id)

    room.approve({"project": 1, "net": 1, "server": 1})
    room.at["observed"] = meanwhile
    room.settle()
    assert len(room.there("server")) == 1
    assert room.state("server") == READY


def test_a_look_from_before_an_approval_does_not_undo_it(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    stacks.look_now("a")
    room.at["observed"] = lambda: room.approve({"project": 2}) and None
    room.settle()
    assert room.there("project")[0].size == 2
    assert room.state("project") == READY


def test_a_create_decided_before_a_teardown_is_not_sent_after_it(room: Room) -> None:
    room.approve({"project": 1})
    room.at["observed"] = lambda: room.approve_over({})
    room.settle()
    assert room.audit.sends["create"] == 0
    assert room.row("project").state == State.GONE


def test_an_answer_that_comes_after_the_claim_was_lost_is_kept(room: Room) -> None:
    room.approve({"project": 1, "token": 1})
    room.settle(1)
    while not room.there("project"):
        room.work()
    room.at["sent create"] = lambda: room.wait(LONG)
    room.settle()
    room.wait(60)
    room.settle()
    assert [t.id for t in room.there("token")] == ["sim.a.token"]
    assert room.state("token") == READY


def test_an_answer_that_comes_after_a_new_generation_is_looked_at_at_once(room: Room) -> None:
    room.approve({"project": 1})
    room.at["sent create"] = lambda: room.approve_over({"project": 1})
    room.work()
    assert room.state("project") == READY


def test_an_id_is_kept_once(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    claim, row, first = claims.take(room.stack.pk), room.row("project"), room.row("project").external_id
    assert claim
    claims.record(claim, row, Outcome(external_id="project-99"), "sim.a.project", "CreateSent", {})
    assert room.row("project").external_id == first


def test_a_secret_of_another_object_is_not_stored(room: Room) -> None:
    room.approve({"project": 1, "token": 1})
    room.settle()
    claim, row = claims.take(room.stack.pk), room.row("token")
    assert claim
    other = Outcome(external_id="sim.a.token.9", secrets={"token_secret": Secret("another's")})
    claims.record(claim, row, other, "sim.a.token.9", "CreateSent", {})
    stored = claims.vault.read([row.pk])[row.pk]["token_secret"]
    assert stored.reveal() == room.there("token")[0].secret


def test_an_answer_for_a_former_incarnation_becomes_a_row_that_removes_it(room: Room) -> None:
    room.approve({"project": 1, "token": 1})
    room.settle()
    claim, row = claims.take(room.stack.pk), room.row("token")
    assert claim
    next_one = {"incarnation": 2, "external_id": "", "ever_seen": False}
    Resource.objects.filter(pk=row.pk).update(**next_one, version=row.version + 1)
    claims.record(claim, row, Outcome(external_id="sim.a.token"), "sim.a.token", "CreateSent", {})
    room.approve_over({"project": 1, "token": 1})
    room.settle()
    assert [t.id for t in room.there("token")] == ["sim.a.token.2"]


def test_an_id_that_arrives_at_a_tombstone_opens_it_again(room: Room) -> None:
    room.approve({"net": 1, "project": 1})
    room.settle()
    old = room.row("net")
    assert old.stack.generation == 1
    room.approve({"project": 1})
    room.settle()
    assert room.row("net").state == State.GONE
    claim = claims.take(room.stack.pk)
    assert claim
    thing = room.cloud.create("net", "sim.a.net", "sim.a.net", 1, "a")
    claims.record(claim, old, Outcome(external_id=thing.id), "sim.a.net", "CreateSent", {})
    claim.wanted = room.stack.wanted
    assert claims.release(claim, None, {})
    room.settle()
    assert room.there("net") == []
    assert room.row("net").state == State.GONE


def test_an_answer_that_comes_when_all_is_at_rest_wakes_the_stack(room: Room) -> None:
    room.approve({"project": 1})
    late = claims.take(room.stack.pk)
    assert late
    row = room.row("project")
    room.wait(LONG)
    room.approve_over({})
    room.settle()
    assert (room.row("project").state, room.stack.next_look) == (State.GONE, None)
    thing = room.cloud.create("project", "sim.a.project", "sim.a.project", 1, "a")
    claims.record(late, row, Outcome(external_id=thing.id), "sim.a.project", "CreateSent", {})
    assert room.stack.next_look is not None
    room.settle()
    assert room.cloud.live() == []


def test_an_orphan_row_removes_its_own_id_and_no_namesake(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle()
    claims.make_orphan(room.row("net"), "net-77", "sim.a.net", purge=False)
    room.settle()
    assert len(room.there("net")) == 1
    assert room.state("net") == READY


def test_data_gets_no_orphan_row_without_a_purge(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.cloud.create("bucket", "sim.a.bucket.7", "sim.a.bucket", 1, "a")
    claims.make_orphan(room.row("bucket"), "sim.a.bucket.7", "sim.a.bucket.7", purge=False)
    room.settle()
    assert len(room.there("bucket")) == 2
    assert Event.objects.filter(reason="OrphanWithData").exists()


# -- the census ------------------------------------------------------------------------------------------------
def test_an_empty_orphan_goes_at_its_second_sighting(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.cloud.create("net", "sim.a.net", "sim.a.net", 1, "a")
    room.wait(10)
    upkeep.take_census()
    room.settle()
    assert len(room.there("net")) == 1
    room.wait(LONG)
    upkeep.take_census()
    room.settle()
    assert room.there("net") == []


def test_an_id_that_went_and_is_back_is_seen_for_the_first_time_again(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    thing = room.cloud.create("net", "sim.a.net", "sim.a.net", 1, "a")
    room.wait(10)
    upkeep.take_census()
    room.cloud.delete("net", thing.id)
    room.wait(LONG)
    upkeep.take_census()
    back = next(t for t in room.cloud.things if t.id == thing.id)
    back.gone = back.unlisted = FOREVER
    room.wait(LONG)
    upkeep.take_census()
    assert not Resource.objects.filter(orphan=True).exists()


def test_what_a_stack_left_on_another_platform_is_removed_there(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle()
    Resource.objects.filter(name="net").update(platform="the new one")
    room.wait(LONG)
    upkeep.take_census()
    room.wait(LONG)
    upkeep.take_census()
    orphan = Resource.objects.get(orphan=True)
    assert (orphan.platform, orphan.kind) == (PLATFORM, "net")


def test_an_orphan_with_data_is_only_reported(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    room.settle()
    room.cloud.create("bucket", "sim.a.bucket.8", "sim.a.bucket", 1, "a")
    for _ in range(3):
        room.wait(LONG)
        upkeep.take_census()
        room.settle()
    assert len(room.there("bucket")) == 2
    assert OrphanSighting.objects.filter(external_id="sim.a.bucket.8").exists()
    assert not Event.objects.filter(reason="OrphanWithData").exists()  # a sighting, not a line every 15 minutes
    assert not Resource.objects.filter(orphan=True).exists()


def test_what_a_row_waits_for_is_no_orphan(room: Room) -> None:
    room.writes_fail = ["", "", "lost"]
    room.approve({"project": 1, "net": 1, "server": 1})
    room.settle()
    room.cloud.create("server", "sim.a.server", "sim.a.server", 1, "a")
    for _ in range(3):
        room.wait(LONG)
        upkeep.take_census()
    assert not Resource.objects.filter(orphan=True).exists()
    assert not OrphanSighting.objects.exists()


def test_another_installations_objects_are_not_ours_to_see(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    room.cloud.create("net", "prod.a.net", "prod.a.net", 1, "stranger")
    for _ in range(3):
        room.wait(LONG)
        upkeep.take_census()
        room.settle()
    assert len(room.cloud.live("net")) == 1
    assert not OrphanSighting.objects.exists()


def test_an_orphan_that_vanished_by_itself_is_settled(room: Room) -> None:
    thing = room.cloud.create("net", "sim.a.net", "sim.a.net", 1, "a")
    room.wait(10)
    assert census.take(PLATFORM, room.provider, "sim") == 1
    room.cloud.delete("net", thing.id)
    room.wait(10)
    assert census.take(PLATFORM, room.provider, "sim") == 0


# -- a restored database ---------------------------------------------------------------------------------------
def test_nothing_is_written_on_a_restored_database_until_the_report_was_read(room: Room) -> None:
    room.approve({"project": 1, "net": 1})
    room.settle()
    copy = room.store.snapshot()
    room.approve({"project": 1, "net": 1, "key": 1})
    room.settle()
    room.store.restore(copy)
    room.wait(LONG)
    room.cloud.delete("net", room.row("net").external_id)
    sent = room.writes()
    room.cloud.update("project", room.row("project").external_id, {"quota": 5})
    stacks.look_now("a")
    room.work()
    assert room.writes() == sent
    assert room.state("project") == ("blocked", "DatabaseRestored")
    platforms.accept_restored(PLATFORM)
    platforms.carry_out_acceptances()
    room.wait(31)
    room.settle()
    assert room.state("project") == READY
    assert room.there("project")[0].quota == 1


def test_what_is_met_while_the_platform_is_ahead_is_kept_for_ever(room: Room) -> None:
    room.approve({"project": 1})
    room.settle()
    copy = room.store.snapshot()
    room.approve({"project": 1, "net": 1})
    room.settle()
    room.store.restore(copy)
    upkeep.take_census()
    assert [(s.external_id, s.settled_at) for s in OrphanSighting.objects.all()] == [
        (room.there("net")[0].id, None)
    ]
    platforms.accept_restored(PLATFORM)
    platforms.carry_out_acceptances()
    for _again in range(3):
        room.wait(LONG)
        upkeep.take_census()
        room.settle()
    assert len(room.there("net")) == 1
    assert not Resource.objects.filter(orphan=True).exists()


def test_a_platform_that_is_held_is_not_written_in_the_same_claim_either(room: Room) -> None:
    room.approve({"project": 1, "key": 1})

    def meanwhile() -> None:
        PlatformState.objects.update_or_create(platform=PLATFORM, defaults={"held_at": room.time()})

    room.at["recorded create"] = meanwhile
    room.work()
    assert room.audit.sends["create"] == 1


def test_a_newer_object_than_the_database_is_found_and_not_made_twice(room: Room) -> None:
    room.approve({"project": 1, "bucket": 1})
    copy = room.store.snapshot()
    room.settle()
    room.store.restore(copy)
    room.settle()
    assert len(room.there("bucket")) == 1
    assert room.state("bucket") == READY


# -- the rest --------------------------------------------------------------------------------------------------
def test_an_outside_call_inside_a_transaction_is_an_error(room: Room) -> None:
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        outside(lambda: None)


def test_a_platform_that_is_away_is_probed_and_then_asked_again(room: Room) -> None:
    room.reads_fail = "refused"
    room.approve({"project": 1})
    for _ in range(8):
        room.work()
        room.wait(5)
    assert breaker.open_platforms() == {PLATFORM}
    assert not breaker.probe(PLATFORM, room.provider)
    room.reads_fail = ""
    assert not breaker.probe(PLATFORM, room.provider)
    room.wait(1)
    assert breaker.probe(PLATFORM, room.provider)
    room.settle()
    assert room.state("project") == READY


def test_a_worker_that_does_not_serve_a_platform_leaves_its_rows_alone(room: Room) -> None:
    from provisioning.engine.reconciler import reconcile

    room.approve({"project": 1})
    reconcile(room.stack.pk, room.around(frozenset()))
    assert room.cloud.live() == []
    assert Stack.objects.get(pk=room.stack.pk).claim_token is None
