"""On a real Ceph with real workers: images that ordinary programs upload become recovery points, also when the
worker that reads one is killed; and nothing waits for a long read.

The town was given machines by hand: this region has no system to start them on.
"""

import hashlib
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from elaastic.levels.level2_terms import DEFAULTS
from elaastic.models import RecoveryPoint, Subscription
from elaastic.selectors.recovery import newest_usable
from elaastic.selectors.uploads import upload_commands
from lab.deadline import wait_until
from provisioning.services.clock import now
from tests.lab.flow.tools import Computer
from tests.lab.flow.town import SOON_S, Town, Towns, fresh
from tests.lab.flow.wire import s3
from tests.lab.workers import LivePortal
from tests.provisioning.operations import forge

pytestmark = pytest.mark.real
CHILD = "provisioning.operations.images.child"


@pytest.fixture(scope="module")
def town(portal: LivePortal, towns: Towns) -> Town:
    portal.start_worker("a")
    made = towns.ready(archives=[{"name": n, "expected_interval_hours": 168} for n in ("backup", "images")])
    files = DEFAULTS["machines"][0]
    machines = {"machines": [files, {**files, "name": "web"}], "images_in": "images"}
    Subscription.objects.filter(pk=made.subscription.pk).update(level=2, terms={**fresh(made).terms, **machines})
    return made


def ask_for_a_look(town: Town) -> None:
    Subscription.objects.filter(pk=town.subscription.pk).update(look_due=now())


def look(town: Town) -> None:
    """A worker lists the archive now."""
    ask_for_a_look(town)
    wait_until("a look", lambda: fresh(town).look_due is None, timeout_s=SOON_S)


def becomes_usable(town: Town, machine: str) -> RecoveryPoint:
    wait_until("a usable image", lambda: newest_usable(fresh(town), machine), timeout_s=SOON_S)
    found = newest_usable(fresh(town), machine)
    assert found is not None
    return found


def qcow2(path: Path, mib: int) -> Path:
    """A disk with this much in it, by the real qemu-img."""
    raw = path.with_suffix(".raw")
    raw.write_bytes(forge.raw()[:512] + os.urandom(mib * forge.MIB - 512))
    words = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(path)]
    subprocess.run(words, check=True)
    return path


@pytest.mark.parametrize(("tool", "machine", "mib"), [("rclone", "files", 2), ("awscli", "web", 20)])
def test_the_pages_own_command_puts_a_real_image_where_it_is_found(
    town: Town, tmp_path: Path, tool: str, machine: str, mib: int
) -> None:
    computer = Computer(tmp_path / "home", dict(town.keys))
    computer.file(tool, "writer")
    image = qcow2(computer.home / "writer" / f"{machine}.qcow2", mib)
    commands = dict(upload_commands(town.keys["writer"].connection.endpoint, "images", machine))
    computer.run("sh", "-c", f"cd writer && {commands['rclone' if tool == 'rclone' else 'aws-cli']}")
    look(town)
    point = becomes_usable(town, machine)
    content = image.read_bytes()
    assert (point.sha256, point.sha512) == (
        hashlib.sha256(content).hexdigest(),
        hashlib.sha512(content).hexdigest(),
    )
    assert (point.form, point.virtual_bytes, point.key) == ("qcow2", mib * forge.MIB, f"{machine}/{image.name}")
    assert ("-" in point.etag) == (tool == "awscli")  # in parts


def test_half_an_upload_is_no_point(town: Town) -> None:
    client, at = s3(town.keys["writer"]), {"Bucket": "images", "Key": "files/half.raw"}
    upload = client.create_multipart_upload(**at)["UploadId"]
    client.upload_part(**at, UploadId=upload, PartNumber=1, Body=bytes(5 * forge.MIB))
    look(town)
    assert not RecoveryPoint.objects.filter(key=at["Key"]).exists()


def test_a_worker_killed_in_the_middle_of_a_read_leaves_one_point_and_a_long_read_holds_up_nothing(
    portal: LivePortal, town: Town
) -> None:
    content = forge.raw(64)
    s3(town.keys["writer"]).put_object(Bucket="images", Key="files/large.raw", Body=content)
    ask_for_a_look(town)
    child = _stopped_child(portal, "worker-a")
    look(town)  # the same worker's other work goes on meanwhile
    point = RecoveryPoint.objects.get(key="files/large.raw")
    assert point.state == "looking" and point.claim_token is not None
    portal.kill("worker-a")
    child.kill()
    portal.start_worker("b")
    RecoveryPoint.objects.filter(pk=point.pk).update(claim_until=now())  # the claim ran out
    wait_until("a verdict", lambda: _state(point) == "usable", timeout_s=SOON_S)
    (point,) = RecoveryPoint.objects.filter(key="files/large.raw")
    assert (point.sha512, point.claim_token) == (hashlib.sha512(content).hexdigest(), None)


def _state(point: RecoveryPoint) -> str:
    point.refresh_from_db()
    return point.state


def _stopped_child(portal: LivePortal, worker: str) -> psutil.Process:
    """The process that looks at the image, held so that the read cannot end."""
    head = psutil.Process(portal.family(worker)[0].pid)
    found: list[psutil.Process] = []

    def is_there() -> bool:
        found[:] = [one for one in head.children(recursive=True) if CHILD in one.cmdline()]
        return bool(found)

    wait_until("the process that looks", is_there, timeout_s=SOON_S, every_s=0.01)
    found[0].suspend()
    return found[0]
