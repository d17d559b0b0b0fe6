"""On a real Ceph with real workers: what arrived is seen at a click, comes back with a town's own programs, and a
site that is lost is named with what that means.
"""

import os
from pathlib import Path

import pytest
from django.test import Client

from elaastic.models import RestoreState, RestoreTest, Subscription, Verification
from elaastic.selectors.restores import command
from elaastic.services import arriving, changing, proving
from elaastic.services.collecting import connection_of
from lab.ceph.cluster import CephCluster
from lab.deadline import wait_until
from provisioning.models import ArrivedObject, TimedWork
from provisioning.selectors.capacity import platforms
from provisioning.services.clock import now
from tests.lab.flow.tools import Computer
from tests.lab.flow.town import SOON_S, Town, Towns, demo, done, fresh
from tests.lab.flow.wire import s3
from tests.lab.workers import LivePortal
from tests.personas import sign_in

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def town(portal: LivePortal, towns: Towns) -> Town:
    portal.start_worker("a", concurrency=2)
    return towns.ready(archives=[{"name": n, "expected_interval_hours": 24} for n in ("backup", "cifrato")])


@pytest.fixture
def computer(town: Town, tmp_path: Path) -> Computer:
    return Computer(tmp_path / "home", dict(town.keys))


def begun(town: Town, archive: str, tool: str) -> RestoreTest:
    return proving.begin_restore_test(subscription=town.subscription, archive=archive, tool=tool, by=town.owner)


def reaches(test: RestoreTest, state: RestoreState) -> RestoreTest:
    def there() -> bool:
        test.refresh_from_db()
        return test.state == state

    wait_until(f"the test {state}", there, timeout_s=SOON_S)
    return test


def pasted(computer: Computer, town: Town, test: RestoreTest) -> str:
    """The page's command in a shell, in the folder where the file of the restore key is; what it printed."""
    key = town.keys["restore"]
    computer.file(test.tool, "restore")
    access = connection_of(town.subscription).access("restore", key.access_key)
    return computer.run("sh", "-c", f"cd restore && {command(test, access)}")


def test_looking_now_sees_the_first_object(town: Town) -> None:
    s3(town.keys["writer"]).put_object(Bucket="backup", Key="documenti/l'atto n. 1.pdf", Body=os.urandom(70_000))
    s3(town.keys["writer"]).put_object(
        Bucket="backup", Key="documenti/piano regolatore.pdf", Body=os.urandom(90_000)
    )
    arriving.look_at_arrivals(subscription=town.subscription, by=town.owner)

    def seen() -> bool:
        town.subscription.refresh_from_db()
        return town.subscription.look_due is None

    wait_until("somebody looked", seen, timeout_s=SOON_S)
    assert ArrivedObject.objects.filter(resource__stack__key=town.subscription.stack_key).count() == 2


@pytest.mark.parametrize("tool", ["rclone", "s3cmd", "awscli"])
def test_a_random_object_comes_back_by_one_command(town: Town, computer: Computer, tool: str) -> None:
    test = reaches(begun(town, "backup", tool), RestoreState.RESTORING)
    assert test.sample["key"] == "documenti/piano regolatore.pdf", "the other name cannot be pasted everywhere"
    said = pasted(computer, town, test)
    ended = proving.answer_restore_test(test=test, sha256=said, by=town.owner)
    assert ended.state == RestoreState.PASSED


@pytest.mark.parametrize("stopped", [False, True], ids=["as usual", "writing is stopped meanwhile"])
def test_an_encrypted_repository_is_proven_by_the_file_that_went_through_it(
    town: Town, computer: Computer, stopped: bool
) -> None:
    test = reaches(begun(town, "cifrato", "restic"), RestoreState.COPYING)
    folder = computer.home / "ufficio"
    folder.mkdir()
    (folder / test.filename).write_text(test.proof_text)
    env = str(computer.file("restic", "writer"))
    sourced = '. "$0" && RESTIC_REPOSITORY=${RESTIC_REPOSITORY%/*}/cifrato && (restic snapshots || restic init)'
    computer.run("sh", "-c", f'{sourced} && restic backup "$1"', env, str(folder))
    (folder / test.filename).unlink()
    if stopped:
        done(changing.suspend(subscription=fresh(town), by=demo("operator@region.example")))
    Subscription.objects.filter(pk=town.subscription.pk).update(look_asked_at=None)  # a minute has passed
    arriving.look_at_arrivals(subscription=town.subscription, by=town.owner)
    reaches(test, RestoreState.RESTORING)
    said = pasted(computer, town, test)
    assert proving.answer_restore_test(test=test, sha256=said, by=town.owner).state == RestoreState.PASSED
    town.subscription.refresh_from_db()
    assert town.subscription.verified_at is not None
    if stopped:
        done(changing.resume(subscription=fresh(town), by=demo("operator@region.example")))


def test_a_repository_is_read_back_by_the_names_of_its_files(town: Town) -> None:
    arriving.read_next()
    arriving.read_next()
    found = Verification.objects.filter(subscription=town.subscription, kind="readable")
    assert {(v.archive, v.passed) for v in found} == {("backup", True), ("cifrato", True)}


def test_a_lost_site_is_named_and_what_it_means(town: Town, ceph_lab: CephCluster) -> None:
    client = Client()
    operator = demo("operator@region.example").user
    sign_in(client, operator)

    def down() -> tuple[str, ...]:
        TimedWork.objects.filter(name="platforms").update(due_at=now())
        return platforms()[0].sites_down

    with ceph_lab.lost_site("pu"):
        wait_until("a worker saw it", lambda: down() == ("pu",), timeout_s=SOON_S)
        shown = client.get("/platforms/").content.decode()
        assert "Fuori servizio: Pesaro" in shown
        assert "2 copie su 3 sono raggiungibili" in shown
        assert "1 adesione" in shown
        # And it is true: what the page says goes on, goes on.
        s3(town.keys["writer"]).put_object(Bucket="backup", Key="durante", Body=b"senza Pesaro")
        assert s3(town.keys["restore"]).get_object(Bucket="backup", Key="durante")["Body"].read() == b"senza Pesaro"
    wait_until("it is back", lambda: down() == (), timeout_s=SOON_S)
