"""A town that has level 1 on a real Ceph changes it, replaces its keys, is suspended, and leaves."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from elaastic.models import Subscription, SubscriptionState
from elaastic.selectors.subscriptions import credentials
from elaastic.services import changing, keys
from lab.deadline import wait_until
from provisioning.domain.conditions import State
from provisioning.selectors.stacks import resources, stacks
from tests.lab.flow.tools import PATH, Computer, make_files, prints
from tests.lab.flow.town import SOON_S, Town, Towns, collected, demo, done, fresh, state
from tests.lab.flow.wire import refusal, s3
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real
KEY_IS_GONE = {"InvalidAccessKeyId", "AccessDenied", "403"}


@pytest.fixture(scope="module")
def town(portal: LivePortal, towns: Towns) -> Town:
    portal.start_worker("a", concurrency=2)
    return towns.ready()


def test_a_running_backup_lives_through_a_new_key_and_ends_with_a_revocation(town: Town, tmp_path: Path) -> None:
    files = make_files(tmp_path / "archivio", mib=60, count=5)
    computer = Computer(tmp_path / "home", dict(town.keys))
    computer.restic("writer", "init")
    # Slow enough to be under way when the key is replaced: what it is about is that it does not end.
    running = subprocess.Popen(
        [
            "sh",
            "-c",
            '. "$0" && exec restic --limit-upload 8192 backup "$1"',
            computer.file("restic", "writer"),
            files,
        ],
        env={"PATH": PATH, "HOME": str(computer.home)},
        cwd=computer.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    done(keys.rotate(subscription=fresh(town), name="writer", by=town.owner))
    assert running.poll() is None, running.communicate()[0]
    said, _nothing = running.communicate(timeout=180)
    assert running.returncode == 0, said
    first = town.keys["writer"]
    computer.keys["writer"] = town.keys["writer"] = collected(town, "writer")
    assert town.keys["writer"].access_key != first.access_key
    computer.restic("writer", "backup", str(files))
    restored = computer.restore("restic", files, tmp_path / "restored")
    assert prints(restored) == prints(files)

    done(keys.revoke(subscription=fresh(town), name="writer", by=demo("operator@region.example")))
    for ended in (first, town.keys["writer"]):
        assert refusal(s3(ended), "list_objects_v2", Bucket=town.bucket) in KEY_IS_GONE
    town.keys["writer"] = collected(town, "writer")
    s3(town.keys["writer"]).put_object(Bucket=town.bucket, Key="dopo", Body=b"3")


def test_more_space_and_a_longer_time_stand_on_the_platform(town: Town, towns: Towns) -> None:
    terms = {**fresh(town).terms, "quota_gib": 3, "retention_days": 40}
    request = changing.change_terms(subscription=town.subscription, terms=terms, by=town.owner)
    towns.decide(request)
    done(request)
    seen = {r.name: r for r in resources(town.subscription.stack_key)}
    assert seen["owner"].condition.state == seen["archive-backup"].condition.state == State.READY
    assert fresh(town).terms["quota_gib"] == 3


def test_a_suspension_stops_the_writer_and_not_who_restores(town: Town) -> None:
    writer, restore = s3(town.keys["writer"]), s3(town.keys["restore"])
    writer.put_object(Bucket=town.bucket, Key="verbale", Body=b"1")
    done(changing.suspend(subscription=fresh(town), by=demo("operator@region.example")))
    assert state(town) == SubscriptionState.SUSPENDED
    assert refusal(writer, "put_object", Bucket=town.bucket, Key="verbale", Body=b"2")
    assert restore.get_object(Bucket=town.bucket, Key="verbale")["Body"].read() == b"1"
    done(changing.resume(subscription=fresh(town), by=demo("operator@region.example")))
    writer.put_object(Bucket=town.bucket, Key="verbale", Body=b"2")


def test_who_leaves_restores_until_the_date_and_then_nothing_is_left(town: Town, towns: Towns) -> None:
    writer, restore = s3(town.keys["writer"]), s3(town.keys["restore"])
    writer.put_object(Bucket=town.bucket, Key="ultimo", Body=b"1")
    request = changing.leave(subscription=fresh(town), by=town.owner)
    towns.decide(request)
    done(request)
    assert state(town) == SubscriptionState.LEAVING
    assert refusal(writer, "put_object", Bucket=town.bucket, Key="ultimo", Body=b"2") in KEY_IS_GONE
    assert restore.get_object(Bucket=town.bucket, Key="ultimo")["Body"].read() == b"1"
    assert [c.name for c in credentials(fresh(town))] == ["restore"]

    before = fresh(town).kept_until
    assert before is not None
    Subscription.objects.filter(pk=town.subscription.pk).update(kept_until=before - timedelta(days=41))
    request = changing.purge(subscription=fresh(town), by=town.owner)
    towns.decide(request)
    key = town.subscription.stack_key
    wait_until("all is gone", lambda: stacks([key])[key].condition.state == State.GONE, timeout_s=300)
    wait_until("it has ended", lambda: state(town) == SubscriptionState.ENDED, timeout_s=SOON_S)
    assert refusal(restore, "get_object", Bucket=town.bucket, Key="ultimo") in KEY_IS_GONE
