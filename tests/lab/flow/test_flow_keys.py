"""One town's level 1 on a real Ceph, used with the tools that a town has and the files that the portal gives it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from rgwadmin import RGWAdmin
from rgwadmin.exceptions import AccessDenied

from elaastic.levels.level1 import blueprint
from lab.ceph.cluster import CephCluster
from lab.deadline import wait_until
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Placement
from provisioning.selectors.stacks import plan, stacks
from provisioning.services.stacks import approve_plan, propose_plan
from tests.lab.flow.tools import Computer, make_files, prints
from tests.lab.flow.town import Town, Towns
from tests.lab.flow.wire import refusal, s3
from tests.lab.workers import LivePortal, Stage

pytestmark = pytest.mark.real

TOOLS = ("restic", "rclone", "s3cmd", "awscli")
FORBIDDEN = {"AccessDenied"}
ABSENT = {"NoSuchBucket", "404"}


@pytest.fixture(scope="module")
def worker(portal: LivePortal) -> None:
    portal.start_worker("a", concurrency=2)


@pytest.fixture(scope="module")
def town(worker: None, towns: Towns) -> Town:
    return towns.ready()


@pytest.fixture(scope="module")
def stranger(worker: None, towns: Towns) -> Town:
    return towns.ready(archives=[{"name": "altro", "expected_interval_hours": 24}])


@pytest.fixture(scope="module")
def computer(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Computer:
    return Computer(tmp_path_factory.mktemp("town") / "home", town.keys)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    yield make_files(folder / "archivio", mib=100, count=7)
    shutil.rmtree(folder)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """Gone after the test: pytest would keep hundreds of MiB of three runs."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("tool", TOOLS)
def test_100_mib_come_back_byte_identical_with_the_restore_key(
    computer: Computer, files: Path, scratch: Path, tool: str
) -> None:
    computer.back_up(tool, files)
    restored = computer.restore(tool, files, scratch / "restored")
    assert prints(restored) == prints(files)


def test_what_the_writer_deletes_by_object_is_still_there_by_version(town: Town) -> None:
    writer, restore = s3(town.keys["writer"]), s3(town.keys["restore"])
    place = {"Bucket": town.bucket, "Key": "verbali/1"}
    writer.put_object(**place, Body=b"first")
    writer.put_object(**place, Body=b"second")
    writer.delete_object(**place)
    assert refusal(restore, "get_object", **place) == "NoSuchKey"
    found = restore.list_object_versions(Bucket=town.bucket, Prefix=place["Key"])
    bodies = [restore.get_object(**place, VersionId=v["VersionId"])["Body"].read() for v in found["Versions"]]
    assert sorted(bodies) == [b"first", b"second"]
    for version in [*found["Versions"], *found["DeleteMarkers"]]:
        assert refusal(writer, "delete_object", **place, VersionId=version["VersionId"]) in FORBIDDEN


def test_what_rclone_deletes_with_the_writer_key_comes_back_as_of_before(computer: Computer, scratch: Path) -> None:
    source = make_files(scratch / "source", mib=2, count=3)
    computer.rclone("writer", "copy", str(source), computer.remote("writer", "cancellati"))
    before = whole_second_later(computer)
    computer.rclone("writer", "delete", computer.remote("writer", "cancellati"))
    assert computer.rclone("restore", "lsf", "-R", "--files-only", computer.remote("restore", "cancellati")) == ""
    at = ["--s3-version-at", before]
    far = computer.remote("restore", "cancellati")
    computer.rclone("restore", "copy", *at, far, str(scratch / "restored"))
    assert prints(scratch / "restored") == prints(source)


def test_what_restic_forgets_with_the_writer_key_comes_back_as_of_before(
    computer: Computer, files: Path, scratch: Path
) -> None:
    """An intruder with the writer's key forgets and prunes everything; the repository of before is fetched."""
    before = whole_second_later(computer)
    snapshots = json.loads(computer.restic("writer", "snapshots", "--json"))
    computer.restic("writer", "forget", "--prune", *(one["id"] for one in snapshots))
    assert json.loads(computer.restic("restore", "snapshots", "--no-lock", "--json")) == []
    skip = ["--exclude", "/{rclone,s3cmd,awscli,verbali,cancellati}/**"]
    repository = str(scratch / "repository")
    far = computer.remote("restore", "")
    computer.rclone("restore", "copy", "--s3-version-at", before, *skip, far, repository)
    password = str(computer.home / ".restic-password")
    local = ["restic", "-r", repository, "--password-file", password, "restore", "latest"]
    computer.run(*local, "--no-lock", "--target", str(scratch / "restored"))
    assert prints(scratch / "restored" / files.relative_to("/")) == prints(files)


