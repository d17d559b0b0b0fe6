"""The other ways to the archives, on a real Ceph: SFTP and WebDAV through the gateway, Swift at the storage itself.

Each is used with the programs that a town has and the files that the portal gives it.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from elaastic.models import Request
from elaastic.services import changing
from elaastic.services.collecting import connection_of
from lab.deadline import wait_until
from lab.gateway import Gateway
from tests.lab.flow.gateways import EVERY_WAY, own_gateway
from tests.lab.flow.test_flow_keys import whole_second_later
from tests.lab.flow.tools import Computer, make_files, prints
from tests.lab.flow.town import SOON_S, Keys, Town, Towns
from tests.lab.flow.wire import s3
from tests.lab.workers import LivePortal, Stage

pytestmark = pytest.mark.real

TOOLS = ("sftp", "rclone-sftp", "webdav", "swift")


@pytest.fixture(scope="module")
def gateway(portal: LivePortal) -> Iterator[Gateway]:
    with own_gateway(portal) as made:
        portal.start_worker("a", concurrency=2)
        yield made


@pytest.fixture(scope="module")
def town(gateway: Gateway, towns: Towns) -> Town:
    return towns.ready(protocols=EVERY_WAY)


@pytest.fixture(scope="module")
def stranger(gateway: Gateway, towns: Towns) -> Town:
    return towns.ready(protocols=EVERY_WAY, archives=[{"name": "altro", "expected_interval_hours": 24}])


@pytest.fixture
def computer(town: Town, tmp_path: Path) -> Computer:
    return Computer(tmp_path / "home", dict(town.keys))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    yield make_files(folder / "archivio", mib=100, count=7)
    shutil.rmtree(folder)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("tool", TOOLS)
def test_100_mib_come_back_byte_identical_with_the_restore_key(
    computer: Computer, files: Path, scratch: Path, tool: str
) -> None:
    computer.back_up(tool, files)
    assert prints(computer.restore(tool, files, scratch / "restored")) == prints(files)


def test_the_host_key_that_is_handed_out_is_the_gateway_s(computer: Computer) -> None:
    """Another one is refused by the client before it says a password."""
    assert computer.sftp("restore", "ls backup") == 0, computer.said
    key = computer.keys["restore"]
    other = "ssh-ed25519 " + "A" * 24 + key.connection.host_key.split()[1][24:]
    computer.keys["restore"] = replace(key, connection=replace(key.connection, host_key=other))
    assert computer.sftp("restore", "ls backup") != 0
    assert "Host key verification failed" in computer.said


@pytest.mark.parametrize("way", ["rclone-sftp", "webdav"])
def test_what_the_writer_deletes_the_restore_key_reads_among_the_versions(
    computer: Computer, scratch: Path, way: str
) -> None:
    source, folder = make_files(scratch / "source", mib=2, count=3), f"cancellati-{way}"
    computer.known_host()
    assert computer.through(way, "writer", "copy", str(source), f"FAR/{folder}") == 0, computer.said
    assert computer.through(way, "writer", "delete", f"FAR/{folder}") == 0, computer.said
    assert computer.through(way, "restore", "copy", f"FAR.versions/{folder}", str(scratch / "back")) == 0
    found = sorted(prints(scratch / "back").values())
    assert found == sorted(prints(source).values())


def test_what_the_writer_deletes_over_swift_the_restore_key_restores_over_s3(
    computer: Computer, scratch: Path
) -> None:
    source = make_files(scratch / "source", mib=2, count=3)
    words = ["upload", computer.bucket, str(source), "--object-name", "via", "--skip-container-put"]
    assert computer.swift("writer", *words) == 0, computer.said
    before = whole_second_later(computer)
    assert computer.swift("writer", "delete", computer.bucket, "-p", "via/") == 0, computer.said
    computer.swift("restore", "list", computer.bucket, "-p", "via/")
    assert computer.said == ""
    at = ["--s3-version-at", before]
    computer.rclone("restore", "copy", *at, computer.remote("restore", "via"), str(scratch / "back"))
    assert prints(scratch / "back") == prints(source)


def test_a_writer_over_swift_puts_no_end_to_what_is_there(computer: Computer, scratch: Path) -> None:
    """An end date in the Swift API would destroy even a locked version: the writer is no owner to it."""
    (scratch / "atto").write_text("firmato")
    where = [computer.bucket, "atti/1"]
    upload = ["upload", computer.bucket, str(scratch / "atto"), "--object-name", "atti/1", "--skip-container-put"]
    assert computer.swift("writer", *upload) == 0, computer.said
    for words in (
        ["post", *where, "-H", "X-Delete-After: 1"],
        ["post", *where, "-m", "a:b"],
        ["post", computer.bucket, "-r", ".r:*"],
        ["post", computer.bucket, "-H", "X-Versions-Location: atti"],
        ["post", "-m", "Temp-URL-Key:mine"],
        ["post", "nuovo"],
    ):
        assert computer.swift("writer", *words) != 0, words
        assert "403" in computer.said or "401" in computer.said, computer.said
    assert computer.swift("restore", "download", *where, "-o", "-") == 0
    assert "firmato" in computer.said


@pytest.mark.parametrize("way", ["rclone-sftp", "webdav"])
def test_the_restore_key_writes_and_deletes_nothing(computer: Computer, scratch: Path, way: str) -> None:
    (scratch / "uno").mkdir()
    (scratch / "uno" / "a").write_text("1")
    computer.known_host()
    far = f"FAR/solo-{way}"
    assert computer.through(way, "writer", "copy", str(scratch / "uno"), far) == 0, computer.said
    (scratch / "uno" / "b").write_text("2")
    once = ["--retries", "1", "--low-level-retries", "1"]
    assert computer.through(way, "restore", "copy", *once, str(scratch / "uno"), far) != 0
    assert computer.through(way, "restore", "delete", *once, far) != 0
    names = {o["Key"] for o in s3(computer.keys["restore"]).list_objects_v2(Bucket=computer.bucket)["Contents"]}
    assert {n for n in names if n.startswith(f"solo-{way}")} == {f"solo-{way}/a"}


def test_another_authority_s_keys_see_nothing(stranger: Town, town: Town, scratch: Path) -> None:
    theirs = Computer(scratch / "home", dict(stranger.keys))
    assert theirs.sftp("restore", "ls -1") == 0, theirs.said
    assert "altro" in theirs.said
    assert town.bucket not in theirs.said.split()
    assert theirs.sftp("writer", f"ls {town.bucket}") != 0
    theirs.known_host()
    for way in ("rclone-sftp", "webdav"):
        at_theirs = f"elaastic-writer-{way.removeprefix('rclone-')}:{town.bucket}"
        assert theirs.attempt("rclone", "--config", str(theirs.file(way, "writer")), "lsf", at_theirs) != 0
    assert theirs.swift("writer", "list", town.bucket) != 0
    assert theirs.swift("writer", "list", f"{town.tenant}:{town.bucket}") != 0


@pytest.mark.parametrize("way", ["sftp", "rclone-sftp", "webdav", "swift"])
def test_a_wrong_password_opens_nothing_even_while_the_right_one_is_in_use(computer: Computer, way: str) -> None:
    """rclone keeps what a login opened for five minutes, under the user's name alone."""
    computer.known_host()
    ask = {
        "sftp": lambda: computer.sftp("writer", f"ls {computer.bucket}"),
        "swift": lambda: computer.swift("writer", "stat", computer.bucket),
    }.get(way, lambda: computer.through(way, "writer", "lsf", "FAR"))
    assert ask() == 0, computer.said
    computer.keys["writer"] = replace(computer.keys["writer"], secret_key="x" * 40)
    assert ask() != 0


