"""Quota and lock hold through every protocol, and the client itself is told; who leaves restores all the same."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from elaastic.models import Request, SubscriptionState
from elaastic.services import changing
from lab.deadline import wait_until
from lab.gateway import Gateway
from provisioning import vault
from provisioning.models import Resource
from tests.lab.flow.gateways import EVERY_WAY, own_gateway
from tests.lab.flow.tools import Computer
from tests.lab.flow.town import SOON_S, Keys, Town, Towns, state
from tests.lab.flow.wire import refusal, s3
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real

MIB = 2**20
PART = 64 * MIB
WAYS = ("rclone-sftp", "webdav", "swift")
ONCE = ("--retries", "1", "--low-level-retries", "1")


@pytest.fixture(scope="module")
def gateway(portal: LivePortal) -> Iterator[Gateway]:
    with own_gateway(portal) as made:
        portal.start_worker("a", concurrency=2)
        yield made


@pytest.fixture(scope="module")
def full(gateway: Gateway, towns: Towns) -> Town:
    """1 GiB, filled over S3 until the cluster refuses. Copies inside the gateway share their bytes."""
    town = towns.ready(quota_gib=1, copies=2, protocols=EVERY_WAY)
    writer = s3(town.keys["writer"])
    writer.put_object(Bucket=town.bucket, Key="0", Body=os.urandom(PART))
    source = {"Bucket": town.bucket, "Key": "0"}
    for number in range(1, 14):
        writer.copy_object(Bucket=town.bucket, Key=str(number), CopySource=source)
    more = {"Bucket": town.bucket, "Key": "more", "Body": b"x" * PART}
    wait_until("the quota enforced", lambda: refusal(writer, "put_object", **more) == "QuotaExceeded")
    return town


@pytest.fixture(scope="module")
def locked(gateway: Gateway, towns: Towns) -> Town:
    return towns.ready(immutability="compliance", retention_days=2, protocols=EVERY_WAY)


def send(computer: Computer, way: str, file: Path, folder: str) -> int:
    """The client's exit code for one file, `folder/<its name>`."""
    if way == "sftp":
        return computer.sftp(
            "writer", f"mkdir {computer.bucket}/{folder}", f"put {file} {computer.bucket}/{folder}/"
        )
    if way == "swift":
        where = ["--object-name", f"{folder}/{file.name}", "--skip-container-put"]
        return computer.swift("writer", "--retries", "0", "upload", computer.bucket, str(file), *where)
    return computer.through(way, "writer", "copy", *ONCE, str(file), f"FAR/{folder}")


@pytest.mark.parametrize("way", ["sftp", *WAYS])
def test_what_does_not_fit_is_refused_to_the_client_itself(full: Town, tmp_path: Path, way: str) -> None:
    computer = Computer(tmp_path / "home", dict(full.keys))
    computer.known_host()
    (tmp_path / "grande").write_bytes(b"x" * PART)
    assert send(computer, way, tmp_path / "grande", f"pieno-{way}") != 0
    if way == "swift":
        assert "QuotaExceeded" in computer.said
    found = s3(full.keys["restore"]).list_objects_v2(Bucket=full.bucket, Prefix=f"pieno-{way}")
    assert found["KeyCount"] == 0


@pytest.mark.parametrize("way", ["sftp", *WAYS])
def test_what_is_sent_by_any_way_is_locked(locked: Town, tmp_path: Path, way: str) -> None:
    """Small and in parts. Deleting leaves a marker; the version goes for nobody, not even for the owner."""
    computer = Computer(tmp_path / "home", dict(locked.keys))
    computer.known_host()
    for name, size in (("piccolo", 10), ("a-pezzi", 40 * MIB)):
        (tmp_path / name).write_bytes(b"x" * size)
        assert send(computer, way, tmp_path / name, f"{way}-{name}") == 0, computer.said
    restore = s3(locked.keys["restore"])
    found = restore.list_object_versions(Bucket=locked.bucket, Prefix=f"{way}-")["Versions"]
    assert len(found) == 2
    for version in found:
        place = {"Bucket": locked.bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        assert refusal(s3(locked.keys["writer"]), "delete_object", **place) == "AccessDenied"
        with pytest.raises(ClientError, match="forbidden by object lock"):
            s3(owner_of(locked)).delete_object(**place, BypassGovernanceRetention=True)
    if way in ("rclone-sftp", "webdav"):
        assert computer.through(way, "writer", "delete", *ONCE, f"FAR/{way}-piccolo") == 0, computer.said
    if way == "swift":
        assert computer.swift("writer", "delete", locked.bucket, f"{way}-piccolo/piccolo") == 0, computer.said
    again = restore.list_object_versions(Bucket=locked.bucket, Prefix=f"{way}-")["Versions"]
    assert {v["VersionId"] for v in again} == {v["VersionId"] for v in found}


def owner_of(town: Town) -> Keys:
    """The key that never leaves the vault, and that may remove any version which is not locked."""
    row = Resource.objects.get(stack__key=town.subscription.stack_key, name="owner-key")
    secrets = vault.read([row.pk])[row.pk]
    return Keys(secrets["access_key"].reveal(), secrets["secret_key"].reveal(), town.keys["writer"].connection)


def test_who_leaves_restores_the_way_he_came(gateway: Gateway, towns: Towns, tmp_path: Path) -> None:
    town = towns.ready(protocols=EVERY_WAY)
    computer = Computer(tmp_path / "home", dict(town.keys))
    computer.known_host()
    (tmp_path / "ultimo").write_text("ecco")
    assert send(computer, "webdav", tmp_path / "ultimo", "fine") == 0, computer.said
    request = changing.leave(subscription=town.subscription, by=town.owner)
    towns.decide(request)
    wait_until("it is done", lambda: Request.objects.get(pk=request.pk).applied_at is not None, timeout_s=SOON_S)
    assert state(town) == SubscriptionState.LEAVING
    for way in ("rclone-sftp", "webdav"):
        assert computer.through(way, "restore", "cat", "FAR/fine/ultimo") == 0, computer.said
        assert computer.said == "ecco"
        assert send(computer, way, tmp_path / "ultimo", "dopo") != 0
    assert computer.swift("restore", "download", town.bucket, "fine/ultimo", "-o", "-") == 0
    assert send(computer, "swift", tmp_path / "ultimo", "dopo") != 0
