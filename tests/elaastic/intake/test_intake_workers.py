"""Workers that die, sleep, meet each other or a silent storage while they read."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from elaastic.models import RecoveryPoint
from elaastic.services import inspecting, intake, watching
from provisioning.domain.errors import PlatformDown
from provisioning.services import images
from tests.elaastic.intake.town import Town, sums
from tests.provisioning.operations import forge

CONTENT = forge.raw(4)
WHERE = {"Bucket": "images", "Key": "files/disk.raw"}


@pytest.fixture
def noted(town: Town) -> Town:
    town.s3().put_object(**WHERE, Body=CONTENT)
    assert intake.note_images(town.row)
    return town


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Do `act` when the first MiB has come, once."""
    real = images.stream

    def stream(where: images.Where) -> Iterator[bytes]:
        chunks = real(where)
        yield next(chunks)
        monkeypatch.setattr(images, "stream", real)
        act()
        yield from chunks

    monkeypatch.setattr(images, "stream", stream)


def the_point(town: Town) -> RecoveryPoint:
    (point,) = town.points()
    return point


def test_two_workers_do_not_read_the_same(noted: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    meanwhile(monkeypatch, lambda: seen.append(inspecting.read_next()))
    assert inspecting.read_next()
    assert seen == [False]
    assert the_point(noted).sha512 == sums(CONTENT)[1]


def test_two_workers_that_list_at_once_note_it_once(town: Town) -> None:
    town.s3().put_object(**WHERE, Body=CONTENT)
    row, listed = town.row, images.versions(town.row.stack_key, "images")
    began = intake.now()
    assert intake.note_images(row)
    intake._note(row, "images", listed, began)
    town.s3().put_object(**WHERE, Body=forge.raw())
    assert intake.note_images(row)
    intake._note(row, "images", listed, began)  # an older listing, finished later
    assert [p.gone_at for p in town.points()] == [None, None]


def test_who_slept_past_its_claim_leaves_the_verdict_to_the_other(
    noted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_takes_over() -> None:
        noted.wait(seconds=61)
        assert inspecting.read_next()

    meanwhile(monkeypatch, another_takes_over)
    monkeypatch.setattr(inspecting, "RENEW_S", 0)
    assert inspecting.read_next()
    point = the_point(noted)
    assert (point.state, point.sha512) == ("usable", sums(CONTENT)[1])
    assert point.claim_token is None


def test_a_claim_is_renewed_while_the_bytes_pass(noted: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def long_after() -> None:
        noted.wait(seconds=59)

    meanwhile(monkeypatch, long_after)
    real = inspecting._Renewing._renew

    def renewed(self: Any) -> None:
        real(self)
        noted.wait(seconds=2)
        seen.append(inspecting.read_next())

    monkeypatch.setattr(inspecting._Renewing, "_renew", renewed)
    monkeypatch.setattr(inspecting, "RENEW_S", 0)
    assert inspecting.read_next()
    assert seen and not any(seen)
    assert the_point(noted).state == "usable"


def test_a_child_that_dies_is_no_verdict_but_the_third_time(noted: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill() -> None:
        children = psutil.Process().children()
        for process in [one for one in children if one.status() != psutil.STATUS_ZOMBIE]:  # another test's
            if "provisioning.operations.images.child" in process.cmdline():
                process.kill()
                process.wait()

    states = []
    for _try in range(inspecting.MOST_TRIES):
        meanwhile(monkeypatch, kill)
        assert inspecting.read_next()
        assert not inspecting.read_next()
        states.append(the_point(noted).state)
        noted.wait(minutes=6)
    assert states == ["looking", "looking", "refused"]
    assert the_point(noted).reason == "Uninspectable"


def test_an_image_that_ends_the_worker_itself_is_refused_in_the_end(
    noted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the worker's own runs when it is killed: its claim is all that it leaves."""

    def die() -> None:
        raise SystemExit

    for tries in range(inspecting.MOST_DEATHS):
        meanwhile(monkeypatch, die)
        with pytest.raises(SystemExit):
            inspecting.read_next()
        assert not inspecting.read_next()
        point = the_point(noted)
        assert (point.state, point.tries) == ("looking", tries)
        noted.wait(seconds=61)
    assert inspecting.read_next()
    point = the_point(noted)
    assert (point.state, point.reason, point.claim_token) == ("refused", "WorkerLost", None)
    assert not inspecting.read_next()
    watching.tick()
    assert [alert.kind for alert in noted.row.alerts.filter(machine="files", ended_at=None)] == ["refused"]


def test_an_image_over_which_some_workers_died_is_usable_all_the_same(
    noted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise SystemExit

    for _death in range(inspecting.MOST_DEATHS - 1):
        meanwhile(monkeypatch, die)
        with pytest.raises(SystemExit):
            inspecting.read_next()
        noted.wait(seconds=61)
    assert inspecting.read_next()
    assert the_point(noted).state == "usable"


def test_a_storage_that_breaks_off_is_asked_again_and_never_refuses(
    noted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise PlatformDown("The gateway went away.")

    for _try in range(inspecting.MOST_TRIES + 2):
        meanwhile(monkeypatch, away)
        assert inspecting.read_next()
        assert not inspecting.read_next()
        point = the_point(noted)
        assert (point.state, point.unreadable, point.tries) == ("looking", True, 0)
        noted.wait(minutes=6)
    assert inspecting.read_next()
    point = the_point(noted)
    assert (point.state, point.unreadable) == ("usable", False)


def test_an_archive_that_cannot_be_listed_changes_nothing(noted: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(stack_key: str, archive: str) -> list[images.Version]:
        raise PlatformDown("The gateway went away.")

    monkeypatch.setattr(images, "versions", away)
    assert not intake.note_images(noted.row)
    assert the_point(noted).gone_at is None


def test_what_goes_while_it_is_read_is_a_tombstone_and_no_verdict(
    noted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def destroy() -> None:
        noted.destroy(the_point(noted))
        noted.wait(seconds=1)
        assert intake.note_images(noted.row)

    meanwhile(monkeypatch, destroy)
    monkeypatch.setattr(inspecting, "RENEW_S", 0)
    assert inspecting.read_next()
    point = the_point(noted)
    assert point.gone_at is not None and point.state == "looking"
    assert not inspecting.read_next()