def kill(gateway: Gateway, protocol: str) -> None:
    found = gateway.daemons.get(protocol)
    assert found is not None
    found.send(signal.SIGKILL)
    wait_until("its end", lambda: not found.alive())


@pytest.mark.parametrize("protocol", ["sftp", "webdav"])
def test_what_was_acknowledged_outlives_a_killed_gateway(
    gateway: Gateway, portal: LivePortal, computer: Computer, scratch: Path, protocol: str
) -> None:
    way = "rclone-sftp" if protocol == "sftp" else protocol
    source = make_files(scratch / "source", mib=20, count=3)
    computer.known_host()
    assert computer.through(way, "writer", "copy", str(source), f"FAR/ucciso-{way}") == 0, computer.said
    kill(gateway, protocol)
    computer.rclone("restore", "copy", computer.remote("restore", f"ucciso-{way}"), str(scratch / "direct"))
    assert prints(scratch / "direct") == prints(source)
    gateway.up(portal.ceph.url, "marche")
    assert computer.through(way, "restore", "copy", f"FAR/ucciso-{way}", str(scratch / "again")) == 0, computer.said
    assert prints(scratch / "again") == prints(source)


def test_a_gateway_killed_in_the_middle_acknowledges_nothing(
    gateway: Gateway, portal: LivePortal, computer: Computer, scratch: Path
) -> None:
    """The client sees that it failed, and no half of a file stands where a whole one is expected."""
    (scratch / "grande").write_bytes(b"x" * 60 * 2**20)
    computer.known_host()
    file = str(computer.file("rclone-sftp", "writer"))
    slow = ["--bwlimit", "10M", "--retries", "1", "--low-level-retries", "1"]
    far = f"elaastic-writer-sftp:{computer.bucket}/interrotto"
    running = subprocess.Popen(
        ["rclone", "--config", file, "copy", *slow, str(scratch / "grande"), far],
        env={"PATH": "/usr/bin:/bin", "HOME": str(computer.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    uploads = s3(computer.keys["writer"])
    wait_until("it is under way", lambda: uploads.list_multipart_uploads(Bucket=computer.bucket).get("Uploads"))
    kill(gateway, "sftp")
    running.communicate(timeout=60)
    assert running.returncode != 0
    gateway.up(portal.ceph.url, "marche")
    found = s3(computer.keys["restore"]).list_objects_v2(Bucket=computer.bucket, Prefix="interrotto")
    assert found["KeyCount"] == 0


def test_backups_over_sftp_go_on_while_portal_broker_and_database_are_stopped(
    gateway: Gateway, portal: LivePortal, stage: Stage, computer: Computer, scratch: Path
) -> None:
    """Logging in anew included: the gateway asks the storage, and nobody else."""
    source = make_files(scratch / "source", mib=5, count=3)
    computer.known_host()
    connection.close()
    portal.kill("worker-a")
    portal.redis.down(keep=True)
    stage.postgres.down(keep=True)
    kill(gateway, "sftp")  # nothing that it remembers helps it
    gateway.up(portal.ceph.url, "marche")
    try:
        assert computer.through("rclone-sftp", "writer", "copy", str(source), "FAR/senza") == 0, computer.said
        back = computer.through("rclone-sftp", "restore", "copy", "FAR/senza", str(scratch / "back"))
        assert back == 0, computer.said
        assert prints(scratch / "back") == prints(source)
    finally:
        stage.postgres.start()
        portal.redis.start()
        portal.start_worker("a", concurrency=2)


@pytest.fixture
def impatient(gateway: Gateway, portal: LivePortal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a starved machine does now and then, always: no piece of a file waits for another."""
    with monkeypatch.context() as here:
        here.setenv("GATEWAY_PIECES_WAIT", "1ms")
        kill(gateway, "sftp")
        gateway.up(portal.ceph.url, "marche")
        yield
    kill(gateway, "sftp")
    gateway.up(portal.ceph.url, "marche")


@pytest.mark.usefixtures("impatient")
def test_no_half_of_a_file_overtakes_the_whole(computer: Computer, scratch: Path) -> None:
    """rclone sends a refused file again; what it had not closed would be stored when it hangs up, as the newest."""
    source = make_files(scratch / "source", mib=5, count=3)
    computer.known_host()
    for turn in range(5):
        far = f"FAR/intero/{turn}"
        assert computer.through("rclone-sftp", "writer", "copy", str(source), far) == 0, computer.said
        assert "Illegal seek" not in computer.said
    computer.rclone("restore", "copy", computer.remote("restore", "intero"), str(scratch / "direct"))
    for turn in range(5):
        assert prints(scratch / "direct" / str(turn)) == prints(source)


def test_no_secret_stands_in_the_gateway_s_logs(gateway: Gateway, town: Town, stranger: Town) -> None:
    said = "".join(gateway.daemons.log(name).read_text(errors="replace") for name in ("sftp", "webdav"))
    assert "SSH login failed" in said
    for owner in (town, stranger):
        for key in owner.keys.values():
            assert key.secret_key not in said


def changed(town: Town, towns: Towns, protocols: list[str]) -> None:
    """The town asks, the region says yes, the worker does it."""
    town.subscription.refresh_from_db()
    terms = {**town.subscription.terms, "protocols": protocols}
    request = changing.change_terms(subscription=town.subscription, terms=terms, by=town.owner)
    towns.decide(request)
    wait_until("it is done", lambda: Request.objects.get(pk=request.pk).applied_at is not None, timeout_s=SOON_S)
    town.subscription.refresh_from_db()


def opens(computer: Computer) -> dict[str, bool]:
    """Which ways give out a file for the writer's key, just now."""
    return {
        "sftp": computer.through("rclone-sftp", "writer", "cat", "FAR/prima") == 0 and computer.said == "ecco",
        "webdav": computer.through("webdav", "writer", "cat", "FAR/prima") == 0 and computer.said == "ecco",
        "swift": computer.swift("writer", "stat", computer.bucket) == 0,
    }


def test_a_change_of_protocols_is_one_plan_and_binds_at_once(gateway: Gateway, towns: Towns, scratch: Path) -> None:
    """With S3 alone each gateway refuses the key; chosen, it opens; taken away, it ends, open sessions too."""
    town = towns.ready()
    everywhere = town.keys["writer"].connection
    assert everywhere.ways == {}
    town.subscription.terms["protocols"] = EVERY_WAY
    full = connection_of(town.subscription)
    keys = {name: Keys(k.access_key, k.secret_key, full) for name, k in town.keys.items()}
    computer = Computer(scratch / "home", keys)
    computer.known_host()
    s3(town.keys["writer"]).put_object(Bucket=town.bucket, Key="prima", Body=b"ecco")
    assert opens(computer) == {"sftp": False, "webdav": False, "swift": False}
    changed(town, towns, EVERY_WAY)
    assert opens(computer) == {"sftp": True, "webdav": True, "swift": True}
    assert connection_of(town.subscription) == full
    changed(town, towns, ["s3", "webdav"])
    assert opens(computer) == {"sftp": False, "webdav": True, "swift": False}
    changed(town, towns, ["s3"])
    assert opens(computer) == {"sftp": False, "webdav": False, "swift": False}
    assert f"{town.tenant}/elaastic.door" not in towns.portal.buckets_on_cluster()
    s3(town.keys["writer"]).put_object(Bucket=town.bucket, Key="ancora", Body=b"1")