def whole_second_later(computer: Computer) -> str:
    """A moment after everything written so far and before everything that follows, by the gateway's clock.

    Versions carry times of whole seconds for a listing, so the next second is waited for.
    """
    began = datetime.now(UTC).replace(microsecond=0)
    wait_until("the next second", lambda: datetime.now(UTC) > began + timedelta(seconds=1.1))
    return (began + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")


ASKS: tuple[tuple[str, dict[str, str]], ...] = (
    ("list_objects_v2", {}),
    ("list_object_versions", {}),
    ("head_bucket", {}),
    ("get_bucket_policy", {}),
    ("get_object", {"Key": "verbali/1"}),
    ("head_object", {"Key": "verbali/1"}),
    ("delete_object", {"Key": "verbali/1"}),
)


@pytest.mark.parametrize("credential", ["writer", "restore"])
@pytest.mark.parametrize(("call", "words"), ASKS, ids=[call for call, _ in ASKS])
def test_another_authority_s_keys_see_nothing(
    town: Town, stranger: Town, credential: str, call: str, words: dict[str, str]
) -> None:
    theirs, own = s3(stranger.keys[credential]), s3(town.keys["restore"])
    s3(town.keys["writer"]).put_object(Bucket=town.bucket, Key="verbali/1", Body=b"private")
    assert refusal(theirs, call, Bucket=town.bucket, **words) in ABSENT
    assert refusal(theirs, call, Bucket=f"{town.tenant}:{town.bucket}", **words) in FORBIDDEN | {"403"}
    assert own.get_object(Bucket=town.bucket, Key="verbali/1")["Body"].read() == b"private"


@pytest.mark.parametrize("credential", ["writer", "restore"])
def test_no_handed_out_key_makes_a_bucket_or_lists_what_exists(stranger: Town, credential: str) -> None:
    theirs = s3(stranger.keys[credential])
    assert refusal(theirs, "create_bucket", Bucket="mine") in FORBIDDEN | {"TooManyBuckets"}
    assert theirs.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("credential", ["writer", "restore"])
def test_no_handed_out_key_opens_the_gateway_s_administration(
    ceph_lab: CephCluster, town: Town, stranger: Town, credential: str
) -> None:
    key = stranger.keys[credential]
    server = ceph_lab.url.removeprefix("http://")
    administration = RGWAdmin(key.access_key, key.secret_key, server, secure=False)
    for call, words in (
        ("get_user", {"uid": f"{town.tenant}$owner"}),
        ("get_metadata", {"metadata_type": "user"}),
        ("get_bucket", {"bucket": f"{town.tenant}/{town.bucket}"}),
        ("get_usage", {}),
    ):
        with pytest.raises(AccessDenied):
            getattr(administration, call)(**words)


def test_the_restore_key_writes_nothing(town: Town) -> None:
    restore = s3(town.keys["restore"])
    place = {"Bucket": town.bucket, "Key": "verbali/2"}
    s3(town.keys["writer"]).put_object(**place, Body=b"kept")
    assert refusal(restore, "put_object", **place, Body=b"mine") in FORBIDDEN
    assert refusal(restore, "delete_object", **place) in FORBIDDEN
    assert restore.get_object(**place)["Body"].read() == b"kept"


def test_with_one_site_lost_backups_and_restores_go_on(
    ceph_lab: CephCluster, town: Town, computer: Computer, files: Path, scratch: Path
) -> None:
    """Three copies, one OSD killed: what was there is read, and what is new is written and read."""
    fresh = make_files(scratch / "fresh", mib=10, count=3)
    with ceph_lab.lost_site("pu"):
        old = computer.restore("awscli", files, scratch / "old")
        computer.rclone("writer", "copy", str(fresh), computer.remote("writer", "rclone-senza-pesaro"))
        far = computer.remote("restore", "rclone-senza-pesaro")
        computer.rclone("restore", "copy", far, str(scratch / "new"))
    assert prints(old) == prints(files)
    assert prints(scratch / "new") == prints(fresh)


def test_a_suspended_writer_writes_nothing_and_everything_is_still_restored(town: Town) -> None:
    """And lifting the suspension lets it write again: nothing was lost by it."""
    place = {"Bucket": town.bucket, "Key": "verbali/3"}
    writer, restore = s3(town.keys["writer"]), s3(town.keys["restore"])
    writer.put_object(**place, Body=b"before")
    suspend_writer(town, suspended=True)
    assert refusal(writer, "put_object", **place, Body=b"during") == "UserSuspended"
    assert refusal(writer, "delete_object", **place) == "UserSuspended"
    assert restore.get_object(**place)["Body"].read() == b"before"
    suspend_writer(town, suspended=False)
    writer.put_object(**place, Body=b"after")
    assert restore.get_object(**place)["Body"].read() == b"after"


def suspend_writer(town: Town, *, suspended: bool) -> None:
    """A plan whose one change is the writer's suspension, approved and reconciled by the worker."""
    key = town.subscription.stack_key
    manifest = blueprint(town.subscription.terms, placement := Placement.parse(town.subscription.placement))
    told = tuple(
        replace(r, spec={**r.spec, "suspended": suspended}) if r.name == "writer" else r for r in manifest.resources
    )
    shown = plan(propose_plan(key, replace(manifest, resources=told), placement))
    assert shown is not None
    assert [(c["name"], c["action"]) for c in shown.changes] == [("writer", "update")]
    approve_plan(shown.id, shown.digest)
    wait_until("the plan applied", lambda: stacks([key])[key].condition.state == State.READY)


def test_backups_go_on_while_portal_broker_and_database_are_stopped(
    portal: LivePortal, stage: Stage, town: Town, computer: Computer, scratch: Path
) -> None:
    """The keys live in the data plane: the portal is needed to get them and not to use them."""
    source = make_files(scratch / "source", mib=5, count=3)
    connection.close()
    portal.kill("worker-a")
    portal.redis.down(keep=True)
    stage.postgres.down(keep=True)
    try:
        computer.s3cmd("writer", "sync", "--no-progress", f"{source}/", f"s3://{computer.bucket}/senza/")
        there = scratch / "restored"
        there.mkdir()
        computer.s3cmd("restore", "sync", "--no-progress", f"s3://{computer.bucket}/senza/", f"{there}/")
        assert prints(there) == prints(source)
    finally:
        stage.postgres.start()
        portal.redis.start()
